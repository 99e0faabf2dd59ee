/** The loader's threads. */
import { Worker } from 'node:worker_threads';
import type { FailedSlot, Item, TaskResult, WorkerData } from './protocol.js';

// Under a test runner this file runs from src, where a worker could not load TypeScript: the built one takes its place.
const workerUrl = new URL(
  import.meta.url.endsWith('.ts') ? '../../../dist/datasets/loader/worker.js' : './worker.js',
  import.meta.url,
);

interface Waiting {
  resolve: (failed: readonly FailedSlot[]) => void;
  reject: (error: Error) => void;
}

/** Threads that decode samples into shared memory. They keep the process alive only while a task is waiting. */
export class DecoderPool {
  readonly #workers: readonly Worker[];
  readonly #exits: Promise<unknown>;
  readonly #waiting = new Map<number, Waiting>();
  #nextId = 0;
  #broken: Error | undefined;

  constructor(size: number, data: WorkerData) {
    this.#workers = Array.from({ length: size }, () => new Worker(workerUrl, { workerData: data, execArgv: [] }));
    this.#exits = Promise.all(
      this.#workers.map(
        (worker) =>
          new Promise<void>((resolve) => {
            worker.unref();
            worker.on('message', ({ id, failed }: TaskResult) => this.#settle(id)?.resolve(failed));
            worker.on('error', (error) => this.#break(new Error(`a decoding thread failed: ${error.message}`, { cause: error })));
            worker.on('exit', () => {
              this.#break(new Error('the loader was closed'));
              resolve();
            });
          }),
      ),
    );
  }

  /** Decodes items into batch buffer number `buffer`. A pair always goes to the same thread, which may have kept its features. */
  async decode(buffer: number, epoch: number, items: readonly Item[]): Promise<FailedSlot[]> {
    const shares = this.#workers.map((_, w) => items.filter(({ index }) => index % this.#workers.length === w));
    const failed = await Promise.all(shares.map((share, w) => (share.length ? this.#send(w, buffer, epoch, share) : [])));
    return failed.flat();
  }

  /** Ends the threads after what they are doing. */
  async close(): Promise<void> {
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
    if (this.#waiting.size === 0) for (const worker of this.#workers) worker.unref();
    return waiting;
  }

  #break(error: Error): void {
    this.#broken ??= error;
    for (const id of [...this.#waiting.keys()]) this.#settle(id)?.reject(this.#broken);
  }
}
