import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compare, median, relativeError } from '../../bench/statistics.js';

describe('median', () => {
  it('is the middle value, or the mean of the middle two', () => {
    expect(median([3])).toBe(3);
    expect(median([10, 9, 100])).toBe(10);
    expect(median([4, 1, 100, 2])).toBe(3);
    expect(() => median([])).toThrow(RangeError);
  });

  it('has as many values below as above, and leaves its argument alone', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: -50, max: 50 }), { minLength: 1 }), (values) => {
        const before = [...values];
        const m = median(values);
        expect(values.filter((x) => x < m).length).toBeLessThanOrEqual(values.length / 2);
        expect(values.filter((x) => x > m).length).toBeLessThanOrEqual(values.length / 2);
        expect(values).toEqual(before);
      }),
    );
  });
});

describe('compare', () => {
  it('divides medians, of all steps and round by round', () => {
    const ours = [
      [1, 1, 1],
      [8, 8, 8],
      [3, 3, 9],
    ]; // medians 1, 8, 3; of all 3
    const theirs = [
      [2, 2, 2],
      [10, 10, 10],
      [4, 4, 4],
    ]; // medians 2, 10, 4; of all 4
    expect(compare(ours, theirs)).toEqual({ ratio: 3 / 4, roundRatio: 3 / 4 });
    expect(compare([[1], [2], [3]], [[2], [2], [30]])).toEqual({ ratio: 1, roundRatio: 0.5 });
  });

  it('is blind, by round, to a machine that slows down for a while', () => {
    fc.assert(
      fc.property(fc.array(fc.double({ min: 1, max: 100, noNaN: true }), { minLength: 1 }), (slowness) => {
        const { roundRatio } = compare(
          slowness.map((s) => [3 * s]),
          slowness.map((s) => [4 * s]),
        );
        expect(roundRatio).toBeCloseTo(0.75, 10);
      }),
    );
  });

  it('wants rounds in pairs', () => {
    expect(() => compare([[1], [2]], [[1]])).toThrow('2 of ours and 1 of theirs');
  });
});

describe('relativeError', () => {
  it('is relative to the largest expected magnitude', () => {
    expect(relativeError([1, -7.5], [1, -8])).toBe(0.5 / 8);
    expect(relativeError([1], [1, 2])).toBe(Number.POSITIVE_INFINITY);
    expect(relativeError([Number.NaN, 1], [0, 1])).toBeNaN();
  });
});
