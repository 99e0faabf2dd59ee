/** Requests to a worker as promises; the worker keeps the process alive only while one is waiting or it is ending. */
import { Worker } from 'node:worker_threads';
import type { SessionError } from './ports.js';
import { type Failure, Flag, type Reply, type Request, type RequestKind, type Requests, type WorkerData } from './protocol.js';

// Under a test runner this file runs from src, where a worker could not load TypeScript: the built one takes its place.
const workerUrl = new URL(import.meta.url.endsWith('.ts') ? '../../dist/runtime/worker.js' : './worker.js', import.meta.url);

/** A thread that broke down in the middle of an answer never says that it is idle; the process must end all the same. */
const longestWait = 60_000;

const live = new Set<Channel>();
// Node ends threads when the process exits, wherever they are, and onnxruntime-node brings the whole process down with SIGABRT when
// its thread ends within a native call. So the exit waits for that call; Node would have to wait for it anyway.
process.on('exit', () => {
  for (const channel of live) channel.abandon();
  for (const channel of live) channel.waitUntilIdle();
});

interface Waiting {
  resolve: (result: Requests[RequestKind]['reply']) => void;
  reject: (error: Error) => void;
}

export class Channel {
  readonly #flags = new Int32Array(new SharedArrayBuffer(8));
  readonly #worker: Worker;
  readonly #waiting = new Map<number, Waiting>();
  readonly #exited: Promise<void>;
  #nextId = 0;
  #ending = false;
  #closed: Error | undefined;

  /** `explain` turns what the worker reports into the caller's error, `warn` gets the worker's warnings. */
  constructor(explain: (failure: Failure) => Error, warn: (line: string) => void) {
    const workerData: WorkerData = { flags: this.#flags };
    // The process's own flags stay with it: `--input-type`, say, would make the worker refuse a file.
    this.#worker = new Worker(workerUrl, { workerData, execArgv: [] });
    this.#worker.unref();
    live.add(this);
    this.#worker.on('message', (reply: Reply) => {
      if ('warning' in reply) return warn(reply.warning);
      const waiting = this.#waiting.get(reply.id);
      this.#settle(reply.id);
      if ('failure' in reply) waiting?.reject(explain(reply.failure));
      else waiting?.resolve(reply.result);
    });
    // Node reports a full JavaScript heap and uncaught errors here; the thread ends after either.
    this.#worker.on('error', (error: Error & { code?: string }) =>
      this.#fail(explain({ message: error.message, outOfMemory: error.code === 'ERR_WORKER_OUT_OF_MEMORY' })),
    );
    this.#exited = new Promise((resolve) => {
      this.#worker.on('exit', (code) => {
        live.delete(this);
        this.#fail(explain({ message: `its worker ended with exit code ${code}`, outOfMemory: false }));
        resolve();
      });
    });
  }

  /** Sends a request; `transfer` lists the buffers it gives away. Rejects with what `close` or `finish` was told once closed. */
  call<K extends RequestKind>(kind: K, body: Requests[K]['body'], transfer: ArrayBuffer[] = []): Promise<Requests[K]['reply']> {
    return new Promise((resolve, reject) => {
      if (this.#closed) return reject(this.#closed);
      const id = this.#nextId++;
      this.#worker.postMessage({ id, kind, body } as Request, transfer);
      this.#waiting.set(id, { resolve: resolve as Waiting['resolve'], reject });
      this.#worker.ref();
    });
  }

  /** Ends the thread once everything sent so far has been answered, and resolves then; later requests reject with `reason`. */
  finish(reason: SessionError): Promise<void> {
    this.#closed ??= reason;
    if (!this.#ending) {
      this.#ending = true;
      this.#worker.ref();
      this.#worker.postMessage('end');
    }
    return this.#exited;
  }

  /**
   * Rejects every waiting and every later request with `reason` and ends the thread as soon as the native call it is in, if any,
   * returns; resolves then.
   */
  close(reason: SessionError): Promise<void> {
    this.#fail(reason);
    this.abandon();
    return this.finish(reason);
  }

  /** Has the worker answer nothing more. */
  abandon(): void {
    Atomics.store(this.#flags, Flag.abandoned, 1);
  }

  /** Blocks until the worker is between two answers. */
  waitUntilIdle(): void {
    Atomics.wait(this.#flags, Flag.busy, 1, longestWait);
  }

  #settle(id: number): void {
    this.#waiting.delete(id);
    if (this.#waiting.size === 0 && !this.#ending) this.#worker.unref();
  }

  #fail(error: Error): void {
    this.#closed ??= error;
    for (const [id, { reject }] of [...this.#waiting]) {
      this.#settle(id);
      reject(error);
    }
  }
}
