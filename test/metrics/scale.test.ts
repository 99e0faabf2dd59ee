/** Scaling, operation by operation in float32 as NumPy and PyTorch do it. */
import { describe, expect, it } from 'vitest';
import { extremesOf, mix, scaleLogits, scaleNegated, scaleRange } from '../../src/metrics/scale.js';
import { Random } from '../../src/random.js';

const f = Math.fround;
const random = new Random(2);
const noise = Float32Array.from({ length: 4000 }, () => 10 * random.normal());
const { min, max } = extremesOf(noise);
const scaled = (scale: (values: Float32Array) => void, values = noise) => {
  const copy = values.slice();
  scale(copy);
  return copy;
};

describe('scaling', () => {
  it('to the range is a difference and a quotient', () => {
    const found = scaled((values) => scaleRange(values, min, max));
    expect(found).toEqual(noise.map((v) => f(f(v - min) / f(max - min))));
    expect(extremesOf(found)).toEqual({ min: 0, max: 1 });
  });

  it('of the negated map, subtracted from 1, rounds otherwise: some values become equal that are not', () => {
    const found = scaled((values) => scaleNegated(values, min, max));
    // LVS: n = -x, (n - min n) / (max n - min n), 1 - that.
    expect(found).toEqual(noise.map((v) => f(1 - f(f(-v - -max) / f(-min - -max)))));
    const plain = scaled((values) => scaleRange(values, min, max));
    expect(found).not.toEqual(plain);
    expect(new Set(found).size).toBeLessThan(new Set(noise).size);
    for (const [i, v] of found.entries()) expect(Math.abs(v - plain[i]!)).toBeLessThan(1e-6);
  });

  it('of a constant map is what the published programs leave of it', () => {
    const constant = new Float32Array(3).fill(0.25);
    expect(scaled((values) => scaleRange(values, 0.25, 0.25), constant)).toEqual(constant);
    expect(scaled((values) => scaleNegated(values, 0.25, 0.25), constant)).toEqual(constant.map(() => 1.25));
  });

  it('of logits is 1 / (1 + exp(-x))', () => {
    const found = scaled(scaleLogits, Float32Array.of(-100, 0, Math.log(3)));
    for (const [i, wanted] of [0, 0.5, 0.75].entries()) expect(found[i]).toBeCloseTo(wanted, 6);
  });
});

it('a mixture is two products and a sum', () => {
  const other = noise.toReversed();
  const found = scaled((values) => mix(values, other, 0.4));
  expect(found).toEqual(noise.map((v, i) => f(f(v * f(0.4)) + f(other[i]! * f(0.6)))));
});
