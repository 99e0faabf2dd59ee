import { describe, expect, it } from 'vitest';
import { modalityGap } from '../../src/metrics/modalityGap.js';
import { Random } from '../../src/random.js';
import { float32 } from '../../src/tensor.js';

type Rows = readonly (readonly number[])[];
const gapOf = (images: Rows, sounds: Rows) =>
  modalityGap(
    float32([images.length, images[0]!.length], images.flat()),
    float32([sounds.length, sounds[0]!.length], sounds.flat()),
  );
const close = (alignment: number, magnitude: number, deviation: number) => ({
  alignment: expect.closeTo(alignment, 6),
  gap: { magnitude: expect.closeTo(magnitude, 6), deviation: expect.closeTo(deviation, 6) },
});

const random = new Random(3);
const rows = (shift: number) =>
  Array.from({ length: 60 }, () => Array.from({ length: 5 }, (_, d) => random.normal() + (d === 0 ? shift : 0)));
const [images, sounds] = [rows(1), rows(-0.5)];

/** The definitions, a list at a time. */
function naive(images: Rows, sounds: Rows) {
  const unit = (row: readonly number[]) => row.map((x) => x / Math.hypot(...row));
  const mean = (list: readonly number[]) => list.reduce((sum, x) => sum + x, 0) / list.length;
  const dot = (a: readonly number[], b: readonly number[]) => a.reduce((sum, x, d) => sum + x * b[d]!, 0);
  const centroid = (list: Rows) => list[0]!.map((_, d) => mean(list.map((row) => row[d]!)));
  const [v, a] = [images.map(unit), sounds.map(unit)];
  const between = centroid(v).map((x, d) => x - centroid(a)[d]!);
  const along = v.map((row, i) =>
    dot(
      row.map((x, d) => x - a[i]![d]!),
      unit(between),
    ),
  );
  return {
    alignment: mean(v.map((row, i) => dot(row, a[i]!))),
    magnitude: Math.hypot(...between),
    meanAlong: mean(along),
    deviation: Math.sqrt(mean(along.map((x) => (x - mean(along)) ** 2))),
  };
}

describe('alignment and gap', () => {
  it('are what the definitions say', () => {
    const { alignment, magnitude, meanAlong, deviation } = naive(images, sounds);
    expect(gapOf(images, sounds)).toEqual(close(alignment, magnitude, deviation));
    expect(meanAlong).toBeCloseTo(magnitude, 12);
    expect(magnitude).toBeGreaterThan(0.5);
    expect(deviation).toBeGreaterThan(0.1);
  });

  it.each([
    [
      'modalities at a right angle',
      [
        [2, 0],
        [1, 0],
      ],
      [
        [0, 1],
        [0, 5],
      ],
      close(0, Math.SQRT2, 0),
    ],
    [
      'opposite modalities',
      [
        [1, 0],
        [3, 0],
      ],
      [
        [-1, 0],
        [-2, 0],
      ],
      close(-1, 2, 0),
    ],
    [
      'one pair that agrees and one that is opposite',
      [
        [1, 0],
        [1, 0],
      ],
      [
        [1, 0],
        [-1, 0],
      ],
      close(0, 1, 1),
    ],
    ['a single pair', [[1, 0, 0]], [[0.6, 0.8, 0]], close(0.6, Math.sqrt(0.8), 0)],
  ] as const)('of %s', (_, v, a, expected) => {
    expect(gapOf(v, a)).toEqual(expected);
  });

  it('of equal embeddings are 1 and no gap', () => {
    expect(gapOf(images, images)).toEqual({ alignment: expect.closeTo(1, 12), gap: { magnitude: 0, deviation: 0 } });
  });

  it('have no gap, and no direction of it, when only the pairing is wrong', () => {
    const { alignment, gap } = gapOf(images, [...images.slice(7), ...images.slice(0, 7)]);
    expect(gap).toEqual({ magnitude: 0, deviation: 0 });
    expect(alignment).toBeLessThan(0.9);
  });

  it('do not depend on the order of the pairs, on lengths, on a common rotation, or on which modality is which', () => {
    const { alignment, gap } = gapOf(images, sounds);
    const same = close(alignment, gap.magnitude, gap.deviation);
    const scaled = sounds.map((row, i) => row.map((x) => x * (i + 0.1)));
    const turned = (list: Rows) =>
      list.map(([x = 0, y = 0, ...rest]) => [x * Math.cos(1) - y * Math.sin(1), x * Math.sin(1) + y * Math.cos(1), ...rest]);
    expect(gapOf(images.toReversed(), sounds.toReversed())).toEqual(same);
    expect(gapOf(images, scaled)).toEqual(same);
    expect(gapOf(turned(images), turned(sounds))).toEqual(same);
    expect(gapOf(sounds, images)).toEqual(same);
    expect(gapOf(turned(images), sounds)).not.toEqual(same);
  });

  it('need rows with a direction', () => {
    expect(() =>
      gapOf(
        [
          [1, 0],
          [0, 0],
        ],
        [
          [1, 0],
          [1, 1],
        ],
      ),
    ).toThrow(/image embeddings: row 1 of 2 is all zeros/);
    expect(() =>
      gapOf(
        [[1, 0]],
        [
          [1, 0],
          [1, 1],
        ],
      ),
    ).toThrow(/same shape/);
  });
});
