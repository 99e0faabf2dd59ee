import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { bootstrapMeans, bootstrapStatistic } from '../../src/metrics/bootstrap.js';
import { Random } from '../../src/random.js';

const singles = (count: number) => Array.from({ length: count }, (_, i) => `picture ${i}`);
const intervalOf = (values: readonly (number | null)[], groups: readonly string[], options = {}) =>
  bootstrapMeans({ score: values }, groups, options).score;
const closeTo = ([low, high]: readonly number[], digits = 10) => [expect.closeTo(low!, digits), expect.closeTo(high!, digits)];

/** Sounds of `count` pictures, two each; `shared` of a value's variance is the picture's. */
function sample(random: Random, count: number, shared: number) {
  const values: number[] = [];
  const groups: string[] = [];
  for (let g = 0; g < count; g++) {
    const picture = random.normal() * Math.sqrt(shared);
    for (let s = 0; s < 2; s++) {
      values.push(picture + random.normal() * Math.sqrt(1 - shared));
      groups.push(`picture ${g}`);
    }
  }
  return { values, groups };
}

describe('the interval of a mean', () => {
  it('has the quantiles of all ways to draw the groups', () => {
    const values = [0, 1, 1, 5, null, 9];
    const groups = ['a', 'b', 'b', 'c', 'c', 'c'];
    const totals = [
      [0, 1],
      [2, 2],
      [14, 2],
    ];
    const all = totals.flatMap((a) => totals.flatMap((b) => totals.map((c) => [a, b, c])));
    const means = all
      .map((draw) => draw.reduce((t, [sum]) => t + sum!, 0) / draw.reduce((t, [, n]) => t + n!, 0))
      .sort((a, b) => a - b);
    // 27 equally likely draws: the quantiles at 3.5 / 27 and 23.5 / 27 lie in the middle of a step.
    const level = 20 / 27;
    expect(intervalOf(values, groups, { level, resamples: 5000 })).toEqual(closeTo([means[3]!, means[23]!]));
  });

  it('of many zeros and ones is p +- 1.96 sqrt(p (1 - p) / n)', () => {
    const values = Array.from({ length: 2000 }, (_, i) => Number(i < 600));
    const [low, high] = intervalOf(values, singles(2000));
    const half = 1.96 * Math.sqrt((0.3 * 0.7) / 2000);
    expect((low + high) / 2).toBeCloseTo(0.3, 2);
    expect((high - low) / 2 / half).toBeGreaterThan(0.93);
    expect((high - low) / 2 / half).toBeLessThan(1.07);
  });

  it('covers the mean in 95 of 100 experiments, which it would not if samples were drawn singly', () => {
    const random = new Random(11);
    const covered = { groups: 0, singly: 0 };
    const experiments = 400;
    for (let e = 0; e < experiments; e++) {
      const { values, groups } = sample(random, 60, 0.9);
      const covers = ([low, high]: readonly number[]) => Number(low! <= 0 && 0 <= high!);
      covered.groups += covers(intervalOf(values, groups, { resamples: 300, seed: e }));
      covered.singly += covers(intervalOf(values, singles(values.length), { resamples: 300, seed: e }));
    }
    expect(covered.groups / experiments).toBeGreaterThan(0.91);
    expect(covered.groups / experiments).toBeLessThan(0.98);
    expect(covered.singly / experiments).toBeLessThan(0.88);
  });

  it('is not shortened by writing every sample twice into its group', () => {
    const { values } = sample(new Random(2), 20, 0);
    const groups = singles(values.length);
    const [once, twice] = [intervalOf(values, groups), intervalOf([...values, ...values], [...groups, ...groups])];
    expect(twice).toEqual(closeTo(once));
  });

  it('does not depend on the order of the samples, moves and grows with the values', () => {
    const { values, groups } = sample(new Random(4), 15, 0.5);
    const options = { resamples: 200, seed: 3 };
    const [low, high] = intervalOf(values, groups, options);
    const order = fc.shuffledSubarray([...values.keys()], { minLength: values.length });
    fc.assert(
      fc.property(order, fc.integer({ min: -5, max: 5 }), fc.integer({ min: 1, max: 9 }), (order, shift, scale) => {
        const moved = order.map((i) => shift + scale * values[i]!);
        const interval = intervalOf(
          moved,
          order.map((i) => groups[i]!),
          options,
        );
        expect(interval).toEqual(closeTo([shift + scale * low, shift + scale * high]));
      }),
    );
  });

  it('is for several scores what it is for each alone, and leaves out what is null', () => {
    const { values, groups } = sample(new Random(8), 30, 0.5);
    const sparse = values.map((value, i) => (i % 3 === 0 ? null : value));
    const both = bootstrapMeans({ values, sparse }, groups, { resamples: 100 });
    expect(both).toEqual({
      values: intervalOf(values, groups, { resamples: 100 }),
      sparse: intervalOf(sparse, groups, { resamples: 100 }),
    });
    const asStatistic = bootstrapStatistic(
      groups,
      (samples) => {
        const present = [...samples].map((i) => sparse[i]!).filter((value) => value !== null);
        return present.reduce((sum, value) => sum + value, 0) / present.length;
      },
      { resamples: 100 },
    );
    expect(both.sparse).toEqual(closeTo(asStatistic));
  });

  it('leaves out drawn sets without a value', () => {
    expect(intervalOf([null, 7, null], singles(3))).toEqual([7, 7]);
  });

  it('of one group, or of equal values, is a point', () => {
    expect(intervalOf([1, 2, 6], ['a', 'a', 'a'])).toEqual([3, 3]);
    expect(intervalOf(Array(9).fill(0.25), singles(9))).toEqual([0.25, 0.25]);
  });

  it('is the same for the same seed, and another for another', () => {
    const { values, groups } = sample(new Random(9), 30, 0.5);
    expect(intervalOf(values, groups, { seed: 1 })).toEqual(intervalOf(values, groups, { seed: 1 }));
    expect(intervalOf(values, groups, { seed: 1 })).not.toEqual(intervalOf(values, groups, { seed: 2 }));
  });

  it('is wider at a higher level', () => {
    const { values, groups } = sample(new Random(10), 30, 0.5);
    const [[a, b], [c, d]] = [intervalOf(values, groups, { level: 0.8 }), intervalOf(values, groups, { level: 0.99 })];
    expect([c < a, b < d]).toEqual([true, true]);
  });
});

