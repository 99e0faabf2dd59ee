import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Random, xoshiro128 } from '../src/random.js';

/** The published C code, in BigInt. */
function* reference(s: bigint[]): Generator<bigint> {
  const u32 = (x: bigint) => x & 0xffffffffn;
  const rotl = (x: bigint, k: bigint) => u32((x << k) | (x >> (32n - k)));
  while (true) {
    const result = u32(rotl(u32(s[1]! * 5n), 7n) * 9n);
    const t = u32(s[1]! << 9n);
    s[2]! ^= s[0]!;
    s[3]! ^= s[1]!;
    s[1]! ^= s[2]!;
    s[0]! ^= s[3]!;
    s[2]! ^= t;
    s[3] = rotl(s[3]!, 11n);
    yield result;
  }
}

describe('xoshiro128', () => {
  it('gives the published values', () => {
    const state = Int32Array.of(1, 2, 3, 4);
    expect([1, 2, 3, 4].map(() => xoshiro128(state))).toEqual([11520, 0, 5927040, 70819200]);
  });

  it('follows the published code from any state', () => {
    const word = fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 });
    fc.assert(
      fc.property(fc.tuple(word, word, word, word), (words) => {
        const expected = reference(words.map((w) => BigInt(w >>> 0)));
        const state = Int32Array.from(words);
        for (let i = 0; i < 50; i++) expect(xoshiro128(state)).toBe(Number(expected.next().value));
      }),
    );
  });
});

describe('Random', () => {
  const draw = (random: Random, n = 8) => Array.from({ length: n }, () => random.uniform());

  it('repeats a stream and tells streams apart', () => {
    expect(draw(new Random(7, 3, 'mask'))).toEqual(draw(new Random(7, 3, 'mask')));
    const streams = [[7], [8], [7, 0], [7, 1], [0, 7], [7, ''], [7, 'a'], [7, 'a', 'b'], [7, 'ab'], [-7], [7 + 2 ** 32]] as const;
    const firsts = streams.map(([seed, ...rest]) => draw(new Random(seed, ...rest)).join());
    expect(new Set(firsts).size).toBe(streams.length);
  });

  it('is uniform in [0, 1)', () => {
    const random = new Random(1);
    const counts = new Array<number>(10).fill(0);
    for (let i = 0; i < 100_000; i++) counts[Math.floor(random.uniform() * 10)]!++;
    // Binomial with n = 1e5, p = 0.1: standard deviation 95.
    for (const count of counts) expect(Math.abs(count - 10_000)).toBeLessThan(500);
    expect(counts).toHaveLength(10);
  });

  it('has normal moments', () => {
    const random = new Random(2);
    const n = 100_000;
    const x = Array.from({ length: n }, () => random.normal());
    const moment = (k: number) => x.reduce((sum, v) => sum + v ** k, 0) / n;
    expect(moment(1)).toBeCloseTo(0, 1);
    expect(moment(2)).toBeCloseTo(1, 1);
    expect(moment(3)).toBeCloseTo(0, 1);
    expect(Math.abs(moment(4) - 3)).toBeLessThan(0.15);
  });

  it('refuses a seed that is no whole number', () => {
    expect(() => new Random(0.5)).toThrow('whole number');
    expect(() => new Random(1, Number.NaN)).toThrow('NaN');
  });
});
