/** Similarities of pictures and sounds against loops over every pair and position. */
import { describe, expect, it } from 'vitest';
import { GraphError, gradients, interpret, type Value } from '../../src/graph/index.js';
import * as ops from '../../src/graph/ops.js';
import { cosine, crossSimilarity, peakSimilarity, topSimilarity } from '../../src/losses/index.js';
import { float32 } from '../../src/tensor.js';
import { draw } from '../training/networks.js';
import { cosines, expectGradient, expectNear, naiveMaps, rowsOf, topMean } from './naive.js';

const [pictures, sounds, d, h, w] = [3, 4, 5, 2, 3];
const maps = draw([pictures, d, h, w], 'maps');
const heard = draw([sounds, d], 'sounds');
const m = ops.input('maps', maps.shape);
const s = ops.input('sounds', heard.shape);
const feeds = { maps, sounds: heard };
const evaluated = (value: Value) => interpret({ outputs: { value } }, feeds).value!;

describe('cosine', () => {
  const a = draw([3, d], 'a');
  it('is every dot product', () => {
    const found = interpret({ outputs: { c: cosine(ops.input('a', [3, d]), s) } }, { a, sounds: heard }).c!;
    expect(found.shape).toEqual([3, sounds]);
    expectNear(found, cosines(rowsOf(a), rowsOf(heard)).flat());
  });
  it('has the gradient of its differences', () => {
    const value = ops.input('a', [3, d]);
    const c = cosine(value, s);
    expectGradient(ops.sum(ops.mul(c, c)), [value, s], { a, sounds: heard });
  });
  it('refuses vectors of different lengths', () => {
    expect(() => cosine(ops.input('a', [3, 4]), s)).toThrow(GraphError);
  });
});

describe('crossSimilarity', () => {
  it('is the product of every picture at every position with every sound', () => {
    const found = evaluated(crossSimilarity(m, s));
    expect(found.shape).toEqual([pictures, sounds, h, w]);
    expectNear(found, naiveMaps(maps, heard).flat(2));
  });
  it('has the gradient of its differences', () => {
    const c = crossSimilarity(m, s);
    expectGradient(ops.sum(ops.mul(c, c)), [m, s], feeds);
  });
  it('refuses maps and sounds of different dimensions', () => {
    const build = () => crossSimilarity(m, ops.input('other', [sounds, d + 1]));
    expect(build).toThrow(GraphError);
    expect(build).toThrow(`maps have ${d} dimensions at each position, sounds ${d + 1}: they must agree`);
    for (const similarity of [peakSimilarity, (a: Value, b: Value) => topSimilarity(a, b, 0.5)])
      expect(() => similarity(m, ops.input('other', [sounds, d - 1]))).toThrow(`sounds ${d - 1}: they must agree`);
  });
});

describe('peakSimilarity', () => {
  it('is the highest of all positions', () => {
    const found = evaluated(peakSimilarity(m, s));
    expect(found.shape).toEqual([pictures, sounds]);
    expectNear(
      found,
      naiveMaps(maps, heard)
        .flat()
        .map((values) => Math.max(...values)),
    );
  });
  it('has the gradient of its differences', () => {
    const peak = peakSimilarity(m, s);
    expectGradient(ops.sum(ops.mul(peak, peak)), [m, s], feeds);
  });
});

describe('topSimilarity', () => {
  it.each([
    { share: 0, count: 1 },
    { share: 0.06, count: 1 },
    { share: 0.25, count: 2 },
    { share: 0.5, count: 3 },
    { share: 0.7, count: 4 },
    { share: 1, count: 6 },
  ])('is the mean of the highest $count of 6 positions for the share $share', ({ share, count }) => {
    const found = evaluated(topSimilarity(m, s, share));
    expect(found.shape).toEqual([pictures, sounds]);
    expectNear(
      found,
      naiveMaps(maps, heard)
        .flat()
        .map((values) => topMean(values, count)),
    );
  });

  it('lies between the mean and the maximum', () => {
    const [mean, top, peak] = [topSimilarity(m, s, 1), topSimilarity(m, s, 0.5), peakSimilarity(m, s)].map(evaluated);
    for (const [i, x] of top!.data.entries()) {
      expect(x).toBeGreaterThan(mean!.data[i]!);
      expect(x).toBeLessThan(peak!.data[i]!);
    }
  });

  it('counts all of equal values at the edge', () => {
    const flat = ops.reshape(ops.vector([4, 2, 2, 2, 1, 0]), [1, 1, 2, 3]);
    const top = topSimilarity(flat, ops.reshape(ops.vector([1]), [1, 1]), 1 / 3);
    expect(evaluated(top).data[0]).toBeCloseTo((4 + 2 + 2 + 2) / 4, 12);
  });

  it('has the gradient of its differences, and none at positions below the edge', () => {
    const top = topSimilarity(m, s, 0.5);
    expectGradient(ops.sum(ops.mul(top, top)), [m, s], feeds);
    const one = ops.input('one', [1, 1, 2, 3]);
    const sum = ops.sum(topSimilarity(one, ops.reshape(ops.vector([1]), [1, 1]), 1 / 3));
    const dx = gradients(sum, [one]).get(one)!;
    const found = interpret({ outputs: { dx } }, { one: float32([1, 1, 2, 3], [0, 5, 1, 4, 2, 3]) }).dx!;
    expect([...found.data]).toEqual([0, 0.5, 0, 0.5, 0, 0]);
  });
});
