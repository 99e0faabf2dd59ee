/** The loader's threads. */
import { Worker } from 'node:worker_threads';
import { type FailedSlot, Flag, type Item, type TaskResult, type WorkerData } from './protocol.js';

// Under a test runner this file runs from src, where a worker could not load TypeScript: the built one takes its place.
const workerUrl = new URL(
  import.meta.url.endsWith('.ts') ? '../../../dist/datasets/loader/worker.js' : './worker.js',
  import.meta.url,
);

interface Waiting {
  resolve: (failed: readonly FailedSlot[]) => void;
  reject: (error: Error) => void;
}

/** A thread that hangs in a decoder does not hold up the end of the process for longer, in milliseconds. */
const longestWait = 10_000;

const live = new Set<DecoderPool>();
// Node ends threads when the process exits, wherever they are, and a native decoder that its thread leaves in the middle can bring the
// process down with SIGABRT. So the exit waits for the samples that are being decoded.
process.on('exit', () => {
  for (const pool of live) pool.abandon();
  for (const pool of live) pool.waitUntilIdle();
});

/** Threads that decode samples into shared memory. They keep the process alive only while a task is waiting, or the pool is closing. */
export class DecoderPool {
  readonly #workers: readonly Worker[];
  readonly #flags: readonly Int32Array[];
  readonly #exits: Promise<unknown>;
  readonly #waiting = new Map<number, Waiting>();
  #nextId = 0;
  #broken: Error | undefined;
  #isClosing = false;

  constructor(size: number, data: Omit<WorkerData, 'flags'>) {
    this.#flags = Array.from({ length: size }, () => new Int32Array(new SharedArrayBuffer(8)));
    this.#workers = this.#flags.map((flags) => new Worker(workerUrl, { workerData: { ...data, flags }, execArgv: [] }));
    live.add(this);
    this.#exits = Promise.all(this.#workers.map((worker) => this.#listen(worker))).then(() => live.delete(this));
  }

  /** Resolves when the thread has ended. */
  #listen(worker: Worker): Promise<void> {
    return new Promise((resolve) => {
      worker.on('message', ({ id, failed }: TaskResult) => this.#settle(id)?.resolve(failed));
      worker.on('error', (error) => this.#break(new Error(`a decoding thread failed: ${error.message}`, { cause: error })));
      worker.on('exit', () => {
        this.#break(new Error('the loader was closed'));
        resolve();
      });
      // Last: to listen is to keep the process alive.
      worker.unref();
    });
  }

  /** Decodes items into batch buffer number `buffer`. A pair always goes to the same thread, which may have kept its features. */
  async decode(buffer: number, epoch: number, items: readonly Item[]): Promise<FailedSlot[]> {
    const shares = this.#workers.map((_, w) => items.filter(({ index }) => index % this.#workers.length === w));
    const failed = await Promise.all(shares.map((share, w) => (share.length ? this.#send(w, buffer, epoch, share) : [])));
    return failed.flat();
  }

  /** Has the threads begin nothing more. */
  abandon(): void {
    for (const flags of this.#flags) Atomics.store(flags, Flag.abandoned, 1);
  }

  /** Blocks until no thread is at a task. */
  waitUntilIdle(): void {
    for (const flags of this.#flags)
      for (let busy = Atomics.load(flags, Flag.busy); busy > 0; busy = Atomics.load(flags, Flag.busy))
        if (Atomics.wait(flags, Flag.busy, busy, longestWait) === 'timed-out') return;
  }

  /** Ends the threads after the samples they are at; what was waiting rejects. */
  async close(): Promise<void> {
    this.#isClosing = true;
    this.abandon();
    this.#break(new Error('the loader was closed'));
    for (const worker of this.#workers) {
      worker.ref();
      worker.postMessage('end');
    }
    await this.#exits;
  }

  #send(worker: number, buffer: number, epoch: number, items: readonly Item[]): Promise<readonly FailedSlot[]> {
    return new Promise((resolve, reject) => {
      if (this.#broken) return reject(this.#broken);
      const id = this.#nextId++;
      this.#waiting.set(id, { resolve, reject });
      for (const w of this.#workers) w.ref();
      this.#workers[worker]!.postMessage({ id, buffer, epoch, items });
    });
  }

  #settle(id: number): Waiting | undefined {
    const waiting = this.#waiting.get(id);
    this.#waiting.delete(id);
    if (this.#waiting.size === 0 && !this.#isClosing) for (const worker of this.#workers) worker.unref();
    return waiting;
  }

  #break(error: Error): void {
    this.#broken ??= error;
    for (const id of [...this.#waiting.keys()]) this.#settle(id)?.reject(this.#broken);
  }
}
