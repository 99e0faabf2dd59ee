import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compareModels } from '../../src/metrics/significance.js';
import { Random } from '../../src/random.js';

const singles = (count: number) => Array.from({ length: count }, (_, i) => `picture ${i}`);
const zeros = (count: number): number[] => Array(count).fill(0);
/** Compares differences with zero. */
const compare = (differences: readonly number[], groups = singles(differences.length), options = {}) =>
  compareModels(differences, zeros(differences.length), groups, { resamples: 50, ...options });

/** Every way to exchange the models in the groups, written out: the share with a mean as far from 0 as the real one. Whole numbers. */
function exchanged(first: readonly number[], second: readonly number[], groups: readonly string[]): number {
  const difference = (swapped: ReadonlySet<string>) =>
    Math.abs(groups.reduce((sum, g, i) => sum + (swapped.has(g) ? second[i]! - first[i]! : first[i]! - second[i]!), 0));
  const names = [...new Set(groups)];
  const subsets = names.reduce<string[][]>((sets, name) => sets.flatMap((set) => [set, [...set, name]]), [[]]);
  const observed = difference(new Set());
  return subsets.filter((set) => difference(new Set(set)) >= observed).length / subsets.length;
}

describe('p', () => {
  it('is the share of all exchanges of the models that differ as much', () => {
    const sample = fc.record({
      a: fc.integer({ min: 0, max: 6 }),
      b: fc.integer({ min: 0, max: 6 }),
      group: fc.constantFrom(...'abcdef'),
    });
    fc.assert(
      fc.property(fc.array(sample, { minLength: 1, maxLength: 14 }), (samples) => {
        const [first, second, groups] = [samples.map(({ a }) => a), samples.map(({ b }) => b), samples.map(({ group }) => group)];
        const { p, difference } = compareModels(first, second, groups, { resamples: 5 });
        expect(p).toBeCloseTo(exchanged(first, second, groups), 12);
        expect(difference).toBeCloseTo((first.reduce((s, x) => s + x, 0) - second.reduce((s, x) => s + x, 0)) / first.length, 12);
      }),
      { numRuns: 60 },
    );
  });

  it('is 2 / 2^n when one model is better in all of n groups', () => {
    expect(compare([0.3, 0.1, 0.2, 0.7, 0.4]).p).toBe(2 / 32);
    expect(compare([0.3, 0.1, 0.2, 0.7], ['a', 'a', 'b', 'b']).p).toBe(2 / 4);
  });

  it('counts sums as equal that differ only by rounding', () => {
    // 0.1 + 0.2 - 0.3 is 5.6e-17: no difference, and -0.1 + 0.2 + 0.3 has the size of 0.1 - 0.2 - 0.3.
    expect(compare([0.1, 0.2, -0.3]).p).toBe(1);
    expect(compare([0.1, 0.2, 0.3, -0.4]).p).toBe(exchanged([1, 2, 3, -4], zeros(4), singles(4)));
    expect(compare([0.7, 0.1, -0.2, 0.3]).p).toBe(exchanged([7, 1, -2, 3], zeros(4), singles(4)));
  });

  it('of models that do not differ is 1', () => {
    const values = Array.from({ length: 500 }, (_, i) => i / 7);
    expect(compareModels(values, values, singles(500))).toEqual({
      samples: 500,
      groups: 500,
      difference: 0,
      interval: [0, 0],
      p: 1,
    });
    // A difference of 0 that is made of many: every exchange has at least that.
    expect(compare(Array.from({ length: 100 }, (_, i) => (i % 2 ? 1 : -1))).p).toBe(1);
  });

  it('drawn is near the enumerated one', () => {
    const random = new Random(1);
    const differences = Array.from({ length: 12 }, () => random.normal() + 0.4);
    const enumerated = compare(differences).p;
    const drawn = compare(differences, singles(12), { flips: 4000 }).p;
    expect(enumerated * 4096).toBe(Math.round(enumerated * 4096));
    expect(drawn).not.toBe(enumerated);
    expect(enumerated).toBeGreaterThan(0.01);
    expect(Math.abs(drawn - enumerated)).toBeLessThan(4 * Math.sqrt((enumerated * (1 - enumerated)) / 4000));
  });

  it('drawn is 1 / (1 + flips) when no draw reaches the difference', () => {
    expect(compare(Array(60).fill(1), singles(60), { flips: 999 }).p).toBe(1 / 1000);
  });

  it('drawn over more groups than a word has bits is that of the normal distribution', () => {
    const random = new Random(2);
    const noise = Array.from({ length: 400 }, () => random.normal());
    const mean = noise.reduce((sum, x) => sum + x, 0) / 400;
    // All but the mean of the differences gives d* its spread: sqrt(sum of squares) / n.
    const differences = noise.map((x) => x - mean + 0.1);
    const z = (0.1 * 400) / Math.hypot(...differences);
    const tail = 2 * (1 - normalDistribution(z));
    expect(compare(differences).p).toBeGreaterThan(tail - 0.01);
    expect(compare(differences).p).toBeLessThan(tail + 0.01);
  });

  it('drawn flips every group by itself', () => {
    // Three groups that outweigh all others, far from each other in order: they agree in one of four draws, the others in half of those.
    const differences = Array.from({ length: 101 }, (_, i) => ([32, 65, 98].includes(i) ? 1000 : (-1) ** i));
    const names = differences.map((_, i) => `picture ${String(i).padStart(3, '0')}`);
    expect(Math.abs(compare(differences, names).p - 0.13)).toBeLessThan(0.03);
  });

  it('is below 0.1 in a tenth of the experiments without an effect, if whole groups are exchanged', () => {
    const random = new Random(3);
    const below = { groups: 0, singly: 0 };
    for (let e = 0; e < 300; e++) {
      const groups = singles(20).flatMap((name) => [name, name]);
      const differences = singles(20).flatMap(() => {
        const picture = random.normal();
        return [picture + 0.2 * random.normal(), picture + 0.2 * random.normal()];
      });
      below.groups += Number(compare(differences, groups, { flips: 400, seed: e, resamples: 1 }).p <= 0.1);
      below.singly += Number(compare(differences, singles(40), { flips: 400, seed: e, resamples: 1 }).p <= 0.1);
    }
    expect(below.groups / 300).toBeGreaterThan(0.05);
    expect(below.groups / 300).toBeLessThan(0.15);
    expect(below.singly / 300).toBeGreaterThan(0.18);
  });
});

