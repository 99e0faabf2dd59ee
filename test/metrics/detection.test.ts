/** AP, F1 and LocAcc against the published procedure, written out threshold by threshold. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { averagePrecision, type Detection, localizationAccuracy, maxF1 } from '../../src/metrics/detection.js';

const detection: fc.Arbitrary<Detection> = fc.record({
  sounding: fc.boolean(),
  confidence: fc.oneof(fc.double({ min: 0, max: 1, noNaN: true }), fc.constantFrom(0.2, 0.5, 0.9)),
  ciou: fc.oneof(fc.double({ min: 0, max: 1, noNaN: true }), fc.constantFrom(0.5, Number.NaN)),
});

function precisionRecall(samples: readonly Detection[], threshold: number): [number, number] {
  let [tp, fp, fn] = [0, 0, 0];
  for (const { sounding, confidence, ciou } of samples)
    if (confidence >= threshold) {
      if (sounding && ciou >= 0.5) tp++;
      else fp++;
    } else if (sounding) fn++;
  return [tp + fp === 0 ? 1 : tp / (tp + fp), tp + fn === 0 ? 1 : tp / (tp + fn)];
}

/** `sorted[:-1][::-step]`: from the last but one backwards. */
function naiveAp(samples: readonly Detection[]): number {
  const step = Math.max(1, Math.floor(samples.length / 200));
  const falling = samples
    .map(({ confidence }) => confidence)
    .sort((a, b) => a - b)
    .slice(0, -1)
    .reverse()
    .filter((_, i) => i % step === 0);
  const curve = falling.map((threshold) => precisionRecall(samples, threshold));
  const best = curve.map((_, i) => Math.max(...curve.slice(i).map(([p]) => p)));
  return curve.slice(1).reduce((sum, [, r], i) => sum + best[i]! * (r - curve[i]![1]), 0);
}

function naiveF1(samples: readonly Detection[]): number {
  const step = Math.max(1, Math.floor(samples.length / 10));
  const rising = samples.map(({ confidence }) => confidence).sort((a, b) => a - b);
  return Math.max(
    ...rising
      .filter((_, i) => i % step === 0)
      .map((threshold) => precisionRecall(samples, threshold))
      .map(([p, r]) => (p + r > 0 ? (2 * p * r) / (p + r) : 0)),
  );
}

describe('detection', () => {
  it.each([
    [1, 30],
    [150, 460],
  ])('of %i to %i samples is the published procedure', (minLength, maxLength) => {
    fc.assert(
      fc.property(fc.array(detection, { minLength, maxLength, size: 'max' }), (samples) => {
        expect(averagePrecision(samples)).toBeCloseTo(naiveAp(samples), 10);
        expect(maxF1(samples)).toBeCloseTo(naiveF1(samples), 10);
      }),
      { numRuns: 60 },
    );
  });

  it('does not depend on the order of the samples', () => {
    fc.assert(
      fc.property(fc.array(detection, { minLength: 2, maxLength: 40 }), (samples) => {
        const turned = samples.toReversed();
        expect(averagePrecision(turned)).toBe(averagePrecision(samples));
        expect(maxF1(turned)).toBe(maxF1(samples));
      }),
    );
  });

  it('stays below 1 for a perfect ranking, as published: the first threshold counts for nothing', () => {
    const perfect = [0.9, 0.8, 0.7, 0.1].map((confidence, i) => ({ sounding: i < 3, confidence, ciou: 1 }));
    expect(averagePrecision(perfect)).toBeCloseTo(1 / 3, 12);
    expect(maxF1(perfect)).toBe(1);
  });

  it('of nothing is nothing', () => {
    expect(averagePrecision([])).toBeNaN();
    expect(maxF1([])).toBeNaN();
  });
});

it('LocAcc wants more than half', () => {
  const samples = [0.5, 0.51, Number.NaN, 0.9].map((ciou, i) => ({ sounding: i < 3, confidence: 0, ciou }));
  expect(localizationAccuracy(samples)).toBeCloseTo(1 / 3, 12);
});
