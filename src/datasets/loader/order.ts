/** In which order an epoch visits its pairs, and which pairs its batches are made of. */
import type { Random } from '../../random.js';

function shuffle(items: Int32Array, random: Random): Int32Array {
  for (let i = items.length - 1; i > 0; i--) {
    const j = random.below(i + 1);
    [items[i], items[j]] = [items[j]!, items[i]!];
  }
  return items;
}

/**
 * A shuffle that reads shards nearly sequentially: the shards come in random order, their pairs pass through a buffer of `window` pairs,
 * and each next pair is drawn from the buffer at random, its place taken by the next pair read (the shuffle of WebDataset). With a window
 * of all pairs every order is equally likely.
 */
export function shuffledOrder(shardSizes: readonly number[], window: number, random: Random): Int32Array {
  const firsts = shardSizes.map(() => 0);
  for (let s = 1; s < firsts.length; s++) firsts[s] = firsts[s - 1]! + shardSizes[s - 1]!;
  const shards = shuffle(Int32Array.from(shardSizes.keys()), random);
  const read = Int32Array.from([...shards].flatMap((s) => Array.from({ length: shardSizes[s]! }, (_, i) => firsts[s]! + i)));
  const size = Math.min(window, read.length);
  const buffer = read.slice(0, size);
  // Later pairs take the places of those drawn before them; what stays in the buffer at the end is shuffled.
  for (let i = size; i < read.length; i++) {
    const j = random.below(size);
    const next = read[i]!;
    read[i - size] = buffer[j]!;
    buffer[j] = next;
  }
  read.set(shuffle(buffer, random), read.length - size);
  return read;
}

/** What happens to the last pairs of an epoch when they do not fill a batch. */
export type LastBatch = 'drop' | 'keep';

/** Whoever fills the slots of a batch. */
export interface Slots {
  /** Decodes a pair into a slot; false when the pair is bad. */
  fill(slot: number, index: number): Promise<boolean>;
  /** Moves a sample from one slot to another. */
  move(from: number, to: number): void;
}

/**
 * The batches of an epoch: batch b holds the pairs at b * size and on of the order. A bad pair leaves its slot to the epoch's last pair
 * that is left, so that batches stay full, every good pair is used at most once, and the outcome depends only on the order and on
 * which pairs are bad, not on when that was found out. Batches must be settled in order.
 */
export class EpochBatches {
  #end: number;

  constructor(
    readonly order: Int32Array,
    readonly size: number,
    readonly lastBatch: LastBatch,
  ) {
    this.#end = order.length;
  }

  /** The pairs of batch b as far as is known now; empty when the epoch ends before it. */
  pairs(b: number): Int32Array {
    const pairs = this.order.subarray(Math.min(b * this.size, this.#end), Math.min((b + 1) * this.size, this.#end));
    return this.lastBatch === 'drop' && pairs.length < this.size ? pairs.subarray(0, 0) : pairs;
  }

  /** The pairs that batch b holds in the end, after `failed` slots of it turned out bad; empty when the epoch ends before it. */
  async settle(b: number, failed: ReadonlySet<number>, slots: Slots): Promise<Int32Array> {
    const pairs = this.pairs(b).slice();
    const bad = new Set(failed);
    let length = pairs.length;
    for (let slot = 0; slot < length; slot++) {
      while (bad.has(slot) && slot < length) {
        const last = --this.#end;
        if (last >= (b + 1) * this.size) {
          pairs[slot] = this.order[last]!;
          if (await slots.fill(slot, pairs[slot]!)) bad.delete(slot);
          continue;
        }
        length--;
        if (length === slot || bad.has(length)) continue;
        pairs[slot] = pairs[length]!;
        slots.move(length, slot);
        bad.delete(slot);
      }
    }
    return length < this.size && this.lastBatch === 'drop' ? pairs.subarray(0, 0) : pairs.subarray(0, length);
  }
}
