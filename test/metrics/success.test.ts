import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  areaOfOne,
  areaUnderCurve,
  successCurve,
  successRate,
  successThresholds,
  worstOfGroups,
} from '../../src/metrics/success.js';

describe('success', () => {
  it('counts values at the threshold, and 0/0 at none', () => {
    expect(successRate([0.5, 0.49, 1, Number.NaN])).toBe(0.5);
    expect(successCurve([Number.NaN, 0])[0]).toBe(0.5);
    expect(successRate([])).toBeNaN();
  });

  it('has the thresholds of the published code, whose 0.05 * 3 is not 0.15', () => {
    expect(successThresholds).toHaveLength(21);
    expect(successThresholds[3]).not.toBe(0.15);
    expect(successThresholds[20]).toBe(1);
  });

  it('has an area of 1 when all is perfect, of 1/40 when all is 0', () => {
    expect(areaUnderCurve(successCurve([1, 1]))).toBeCloseTo(1, 12);
    expect(areaUnderCurve(successCurve([0, 0, 0]))).toBeCloseTo(0.025, 12);
  });

  it('has an area that is the mean over the samples', () => {
    fc.assert(
      fc.property(fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { minLength: 1, maxLength: 30 }), (values) => {
        const mean = values.reduce((sum, v) => sum + areaOfOne(v), 0) / values.length;
        expect(areaUnderCurve(successCurve(values))).toBeCloseTo(mean, 10);
      }),
    );
  });
});

describe('groups', () => {
  it('are as good as their worst member', () => {
    const worst = worstOfGroups([0.9, 0.2, 0.6, 1, Number.NaN], ['a', 'b', 'a', 'c', 'c']);
    expect([...worst]).toEqual([
      ['a', 0.6],
      ['b', 0.2],
      ['c', Number.NaN],
    ]);
  });
});