/** By Simpson's rule from 0. */
function normalDistribution(z: number): number {
  const steps = 200;
  const density = (x: number) => Math.exp((-x * x) / 2) / Math.sqrt(2 * Math.PI);
  let sum = density(0) + density(z);
  for (let i = 1; i < steps; i++) sum += (i % 2 ? 4 : 2) * density((i * z) / steps);
  return 0.5 + (sum * z) / steps / 3;
}

describe('a comparison', () => {
  const random = new Random(7);
  const groups = singles(40).flatMap((name) => [name, name]);
  const second = groups.map(() => random.uniform());
  const first = second.map((x) => x + 0.1 * random.normal() + 0.05);
  const here = compareModels(first, second, groups);

  it('finds an effect and puts an interval around it', () => {
    expect(here).toMatchObject({ samples: 80, groups: 40 });
    expect(here.interval[0]).toBeLessThan(here.difference);
    expect(here.interval[1]).toBeGreaterThan(here.difference);
    expect(here.interval[0]).toBeGreaterThan(0);
    expect(here.p).toBeLessThan(0.05);
  });

  it('is turned round when the models are', () => {
    const { p, difference, interval } = compareModels(second, first, groups);
    expect(p).toBe(here.p);
    expect(difference).toBeCloseTo(-here.difference, 14);
    expect(interval).toEqual([expect.closeTo(-here.interval[1], 12), expect.closeTo(-here.interval[0], 12)]);
  });

  it('does not depend on the order of the samples or the unit of the score', () => {
    const order = groups.map((_, i) => (i * 37) % 80);
    const moved = compareModels(
      order.map((i) => 100 * first[i]! + 5),
      order.map((i) => 100 * second[i]! + 5),
      order.map((i) => groups[i]!),
    );
    expect(moved.p).toBe(here.p);
    expect(moved.difference).toBeCloseTo(100 * here.difference, 10);
    expect(moved.interval).toEqual(here.interval.map((end) => expect.closeTo(100 * end, 10)));
  });

  it('leaves out samples that have no value', () => {
    const without = <T>(values: readonly T[]) => [...values, null, null];
    const more = [...groups, 'picture 0', 'another'];
    const same = compareModels(without(first), without(second), more);
    expect(same).toMatchObject({ samples: 80, groups: 40, difference: here.difference });
  });

  it.each([
    [() => compareModels([1], [1, 2], ['a', 'b']), /same samples; the first has 1, the second 2/],
    [() => compareModels([1, null], [1, 2], ['a', 'b']), /for sample 1 only the second model has a value/],
    [() => compareModels([1, 2], [null, 2], ['a', 'b']), /for sample 0 only the first model has a value/],
    [() => compareModels([1, Number.NaN], [1, 2], ['a', 'b']), /sample 1 has NaN/],
    [() => compareModels([1, 2], [1, 2], ['a']), /each of the 1 samples that have a group, got 2/],
    [() => compareModels([null], [null], ['a']), /no sample has a value/],
    [() => compareModels([1], [1], ['a'], { flips: 0 }), /flips must be a whole number of at least 1, got 0/],
  ])('of what cannot be compared is refused: %#', (f, message) => {
    expect(f).toThrow(message);
  });
});
