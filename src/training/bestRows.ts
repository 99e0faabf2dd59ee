/** The k best of many candidates, for a block of queries at once. */

/** Positions in a sort key; more than any result of this many neighbours could be kept. */
const positions = 2 ** 21;

/**
 * Keeps for each of `queries` the `k` candidates of highest similarity among those offered, of equal ones those offered first. A query's
 * buffer holds 2k; whenever it is full its best k stay, and only what is above the k-th of them gets in from then on. Takes about
 * 16 * queries * k bytes.
 */
export class BestRows {
  readonly #k: number;
  readonly #capacity: number;
  /** [queries, capacity], each query's in the order in which they were offered. */
  readonly #similarities: Float32Array;
  readonly #rows: Int32Array;
  readonly #sizes: Int32Array;
  readonly #thresholds: Float32Array;
  /** One query's similarities, their bits, and its sort keys. */
  readonly #scratch: Float32Array;
  readonly #bits: Int32Array;
  readonly #keys: Float64Array;

  constructor(queries: number, k: number) {
    this.#k = k;
    // Room besides the best, so that a small k does not select at every candidate.
    this.#capacity = Math.max(2 * k, k + 64);
    this.#similarities = new Float32Array(queries * this.#capacity);
    this.#rows = new Int32Array(queries * this.#capacity);
    this.#sizes = new Int32Array(queries);
    this.#thresholds = new Float32Array(queries);
    this.#scratch = new Float32Array(this.#capacity);
    this.#bits = new Int32Array(this.#scratch.buffer);
    this.#keys = new Float64Array(k);
    this.clear();
  }

  /** Forgets all candidates. */
  clear(): void {
    this.#sizes.fill(0);
    this.#thresholds.fill(Number.NEGATIVE_INFINITY);
  }

  /**
   * Candidates `firstRow`, firstRow + 1, ... whose similarities to `query` are similarities[from .. from + count], all finite; the one
   * at position `self` is the query itself and left out.
   */
  offer(query: number, similarities: Float32Array, from: number, count: number, firstRow: number, self: number): void {
    const capacity = this.#capacity;
    const start = query * capacity;
    const [kept, rows] = [this.#similarities, this.#rows];
    let size = this.#sizes[query]!;
    let threshold = this.#thresholds[query]!;
    for (let j = 0; j < count; j++) {
      const similarity = similarities[from + j]!;
      if (similarity <= threshold || j === self) continue;
      if (size === capacity) {
        threshold = this.#select(query, size);
        size = this.#k;
        if (similarity <= threshold) continue;
      }
      kept[start + size] = similarity;
      rows[start + size] = firstRow + j;
      size++;
    }
    this.#sizes[query] = size;
    this.#thresholds[query] = threshold;
  }

  /** Writes the best k of a query into target[offset .. offset + k], the best first; at least k must have been offered. */
  take(query: number, target: Int32Array, offset: number): void {
    const k = this.#k;
    const start = query * this.#capacity;
    if (this.#sizes[query]! > k) this.#select(query, this.#sizes[query]!);
    const [scratch, bits, keys, rows] = [this.#scratch, this.#bits, this.#keys, this.#rows];
    // Sorting whole numbers without a comparison function is many times faster: the float's bits, descending, then the position.
    for (let i = 0; i < k; i++) {
      // -0 + 0 is 0: the two zeros are equal.
      scratch[i] = this.#similarities[start + i]! + 0;
      const word = bits[i]!;
      keys[i] = (word >= 0 ? 0x7fffffff - word : word + 2 ** 32) * positions + i;
    }
    keys.sort();
    for (let i = 0; i < k; i++) target[offset + i] = rows[start + (keys[i]! % positions)]!;
  }

  /** Moves the best k of a query's `size` to the front, in their order, and gives the lowest similarity among them. */
  #select(query: number, size: number): number {
    const k = this.#k;
    const start = query * this.#capacity;
    const [kept, rows, scratch] = [this.#similarities, this.#rows, this.#scratch];
    for (let i = 0; i < size; i++) scratch[i] = kept[start + i]!;
    const lowest = kthLargest(scratch, size, k);
    // They have been moved to the front of the scratch.
    let above = 0;
    for (let i = 0; i < k; i++) above += scratch[i]! > lowest ? 1 : 0;
    let equalLeft = k - above;
    let to = start;
    // Every candidate is written and the next one goes over it unless it stays: nobody could predict a branch here.
    for (let i = start; i < start + size; i++) {
      const similarity = kept[i]!;
      kept[to] = similarity;
      rows[to] = rows[i]!;
      to += similarity > lowest || (similarity === lowest && equalLeft-- > 0) ? 1 : 0;
    }
    return lowest;
  }
}

/** The k-th largest of the first `size` values, which are reordered (Hoare, "Algorithm 65: FIND", 1961). */
function kthLargest(values: Float32Array, size: number, k: number): number {
  const at = k - 1;
  let low = 0;
  let high = size - 1;
  while (low < high) {
    // The median of three as pivot: sorted input, which is common, is then the best case.
    const [a, b, c] = [values[low]!, values[(low + high) >> 1]!, values[high]!];
    const pivot = Math.max(Math.min(a, b), Math.min(Math.max(a, b), c));
    let i = low;
    let j = high;
    while (i <= j) {
      while (values[i]! > pivot) i++;
      while (values[j]! < pivot) j--;
      if (i > j) break;
      const larger = values[j]!;
      values[j--] = values[i]!;
      values[i++] = larger;
    }
    if (at <= j) high = j;
    else if (at >= i) low = i;
    else return pivot;
  }
  return values[at]!;
}
