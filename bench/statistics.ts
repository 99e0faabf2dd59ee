/** What is said about two series of measurements that were taken in turns. */

/** The middle one, or the mean of the middle two. Throws RangeError when there is none. */
export function median(values: readonly number[]): number {
  if (!values.length) throw new RangeError('median: needs at least one value');
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

/** Milliseconds of every step of every round. */
export type Rounds = readonly (readonly number[])[];

export interface Comparison {
  /** Median of our steps' times over median of theirs. */
  ratio: number;
  /** Median over the rounds of the ratio of that round's medians: what a machine that slows down and recovers does not touch. */
  roundRatio: number;
}

/** Throws RangeError when the two series do not have the same number of rounds. */
export function compare(ours: Rounds, theirs: Rounds): Comparison {
  if (ours.length !== theirs.length)
    throw new RangeError(`compare: rounds must come in pairs, got ${ours.length} of ours and ${theirs.length} of theirs`);
  return {
    ratio: median(ours.flat()) / median(theirs.flat()),
    roundRatio: median(ours.map((round, i) => median(round) / median(theirs[i]!))),
  };
}

/** Largest difference relative to the largest magnitude of `expected`; NaN where there is one, Infinity for unlike lengths. */
export function relativeError(actual: readonly number[], expected: readonly number[]): number {
  if (actual.length !== expected.length) return Number.POSITIVE_INFINITY;
  const largest = (values: readonly number[]) => Math.max(...values.map(Math.abs));
  return largest(actual.map((x, i) => x - expected[i]!)) / largest(expected);
}
