/** Values of a map by their rank. */

const bucketCount = 4096;

/**
 * The values of an array by rank, as `sort` would put them, without sorting: one pass counts how many values fall into each of 4096 equal
 * steps between the smallest and the largest, and for a rank the members of its step are collected and sorted. An instance keeps its
 * memory for arrays of one length.
 */
export class Ranks {
  readonly #bucket: Uint16Array;
  readonly #counts = new Uint32Array(bucketCount);
  #values: Float32Array = new Float32Array(0);

  constructor(length: number) {
    this.#bucket = new Uint16Array(length);
  }

  /** Looks at an array, which is kept and must stay as it is; `min` and `max` are those of its values, which are finite. */
  load(values: Float32Array, min: number, max: number): void {
    this.#values = values;
    const bucket = this.#bucket.fill(0);
    const counts = this.#counts.fill(0);
    if (max > min) {
      const scale = (bucketCount - 1) / (max - min);
      for (let i = 0; i < values.length; i++) {
        const b = ((values[i]! - min) * scale) | 0;
        bucket[i] = b;
        counts[b]!++;
      }
    } else counts[0] = values.length;
  }

  /** The value at `rank` of the ascending order, 0 to length - 1. */
  at(rank: number): number {
    const counts = this.#counts;
    let below = 0;
    let b = 0;
    while (below + counts[b]! <= rank) below += counts[b++]!;
    const members = new Float32Array(counts[b]!);
    const bucket = this.#bucket;
    for (let i = 0, m = 0; m < members.length; i++) if (bucket[i] === b) members[m++] = this.#values[i]!;
    return members.sort()[rank - below]!;
  }
}
