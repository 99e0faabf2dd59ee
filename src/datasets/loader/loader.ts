/** Pairs as batches of tensors, decoded ahead of whoever trains on them. */
import { availableParallelism } from 'node:os';
import { defaultLimits, type MediaLimits } from '../../media/types.js';
import { Random } from '../../random.js';
import { type Shape, sizeOf, type Tensor, tensor } from '../../tensor.js';
import type { PairSet, Problem } from '../types.js';
import { EpochBatches, type LastBatch, shuffledOrder } from './order.js';
import { DecoderPool } from './pool.js';
import type { Item } from './protocol.js';
import { type Partners, shapeOf, type Views } from './views.js';

export interface LoaderOptions {
  /** The tensors to make of each pair, by name. */
  views: Views;
  /** Pairs in a batch. */
  batch: number;
  /** Of the order and of every augmentation; default 0. */
  seed?: number;
  /**
   * `false`: in the order of the set. Otherwise at random, and pairs of shards through a buffer of this many pairs, which keeps reading
   * nearly sequential; `true`, the default, is 10 000. Pairs that do not come from shards are shuffled completely.
   */
  shuffle?: boolean | number;
  /** What to do with pairs that do not fill a batch at the end of an epoch; default 'drop'. */
  lastBatch?: LastBatch;
  /** Decoding threads; one per core when not given. */
  workers?: number;
  /** Batches decoded ahead; when not given 2, or more where many threads share small batches. */
  prefetch?: number;
  /** Bytes of decoded pictures, sounds and features kept for the next epochs, over all threads; default 2^29. */
  cacheBytes?: number;
  /** Ids of pairs known to be bad (of an earlier loader's `problems`), so that an epoch that was stopped goes on with the same batches. */
  bad?: readonly string[];
  limits?: MediaLimits;
}

export interface Batch {
  /** Of the pairs, in the order of the samples. */
  ids: readonly string[];
  /** Positions of the pairs in the set. */
  indices: readonly number[];
  /** One per view: [batch, ...]. The memory is used again: it is good until the next batch is asked for. */
  tensors: Readonly<Record<string, Tensor<'float32'>>>;
}

/** A pair that could not be decoded. */
export interface BadPair extends Problem {
  id: string;
}

const defaultWindow = 10_000;
/** Samples that each thread has waiting, so that none is idle while another has several. */
const waitingPerThread = 4;

/**
 * Random numbers depend on the seed, the epoch and the pair's position in the set, never on threads or timing: the batches of an epoch are
 * the same in every run. A pair whose files cannot be used is reported in `problems` and left out; its place in the batch goes to
 * the last pair of the epoch.
 */
export class Loader {
  /** The pairs that could not be decoded, as far as they were tried. */
  readonly problems: BadPair[] = [];
  readonly #pairs: PairSet;
  readonly #options: Required<LoaderOptions>;
  readonly #shapes: readonly (readonly [name: string, shape: Shape])[];
  readonly #buffers: readonly (readonly Float32Array[])[];
  readonly #pool: DecoderPool;
  readonly #bad = new Set<number>();
  #busy = false;