describe('the interval of any statistic', () => {
  it('of the maximum ends at the highest value, which most sets hold', () => {
    const values = [3, 1, 4, 1, 5, 9, 2, 6];
    const [low, high] = bootstrapStatistic(singles(8), (samples) => Math.max(...[...samples].map((i) => values[i]!)), {
      resamples: 500,
    });
    // P(maximum <= 4) = (5/8)^8 = 0.023, P(maximum <= 5) = (6/8)^8 = 0.1: the 2.5th percentile is 5.
    expect([low, high]).toEqual([5, 9]);
  });

  it('draws whole groups, as many as there are', () => {
    const groups = ['a', 'b', 'a', 'c', 'b', 'b'];
    const size = { a: 2, b: 3, c: 1 };
    bootstrapStatistic(
      groups,
      (samples) => {
        const drawn = [...samples].map((i) => groups[i] as keyof typeof size);
        const times = Object.entries(size).map(([name, n]) => drawn.filter((g) => g === name).length / n);
        expect(times.every(Number.isInteger)).toBe(true);
        expect(times.reduce((sum, n) => sum + n, 0)).toBe(3);
        return 0;
      },
      { resamples: 100 },
    );
    expect.assertions(200);
  });

  it('leaves out sets for which it is NaN', () => {
    const statistic = (samples: Int32Array) => (samples.includes(0) ? samples.filter((i) => i === 0).length : Number.NaN);
    const [low] = bootstrapStatistic(singles(4), statistic);
    expect(low).toBe(1);
  });
});

describe('what has no interval', () => {
  it.each([
    [() => intervalOf([1, 2], ['a']), /'score': expected a value for each of the 1 samples that have a group, got 2/],
    [() => intervalOf([1, Number.NaN], ['a', 'b']), /'score': sample 1 has NaN; expected a number, or null/],
    [() => intervalOf([null, null], ['a', 'b']), /'score': no sample has a value/],
    [() => bootstrapStatistic([], () => 1), /there are no samples/],
    [() => bootstrapStatistic(['a'], () => Number.NaN), /NaN for every drawn set/],
    [() => intervalOf([1], ['a'], { resamples: 0 }), /resamples must be a whole number of at least 1, got 0/],
    [() => intervalOf([1], ['a'], { level: 95 }), /level must lie between 0 and 1, got 95/],
  ])('%#', (f, message) => {
    expect(f).toThrow(message);
  });
});
