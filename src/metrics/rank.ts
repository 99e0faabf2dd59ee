/** Values of a map by their rank. */
import type { Comparison } from './overlap.js';

const bucketCount = 4096;

// Two loops of their own: in one function with the rest V8 makes them three times slower.

/** Writes down the step of each value, and counts values one place behind their step. */
function countSteps(values: Float32Array, min: number, scale: number, steps: Uint16Array, counts: Int32Array): void {
  for (let i = 0; i < values.length; i++) {
    const step = ((values[i]! - min) * scale) | 0;
    steps[i] = step;
    counts[step + 1]!++;
  }
}

/** Puts values where their step goes on, and moves that on. */
function group(values: Float32Array, steps: Uint16Array, starts: Int32Array, grouped: Float32Array): void {
  for (let i = 0; i < values.length; i++) {
    const step = steps[i]!;
    const at = starts[step]!;
    starts[step] = at + 1;
    grouped[at] = values[i]!;
  }
}

/**
 * An array's values as `sort` would put them, as far as they are asked for. Loading brings them into 4096 equal steps between the smallest and
 * the largest, in two passes; a step is sorted when a rank in it is wanted. An instance keeps its memory for arrays of one length.
 */
export class Ranks {
  /** The values, step by step. */
  readonly #grouped: Float32Array;
  /** Where each step begins in `#grouped`; the end follows the last. */
  readonly #starts = new Int32Array(bucketCount + 1);
  readonly #isSorted = new Uint8Array(bucketCount);
  readonly #steps: Uint16Array;
  #min = 0;
  #scale = 0;

  constructor(readonly length: number) {
    this.#grouped = new Float32Array(length);
    this.#steps = new Uint16Array(length);
  }

  /** Takes an array; `min` and `max` are those of its values, which are finite. */
  load(values: Float32Array, min: number, max: number): void {
    const starts = this.#starts.fill(0);
    const steps = this.#steps;
    const grouped = this.#grouped;
    const scale = max > min ? (bucketCount - 1) / (max - min) : 0;
    this.#isSorted.fill(0);
    this.#min = min;
    this.#scale = scale;
    countSteps(values, min, scale, steps, starts);
    for (let step = 1; step <= bucketCount; step++) starts[step]! += starts[step - 1]!;
    group(values, steps, starts, grouped);
    // Filling moved each start to the next one.
    starts.copyWithin(1, 0, bucketCount);
    starts[0] = 0;
  }

  /** A step's values in ascending order. */
  #sorted(step: number): Float32Array {
    const values = this.#grouped.subarray(this.#starts[step], this.#starts[step + 1]);
    if (!this.#isSorted[step]) values.sort();
    this.#isSorted[step] = 1;
    return values;
  }

  /** The step in which a rank is. */
  #stepOf(rank: number): number {
    let low = 0;
    let high = bucketCount - 1;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.#starts[middle + 1]! > rank) high = middle;
      else low = middle + 1;
    }
    return low;
  }

  /** The value at `rank` of the ascending order, 0 to length - 1. */
  at(rank: number): number {
    const step = this.#stepOf(rank);
    return this.#sorted(step)[rank - this.#starts[step]!]!;
  }

  /** How many values are above `threshold`, or also at it. */
  count(threshold: number, comparison: Comparison): number {
    const position = (threshold - this.#min) * this.#scale;
    if (position < 0) return this.length;
    const step = Math.min(Math.floor(position), bucketCount - 1);
    const end = this.#starts[step + 1]!;
    const grouped = this.#grouped;
    const atToo = comparison === '>=';
    let count = this.length - end;
    for (let i = this.#starts[step]!; i < end; i++) {
      const v = grouped[i]!;
      if (v > threshold || (atToo && v === threshold)) count++;
    }
    return count;
  }

  /** The mean of the values from `rank` on. */
  meanFrom(rank: number): number {
    const step = this.#stepOf(rank);
    this.#sorted(step);
    const grouped = this.#grouped;
    let sum = 0;
    for (let i = rank; i < grouped.length; i++) sum += grouped[i]!;
    return sum / (this.length - rank);
  }
}
