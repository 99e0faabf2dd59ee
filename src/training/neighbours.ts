/** Exact nearest neighbours of a set among itself: which samples mean the same, by an encoder's embeddings. */
import { once } from 'node:events';
import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';
import { input, lowerNchw, matMul, parameter } from '../graph/index.js';
import { Session } from '../runtime/index.js';
import { showShape, type Tensor, tensor } from '../tensor.js';
import type { Product, Selection } from './selectionWorker.js';

// Under a test runner this file runs from src, where a worker could not load TypeScript: the built one takes its place.
const selectorUrl = new URL(
  import.meta.url.endsWith('.ts') ? '../../dist/training/selectionWorker.js' : './selectionWorker.js',
  import.meta.url,
);

/** Row i: the `k` other rows of highest cosine, the best first. */
export interface Neighbours {
  /** Rows, N. */
  count: number;
  /** Neighbours of each. */
  k: number;
  /** [N, k] row-major: row numbers; -1 throughout the rows that take no part. */
  indices: Int32Array;
}

export interface NeighbourOptions {
  /** Neighbours of each row; as many as there are when fewer other rows take part. */
  k: number;
  /** The rows that take part, in any order; all when not given. The others have no neighbours and are nobody's. */
  include?: readonly number[];
  /** Threads that multiply; one per core when not given. The result does not depend on it. */
  threads?: number;
  /** Ends the search, which rejects with the signal's reason. */
  signal?: AbortSignal;
  /** How many of the rows that take part have their neighbours. */
  onProgress?: (done: number, total: number) => void;
}

/**
 * Queries and candidates of a product. Always the same, whatever there is to multiply: the last bits of a product depend on its shape. As
 * many queries as candidates, because ONNX Runtime then divides the queries between its threads and leaves every sum whole.
 */
const blockRows = 1024;
/** Beyond so many their buffers, some 150 MB each, would be more than the embeddings of a large set; their sessions get more threads. */
const mostLanes = 4;

/**
 * For each row i of `embeddings` [N, D] the k rows j != i of highest cosine x_i . x_j / (||x_i|| ||x_j||), computed in float32; of equal
 * ones those of lower number. A row is never its own neighbour, however many are identical to it. The cosine of a row of zeros with any
 * other is 0. The N x N cosines are made in blocks by ONNX Runtime and looked through in threads beside it. Besides the embeddings
 * (kept, not copied) and the result, 4 N k bytes, memory is that of some blocks.
 *
 * Throws RangeError for another shape, a `k` or `include` that is no such thing, fewer than two rows that take part, and a row among
 * these that is not finite; SessionError when the product cannot be run.
 */
export async function nearestNeighbours(embeddings: Tensor<'float32'>, options: NeighbourOptions): Promise<Neighbours> {
  const { threads = availableParallelism(), signal, onProgress } = options;
  signal?.throwIfAborted();
  for (const [name, value] of Object.entries({ k: options.k, threads }))
    if (!(Number.isInteger(value) && value > 0))
      throw new RangeError(`nearestNeighbours: ${name} must be a whole number of at least 1, got ${value}`);
  const rows = new TakingPart(embeddings, options.include);
  const { total } = rows;
  const k = Math.min(options.k, total - 1);
  const count = embeddings.shape[0]!;
  const indices = new Int32Array(count * k).fill(-1);
  const size = Math.min(mostLanes, threads, Math.ceil(total / blockRows));
  const lanes = Array.from({ length: size }, () => new Lane(rows, k, Math.ceil(threads / size), signal));
  let nextQuery = 0;
  let done = 0;
  try {
    const work = async (lane: Lane) => {
      while (nextQuery < total) {
        const first = nextQuery;
        nextQuery += blockRows;
        const found = await lane.search(first);
        const queries = Math.min(blockRows, total - first);
        for (let q = 0; q < queries; q++) {
          const offset = rows.numbers[first + q]! * k;
          for (let i = 0; i < k; i++) indices[offset + i] = rows.numbers[found[q * k + i]!]!;
        }
        done += queries;
        onProgress?.(done, total);
      }
    };
    await Promise.all(lanes.map(work));
    signal?.throwIfAborted();
    return { count, k, indices };
  } finally {
    await Promise.all(lanes.map((lane) => lane.close()));
  }
}

/** One block of queries at a time: a session that multiplies and a thread that selects from the last product meanwhile. */
class Lane {
  readonly #rows: TakingPart;
  readonly #signal: AbortSignal | undefined;
  readonly #session: Promise<Session>;
  readonly #selector: Worker;
  readonly #found: Int32Array;
  readonly #failure: Promise<never>;