  /** Throws RangeError when the set has fewer pairs than a batch, or an option makes no sense. */
  constructor(pairs: PairSet, options: LoaderOptions) {
    this.#pairs = pairs;
    const given = Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)) as LoaderOptions;
    const threads = given.workers ?? availableParallelism();
    this.#options = {
      seed: 0,
      shuffle: true,
      lastBatch: 'drop',
      workers: threads,
      prefetch: Math.max(2, Math.ceil((waitingPerThread * threads) / given.batch)),
      cacheBytes: 2 ** 29,
      bad: [],
      limits: defaultLimits,
      ...given,
    };
    const { views, batch, workers, prefetch, shuffle, cacheBytes, seed, bad, limits, lastBatch } = this.#options;
    const window = typeof shuffle === 'number' ? { shuffle } : {};
    for (const [name, value] of Object.entries({ batch, workers, prefetch, ...window }))
      if (!Number.isSafeInteger(value) || value < 1)
        throw new RangeError(`loader: ${name} must be a positive whole number, got ${value}`);
    if (pairs.pairs.length < (lastBatch === 'drop' ? batch : 1))
      throw new RangeError(`loader: '${pairs.name}' has ${pairs.pairs.length} pairs, fewer than a batch of ${batch}`);
    if (!Number.isSafeInteger(seed)) throw new RangeError(`loader: seed must be a whole number, got ${seed}`);
    if (!(cacheBytes >= 0)) throw new RangeError(`loader: cacheBytes must be 0 or more, got ${cacheBytes}`);
    if (Object.keys(views).length === 0) throw new RangeError('loader: there are no views to make of the pairs');
    this.#shapes = Object.entries(views).map(([name, view]) => [name, shapeOf(name, view)]);
    const known = new Set(bad);
    for (const [index, { id }] of pairs.pairs.entries()) if (known.has(id)) this.#bad.add(index);
    // The consumer holds one while the others are filled.
    this.#buffers = Array.from({ length: prefetch + 1 }, () =>
      this.#shapes.map(([, shape]) => new Float32Array(new SharedArrayBuffer(4 * batch * sizeOf(shape)))),
    );
    this.#pool = new DecoderPool(workers, {
      views,
      seed,
      cacheBytes: cacheBytes / workers,
      limits,
      buffers: this.#buffers,
    });
  }

  /** The order of an epoch, before bad pairs are left out: positions in the set. */
  #order(epoch: number): Int32Array {
    const { pairs, shardSizes } = this.#pairs;
    const { shuffle, seed } = this.#options;
    if (shuffle === false) return Int32Array.from(pairs.keys());
    const random = new Random(seed, 'order', epoch);
    if (!shardSizes) return shuffledOrder([pairs.length], pairs.length, random);
    return shuffledOrder(shardSizes, shuffle === true ? defaultWindow : shuffle, random);
  }

  /**
   * The batches of an epoch, from batch `from` on; `partners` are for views of these, which need them. One epoch at a time. Ends early when
   * the consumer stops; throws the signal's reason when it aborts.
   */
  async *epoch(
    epoch: number,
    { from = 0, partners, signal }: { from?: number; partners?: Partners; signal?: AbortSignal } = {},
  ): AsyncGenerator<Batch, void> {
    if (!Number.isSafeInteger(epoch) || !Number.isSafeInteger(from) || from < 0)
      throw new RangeError(`loader: epoch and the batch to begin from must be whole numbers, got ${epoch} and ${from}`);
    const lonely = Object.entries(this.#options.views).find(([, view]) => view.partner);
    if (lonely && !partners) throw new RangeError(`loader: view '${lonely[0]}' is of partners, and the epoch was given none`);
    if (this.#busy) throw new Error('loader: another epoch is being read; finish or return it first');
    this.#busy = true;
    const { batch, lastBatch, prefetch } = this.#options;
    const batches = new EpochBatches(this.#order(epoch), batch, lastBatch);
    const ahead: Promise<Set<number>>[] = [];
    try {
      for (let b = 0; b < from; b++) await this.#pass(batches, b);
      for (let b = from, started = from; ; b++) {
        for (; started <= b + prefetch; started++) {
          const pairs = batches.pairs(started);
          if (pairs.length === 0) break;
          const decoding = this.#decode(started, { epoch, partners }, pairs);
          decoding.catch(() => {}); // Thrown where it is awaited.
          ahead.push(decoding);
        }
        const failed = await ahead.shift();
        signal?.throwIfAborted();
        if (!failed) return;
        const indices = await batches.settle(b, failed, {
          fill: async (slot, index) => (await this.#decode(b, { epoch, partners }, [index], slot)).size === 0,
          move: (source, target) => this.#move(b, source, target),
        });
        if (indices.length === 0) return;
        yield this.#batch(b, indices);
        signal?.throwIfAborted();
      }
    } finally {
      // Nothing may write into the buffers when the next epoch uses them.
      await Promise.allSettled(ahead);
      this.#busy = false;
    }
  }

  /** Ends the decoding threads. */
  async close(): Promise<void> {
    await this.#pool.close();
  }

  /** What became of a batch that is not asked for: nothing is decoded, the pairs known to be bad decide. */
  async #pass(batches: EpochBatches, b: number): Promise<void> {
    const failed = new Set([...batches.pairs(b).keys()].filter((slot) => this.#bad.has(batches.pairs(b)[slot]!)));
    await batches.settle(b, failed, { fill: async (_, index) => !this.#bad.has(index), move: () => {} });
  }

  /** Decodes pairs into consecutive slots of a batch's buffer; resolves to the slots that failed. */
  async #decode(
    b: number,
    { epoch, partners: partnersOf }: { epoch: number; partners?: Partners },
    indices: ArrayLike<number>,
    first = 0,
  ): Promise<Set<number>> {
    const { pairs } = this.#pairs;
    const items = Array.from(indices, (index, i): Item => {
      const found = partnersOf?.(index);
      const partners = found && { picture: pairs[found.picture]!, sound: pairs[found.sound]! };
      return { slot: first + i, index, pair: pairs[index]!, partners };
    });
    const good = items.filter(({ index }) => !this.#bad.has(index));
    for (const { slot, file, reason } of await this.#pool.decode(b % this.#buffers.length, epoch, good)) {
      const { index } = items[slot - first]!;
      if (!this.#bad.has(index)) this.problems.push({ id: this.#pairs.pairs[index]!.id, file, reason });
      this.#bad.add(index);
    }
    return new Set(items.filter(({ index }) => this.#bad.has(index)).map(({ slot }) => slot));
  }

  #move(b: number, source: number, target: number): void {
    for (const [v, [, shape]] of this.#shapes.entries()) {
      const size = sizeOf(shape);
      this.#buffers[b % this.#buffers.length]![v]!.copyWithin(target * size, source * size, (source + 1) * size);
    }
  }

  #batch(b: number, indices: Int32Array): Batch {
    const values = this.#buffers[b % this.#buffers.length]!;
    const tensors = this.#shapes.map(([name, shape], v) => {
      const whole = [indices.length, ...shape];
      return [name, tensor('float32', whole, values[v]!.subarray(0, sizeOf(whole)))];
    });
    return {
      ids: [...indices].map((index) => this.#pairs.pairs[index]!.id),
      indices: [...indices],
      tensors: Object.fromEntries(tensors),
    };
  }
}
