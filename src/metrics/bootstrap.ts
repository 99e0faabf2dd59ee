/**
 * Percentile bootstrap intervals (Efron and Tibshirani, "An Introduction to the Bootstrap", 1993, chapter 13). What is drawn are groups of
 * samples, not samples: the sounds of one picture are not independent of each other, and drawn singly would give too short intervals.
 */
import { Random } from '../random.js';

export type Interval = [low: number, high: number];

/** A score per sample; `null` where a sample has none. */
export type Values = ArrayLike<number | null>;

export interface BootstrapOptions {
  /** Sets that are drawn; default 2000. */
  resamples?: number;
  /** Share of the drawn sets that the interval covers; default 0.95. */
  level?: number;
  /** Of the draws; default 0. */
  seed?: number;
}

/** The samples of each group. Groups are in the order of their names, so that the order of the samples does not matter to a draw. */
export function membersOf(groups: readonly string[]): Int32Array[] {
  const members = new Map<string, number[]>();
  for (const [i, group] of groups.entries()) {
    const known = members.get(group);
    if (known) known.push(i);
    else members.set(group, [i]);
  }
  return [...members.keys()].sort().map((group) => Int32Array.from(members.get(group)!));
}

/** The sum and the number of a score's values in each group. Throws RangeError for another length and for NaN and infinities. */
export function groupTotals(name: string, values: Values, members: readonly Int32Array[]) {
  const length = members.reduce((sum, samples) => sum + samples.length, 0);
  if (values.length !== length)
    throw new RangeError(`'${name}': expected a value for each of the ${length} samples that have a group, got ${values.length}`);
  const sums = new Float64Array(members.length);
  const counts = new Float64Array(members.length);
  for (const [g, samples] of members.entries())
    for (const i of samples) {
      const value = values[i]!;
      if (value === null) continue;
      if (!Number.isFinite(value))
        throw new RangeError(`'${name}': sample ${i} has ${value}; expected a number, or null for a sample that does not count`);
      sums[g]! += value;
      counts[g]!++;
    }
  return { sums, counts };
}

/**
 * Intervals of the means of several scores of the same samples, from the same draws. `groups[i]` names the group (the picture) of sample i.
 * As many groups are drawn as there are, with replacement; the mean is the sum of the drawn groups' values over their number, without those
 * that are `null`. A drawn set without any value of a score is left out of its interval. With one group the interval is a point.
 *
 * Throws RangeError when a score has another length than `groups`, a value that is no number, or no value at all, and for options out
 * of range.
 */
export function bootstrapMeans<Name extends string>(
  scores: Readonly<Record<Name, Values>>,
  groups: readonly string[],
  options: BootstrapOptions = {},
): Record<Name, Interval> {
  const members = membersOf(groups);
  const names = Object.keys(scores) as Name[];
  // Each group's numbers lie together: [group][sum, count of the first score, sum, count of the second, ...].
  const width = 2 * names.length;
  const totals = new Float64Array(members.length * width);
  for (const [s, name] of names.entries()) {
    const { sums, counts } = groupTotals(name, scores[name], members);
    if (!counts.some((n) => n > 0)) throw new RangeError(`'${name}': no sample has a value, so there is no mean`);
    for (let g = 0; g < members.length; g++) {
      totals[g * width + 2 * s] = sums[g]!;
      totals[g * width + 2 * s + 1] = counts[g]!;
    }
  }
  const means = names.map((): number[] => []);
  const drawn = new Float64Array(width);
  for (const draw of draws(members.length, options)) {
    drawn.fill(0);
    for (const g of draw) for (let k = 0; k < width; k++) drawn[k]! += totals[g * width + k]!;
    for (const [s, list] of means.entries()) list.push(drawn[2 * s]! / drawn[2 * s + 1]!);
  }
  const { level = 0.95 } = options;
  return Object.fromEntries(names.map((name, s) => [name, percentiles(means[s]!, level)])) as Record<Name, Interval>;
}

/**
 * The interval of a statistic that is no mean, from the same draws as `bootstrapMeans` with the same options. `statistic` gets the drawn
 * samples' indices, those of a group that was drawn twice twice. A drawn set for which it is NaN is left out.
 *
 * Throws RangeError when there are no samples, when the statistic is NaN for every drawn set, and for options out of range.
 */
export function bootstrapStatistic(
  groups: readonly string[],
  statistic: (samples: Int32Array) => number,
  options: BootstrapOptions = {},
): Interval {
  const members = membersOf(groups);
  const values: number[] = [];
  for (const draw of draws(members.length, options)) {
    const samples = new Int32Array(draw.reduce((sum, g) => sum + members[g]!.length, 0));
    let end = 0;
    for (const g of draw) {
      samples.set(members[g]!, end);
      end += members[g]!.length;
    }
    values.push(statistic(samples));
  }
  return percentiles(values, options.level ?? 0.95);
}

/** Draws of `count` groups with replacement. The array is used again for the next draw. */
function* draws(count: number, { resamples = 2000, level = 0.95, seed = 0 }: BootstrapOptions): Generator<Int32Array> {
  if (!(Number.isInteger(resamples) && resamples > 0))
    throw new RangeError(`bootstrap: resamples must be a whole number of at least 1, got ${resamples}`);
  if (!(level > 0 && level < 1)) throw new RangeError(`bootstrap: level must lie between 0 and 1, got ${level}`);
  if (count === 0) throw new RangeError('bootstrap: there are no samples');
  const random = new Random(seed, 'bootstrap');
  const draw = new Int32Array(count);
  for (let r = 0; r < resamples; r++) {
    for (let g = 0; g < count; g++) draw[g] = random.below(count);
    yield draw;
  }
}

/** The values between which the middle `level` of all lies, interpolated linearly between neighbours in rank; without NaN. */
function percentiles(values: readonly number[], level: number): Interval {
  const sorted = Float64Array.from(values.filter((value) => !Number.isNaN(value))).sort();
  if (sorted.length === 0) throw new RangeError('bootstrap: the statistic is NaN for every drawn set');
  const at = (share: number) => {
    const position = share * (sorted.length - 1);
    const below = Math.floor(position);
    const low = sorted[below]!;
    return low + (sorted[Math.min(below + 1, sorted.length - 1)]! - low) * (position - below);
  };
  return [at((1 - level) / 2), at((1 + level) / 2)];
}
