/** Whether one model is better than another on the same samples, or only luckier. */
import { Random } from '../random.js';
import { type BootstrapOptions, bootstrapMeans, groupTotals, type Interval, membersOf, type Values } from './bootstrap.js';

export interface ModelComparison {
  /** Samples that have a value, and their groups. */
  samples: number;
  groups: number;
  /** Mean of the first model's values less that of the second's. */
  difference: number;
  /** Bootstrap interval of the difference. */
  interval: Interval;
  /** How likely a difference of at least this size, of either sign, is when neither model is better. */
  p: number;
}

export interface ComparisonOptions extends BootstrapOptions {
  /** Sign flips that are drawn; default 10,000. */
  flips?: number;
}

/**
 * Compares two models by a score of the same samples; `groups[i]` names the group (the picture) of sample i, and a sample for which both
 * have `null` does not count.
 *
 * With d the mean of first_i - second_i: the interval is that of `bootstrapMeans`, and p is that of the two-sided paired permutation
 * test (Good, "Permutation, Parametric, and Bootstrap Tests of Hypotheses", 2005; Efron and Tibshirani, "An Introduction to the Bootstrap",
 * 1993, chapter 15). Where neither model is better, their names may be exchanged within any group, which flips the sign of all
 * differences in it; d* is the mean after flips at random. When all 2^n ways to flip the n groups that differ are no more than `flips`,
 * p is the share of them with |d*| >= |d|; otherwise (1 + number of drawn ones with |d*| >= |d|) / (1 + flips), which is never 0 (Phipson
 * and Smyth, "Permutation P-values Should Never Be Zero", 2010). Models that do not differ get 1.
 *
 * Throws RangeError when lengths differ, when only one model has a value for a sample, when no sample has values, for values that are no
 * numbers, and for options out of range.
 */
export function compareModels(
  first: Values,
  second: Values,
  groups: readonly string[],
  options: ComparisonOptions = {},
): ModelComparison {
  const { flips = 10_000, seed = 0 } = options;
  if (!(Number.isInteger(flips) && flips > 0))
    throw new RangeError(`compareModels: flips must be a whole number of at least 1, got ${flips}`);
  const differences = differencesOf(first, second);
  const { difference: interval } = bootstrapMeans({ difference: differences }, groups, options);
  const { sums, counts } = groupTotals('difference', differences, membersOf(groups));
  const samples = counts.reduce((sum, n) => sum + n, 0);
  return {
    samples,
    groups: counts.filter((n) => n > 0).length,
    difference: sums.reduce((sum, s) => sum + s, 0) / samples,
    interval,
    p: signFlipTest(sums, flips, seed),
  };
}

function differencesOf(first: Values, second: Values): (number | null)[] {
  if (first.length !== second.length)
    throw new RangeError(
      `compareModels: both models need the same samples; the first has ${first.length}, the second ${second.length}`,
    );
  return Array.from(first, (a, i) => {
    const b = second[i]!;
    if ((a === null) !== (b === null))
      throw new RangeError(`compareModels: for sample ${i} only the ${a === null ? 'second' : 'first'} model has a value`);
    return a === null || b === null ? null : a - b;
  });
}

/** p of the sum of the groups' differences. The number of samples stays as it is, so sums are as good as means. */
function signFlipTest(sums: Float64Array, flips: number, seed: number): number {
  const differing = sums.filter((s) => s !== 0);
  const total = differing.reduce((sum, s) => sum + s, 0);
  // Sums of the same numbers in another order differ by rounding, and must count as equal.
  const least = Math.abs(total) - 1e-12 * differing.reduce((sum, s) => sum + Math.abs(s), 0);
  const isExtreme = (flipped: number) => Number(Math.abs(total - 2 * flipped) >= least);

  let extreme = 0;
  const ways = 2 ** differing.length;
  if (ways <= flips) {
    for (let way = 0; way < ways; way++) extreme += isExtreme(differing.reduce((sum, s, g) => sum + s * ((way >>> g) & 1), 0));
    return extreme / ways;
  }
  const random = new Random(seed, 'sign flips');
  for (let f = 0; f < flips; f++) {
    let flipped = 0;
    for (let g = 0; g < differing.length; g += 32) {
      const signs = random.below(2 ** 32);
      const end = Math.min(g + 32, differing.length);
      for (let k = g; k < end; k++) flipped += differing[k]! * ((signs >>> (k - g)) & 1);
    }
    extreme += isExtreme(flipped);
  }
  return (1 + extreme) / (1 + flips);
}