  constructor(rows: TakingPart, k: number, threads: number, signal: AbortSignal | undefined) {
    this.#rows = rows;
    this.#signal = signal;
    this.#session = openProduct(rows.dimension, threads);
    const queries = Math.min(blockRows, rows.total);
    // Shared, and used for all blocks: beside the result the collector would let hundreds of megabytes of them gather.
    this.#found = new Int32Array(new SharedArrayBuffer(4 * queries * k));
    const workerData: Selection = { queries, stride: blockRows, k, found: this.#found };
    this.#selector = new Worker(selectorUrl, { workerData, execArgv: [] });
    this.#failure = new Promise((_, reject) => {
      const fail = (why: string, cause?: Error) => reject(new Error(`a thread that selects neighbours ${why}`, { cause }));
      this.#selector.on('error', (error) => fail(`failed: ${error.message}`, error));
      this.#selector.on('exit', () => fail('ended'));
    });
    // They are looked at when there is something to do.
    for (const promise of [this.#session, this.#failure]) promise.catch(() => {});
  }

  /** [at least queries, k]: the neighbours of a block of queries, as positions among the rows that take part, until the next search. */
  async search(firstQuery: number): Promise<Int32Array> {
    const { total } = this.#rows;
    const session = await this.#session;
    await session.setState({ queries: this.#rows.read(firstQuery) });
    const queries = Math.min(blockRows, total - firstQuery);
    let selected: Promise<void> | undefined;
    for (let first = 0; first < total; first += blockRows) {
      const { cosines } = await session.run({ candidates: this.#rows.read(first) }, { signal: this.#signal });
      await selected;
      const candidates = Math.min(blockRows, total - first);
      const last = first + candidates === total;
      selected = this.#select({ cosines: cosines!.data as Float32Array, queries, firstQuery, candidates, first, last });
    }
    await selected;
    return this.#found;
  }

  #select(product: Product): Promise<void> {
    const answer = once(this.#selector, 'message').then(() => {});
    this.#selector.postMessage(product, [product.cosines.buffer as ArrayBuffer]);
    const selected = Promise.race([answer, this.#failure]);
    selected.catch(() => {});
    return selected;
  }

  async close(): Promise<void> {
    await Promise.all([this.#selector.terminate(), this.#session.then((session) => session.terminate()).catch(() => {})]);
  }
}

/** cosines [queries, candidates] of rows of length 1; the queries stay in the session. */
function openProduct(dimension: number, threads: number): Promise<Session> {
  const queries = parameter('queries', [blockRows, dimension], { kind: 'constant', value: 0 }, false);
  const cosines = matMul(queries, input('candidates', [blockRows, dimension]), { transposeB: true });
  return Session.create(lowerNchw({ outputs: { cosines } }, { done: true }), { name: 'nearest neighbours', threads });
}

/** The rows that take part, with length 1. */
class TakingPart {
  /** How many. */
  readonly total: number;
  readonly dimension: number;
  /** Their row numbers, ascending, so that ties between positions are ties between row numbers. */
  readonly numbers: Int32Array;
  readonly #data: Float32Array;
  /** 1 / length of each; 0 for a row of zeros. */
  readonly #scales: Float64Array;
  readonly #block: Float32Array;

  constructor({ shape, data }: Tensor<'float32'>, include: readonly number[] | undefined) {
    const [count, dimension] = shape;
    if (shape.length !== 2 || !count || !dimension)
      throw new RangeError(`nearestNeighbours: embeddings must be [N, D], both at least 1, they are ${showShape(shape)}`);
    const wrong = include?.find((row) => !(Number.isInteger(row) && row >= 0 && row < count));
    if (wrong !== undefined)
      throw new RangeError(`nearestNeighbours: include names row ${wrong}; the embeddings have rows 0 to ${count - 1}`);
    this.numbers = include ? Int32Array.from(include).sort() : Int32Array.from({ length: count }, (_, row) => row);
    const twice = this.numbers.find((row, i) => i > 0 && row === this.numbers[i - 1]);
    if (twice !== undefined) throw new RangeError(`nearestNeighbours: include names row ${twice} twice`);
    this.total = this.numbers.length;
    if (this.total < 2)
      throw new RangeError(`nearestNeighbours: at least two rows must take part, of ${count} there are ${this.total}`);
    this.dimension = dimension;
    this.#data = data;
    this.#block = new Float32Array(blockRows * dimension);
    this.#scales = Float64Array.from(this.numbers, (row) => {
      let squares = 0;
      for (let d = row * dimension; d < (row + 1) * dimension; d++) squares += data[d]! * data[d]!;
      if (!Number.isFinite(squares))
        throw new RangeError(`nearestNeighbours: row ${row} of ${count} of the embeddings holds NaN or an infinity`);
      return squares > 0 ? 1 / Math.sqrt(squares) : 0;
    });
  }

  /** [blockRows, D]: the rows from position `from` on, and zeros after the last. It is used again for the next. */
  read(from: number): Tensor<'float32'> {
    const { dimension } = this;
    const source = this.#data;
    const target = this.#block;
    const rows = Math.min(blockRows, this.total - from);
    for (let i = 0; i < rows; i++) {
      const scale = this.#scales[from + i]!;
      const at = this.numbers[from + i]! * dimension;
      const to = i * dimension;
      for (let d = 0; d < dimension; d++) target[to + d] = source[at + d]! * scale;
    }
    target.fill(0, rows * dimension);
    return tensor('float32', [blockRows, dimension], target);
  }
}
