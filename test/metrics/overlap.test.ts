/** Measures of one map against the formulas of the papers, pixel by pixel. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { bestOverlap } from '../../src/metrics/ceiling.js';
import { constantCurve, FMeasure, highestMean } from '../../src/metrics/fMeasure.js';
import { ciou, fScore, maskIou, nonSoundingArea, overlapOf, wholeOverlap } from '../../src/metrics/overlap.js';
import { pointing } from '../../src/metrics/pointing.js';
import { truthOf } from '../../src/metrics/truth.js';

const pixel = fc.record({
  value: fc.oneof(fc.float({ noNaN: true, min: 0, max: 1 }), fc.constantFrom(0, 0.5, 1)),
  weight: fc.constantFrom(0, 0, 0.5, 1),
});
const picture = fc.array(pixel, { minLength: 1, maxLength: 40 }).map((pixels) => ({
  values: Float32Array.from(pixels, ({ value }) => value),
  truth: truthOf(
    Float32Array.from(pixels, ({ weight }) => weight),
    { width: pixels.length, height: 1 },
  ),
}));
/** Equal up to rounding; NaN equals NaN. */
const expectNear = (found: number, wanted: number) =>
  Number.isNaN(wanted) ? expect(found).toBeNaN() : expect(found).toBeCloseTo(wanted, 12);
const total = (values: Iterable<number>) => [...values].reduce((sum, v) => sum + v, 0);

describe('a thresholded map', () => {
  it.each(['>', '>='] as const)('overlaps the truth as the formulas say (%s)', (comparison) => {
    fc.assert(
      fc.property(picture, fc.constantFrom(0, 0.25, 0.5, 1), ({ values, truth }, threshold) => {
        const P = [...values].map((v) => Number(comparison === '>' ? v > threshold : v >= threshold));
        const G = [...truth.weight];
        const overlap = overlapOf(values, threshold, comparison, truth);
        const outside = total(P.map((p, i) => p * Number(G[i] === 0)));
        expectNear(ciou(overlap, truth), total(P.map((p, i) => p * G[i]!)) / (total(G) + outside));
        const empty = total(G.map((g) => Number(g === 0)));
        expectNear(nonSoundingArea(overlap, truth), 1 - outside / empty);
        const M = G.map((g) => Number(g > 0));
        const either = total(P.map((p, i) => Math.max(p, M[i]!)));
        const neither = total(P.map((p, i) => (1 - p) * (1 - M[i]!)));
        const wanted = total(M) > 0 ? total(P.map((p, i) => p * M[i]!)) / either : neither / P.length;
        expect(maskIou(overlap, truth)).toBeCloseTo(wanted, 12);
      }),
    );
  });

  it('is 0/0, NaN, where nothing is annotated and nothing predicted, and where no pixel is outside', () => {
    const none = truthOf(new Float32Array(4), { width: 2, height: 2 });
    const all = truthOf(new Float32Array(4).fill(1), { width: 2, height: 2 });
    const values = new Float32Array(4);
    expect(ciou(overlapOf(values, 0, '>', none), none)).toBeNaN();
    expect(ciou(overlapOf(values, 0, '>=', none), none)).toBe(0);
    expect(nonSoundingArea(overlapOf(values, 0, '>=', all), all)).toBeNaN();
  });

  it('cannot be compared with a truth of another size', () => {
    const truth = truthOf(new Float32Array(4), { width: 2, height: 2 });
    expect(() => overlapOf(new Float32Array(5), 0, '>', truth)).toThrow('the map has 5 pixels, the ground truth 4');
  });
});

describe('the best pixels', () => {
  it('are no worse than any others of that number, by ciou and by the mask', () => {
    const small = picture.filter(({ values }) => values.length <= 10);
    fc.assert(
      fc.property(small, ({ truth }) => {
        const { length } = truth.weight;
        const best = Array.from({ length: length + 1 }, () => ({
          ciou: Number.NEGATIVE_INFINITY,
          iou: Number.NEGATIVE_INFINITY,
        }));
        for (let subset = 0; subset < 2 ** length; subset++) {
          const values = Float32Array.from({ length }, (_, i) => (subset >> i) & 1);
          const overlap = overlapOf(values, 0, '>', truth);
          const record = best[overlap.predicted]!;
          record.ciou = Math.max(record.ciou, ciou(overlap, truth));
          record.iou = Math.max(record.iou, maskIou(overlap, truth));
        }
        for (const [count, { ciou: highest, iou }] of best.entries()) {
          const found = bestOverlap(count, truth);
          expect(found.predicted).toBe(count);
          if (!Number.isNaN(highest)) expect(ciou(found, truth)).toBeCloseTo(highest, 12);
          expect(maskIou(found, truth)).toBeCloseTo(iou, 12);
        }
      }),
      { numRuns: 40 },
    );
  });
});

it('the whole picture is predicted by a threshold below everything', () => {
  fc.assert(
    fc.property(picture, ({ values, truth }) => {
      expect(wholeOverlap(truth)).toEqual(overlapOf(values, -1, '>', truth));
    }),
  );
});

describe('pointing', () => {
  const truth = truthOf(Float32Array.of(0, 1, 0.5, 0), { width: 4, height: 1 });
  it.each([
    [[0, 3, 1, 2], 1],
    [[0, 1, 3, 2], 1],
    [[4, 1, 3, 2], 0],
    [[2, 2, 2, 2], 0.5],
    [[2, 2, 0, 2], 1 / 3],
  ])('%j hits %f', (values, hits) =>
    expect(pointing(Float32Array.from(values), Math.max(...values), truth)).toBeCloseTo(hits, 12),
  );
});

describe('the F-score', () => {
  it('over 255 thresholds is what a loop over them finds', () => {
    const levels = Array.from({ length: 255 }, (_, k) => Math.fround((k * (1 - 1e-10)) / 254));
    const exact = fc.record({ level: fc.nat(254), weight: fc.constantFrom(0, 1) });
    const masks = fc.array(exact, { minLength: 2, maxLength: 60 }).filter((list) => list.some(({ weight }) => weight > 0));
    const measure = new FMeasure();
    fc.assert(
      fc.property(masks, fc.array(fc.float({ noNaN: true, min: 0, max: 1 }), { minLength: 60, maxLength: 60 }), (list, noise) => {
        // Half of the values are thresholds exactly.
        const values = Float32Array.from(list, ({ level }, i) => (i % 2 ? levels[level]! : noise[i]!));
        const truth = truthOf(
          Float32Array.from(list, ({ weight }) => weight),
          { width: list.length, height: 1 },
        );
        measure.load(values);
        const curve = measure.against(truth);
        expect(curve).toHaveLength(255);
        for (const [k, level] of levels.entries()) {
          const predicted = [...values].map((v) => v >= level);
          const correct = predicted.filter((p, i) => p && truth.weight[i]! > 0).length;
          const count = predicted.filter(Boolean).length;
          const [p, r] = [correct / count, correct / truth.sum];
          expect(curve[k]).toBeCloseTo(correct > 0 ? (1.3 * p * r) / (0.3 * p + r) : 0, 6);
        }
      }),
    );
  });

  it('of a set is the highest mean, not the mean of the highest', () => {
    const [first, second] = [constantCurve(0.2), constantCurve(0.4)];
    first[10] = 1;
    second[20] = 1;
    expect(highestMean([first, second])).toBeCloseTo(0.7, 6);
    expect(highestMean([])).toBeNaN();
  });

  it('is 0 where nothing is right', () => expect(fScore(0, 0, 5)).toBe(0));
});
