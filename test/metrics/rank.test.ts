import fc from 'fast-check';
import { expect, it } from 'vitest';
import { Ranks } from '../../src/metrics/rank.js';
import { extremesOf } from '../../src/metrics/scale.js';

const value = fc.oneof(fc.float({ noNaN: true, min: -1, max: 1 }), fc.constantFrom(0, 0.25, 1, -1e30, 3e38));

it('values of every rank are those of the sorted array, with ties, plateaus and outliers', () => {
  fc.assert(
    fc.property(fc.array(value, { minLength: 1, maxLength: 200 }), (list) => {
      const values = Float32Array.from(list);
      const { min, max } = extremesOf(values);
      const ranks = new Ranks(values.length);
      ranks.load(values, min, max);
      const sorted = values.toSorted();
      for (const rank of sorted.keys()) {
        expect(ranks.at(rank)).toBe(sorted[rank]);
        const top = sorted.subarray(rank);
        const scale = top.reduce((sum, v) => sum + Math.abs(v), 1e-30);
        expect(Math.abs(ranks.meanFrom(rank) - top.reduce((sum, v) => sum + v, 0) / top.length) / scale).toBeLessThan(1e-6);
      }
      for (const threshold of [...values, 0.1, min - 1, max + 1]) {
        expect(ranks.count(threshold, '>')).toBe(values.filter((v) => v > threshold).length);
        expect(ranks.count(threshold, '>=')).toBe(values.filter((v) => v >= threshold).length);
      }
    }),
  );
});

it('an instance serves one array after another', () => {
  const ranks = new Ranks(4);
  ranks.load(Float32Array.of(5, 5, 5, 5), 5, 5);
  expect([0, 3].map((rank) => ranks.at(rank))).toEqual([5, 5]);
  ranks.load(Float32Array.of(3, 1, 2, 0), 0, 3);
  expect([0, 1, 2, 3].map((rank) => ranks.at(rank))).toEqual([0, 1, 2, 3]);
  ranks.load(Float32Array.of(7, 7, 7, 7), 7, 7);
  expect(ranks.at(2)).toBe(7);
});
