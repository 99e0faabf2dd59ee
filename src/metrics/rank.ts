/** Values of a map by their rank. */
import type { Comparison } from './overlap.js';

const bucketCount = 4096;

/**
 * An array's values as `sort` would put them, as far as they are asked for. Loading brings them into 4096 equal steps between the smallest and
 * the largest, in two passes; a step is sorted when a rank in it is wanted. An instance keeps its memory for arrays of one length.
 */
export class Ranks {
  /** The values, step by step. */
  readonly #grouped: Float32Array;
  /** Where each step begins in `#grouped`; the end follows the last. */
  readonly #starts = new Uint32Array(bucketCount + 1);
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
    for (let i = 0; i < values.length; i++) {
      const step = ((values[i]! - min) * scale) | 0;
      steps[i] = step;
      starts[step + 1]!++;
    }
    for (let step = 1; step <= bucketCount; step++) starts[step]! += starts[step - 1]!;
    for (let i = 0; i < values.length; i++) grouped[starts[steps[i]!]!++] = values[i]!;
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
    let [low, high] = [0, bucketCount - 1];
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
    let count = this.length - this.#starts[step + 1]!;
    for (const v of this.#sorted(step)) if (v > threshold || (comparison === '>=' && v === threshold)) count++;
    return count;
  }

  /** The mean of the values from `rank` on. */
  meanFrom(rank: number): number {
    const step = this.#stepOf(rank);
    this.#sorted(step);
    let sum = 0;
    for (let i = rank; i < this.length; i++) sum += this.#grouped[i]!;
    return sum / (this.length - rank);
  }
}
