/** Requests to a worker as promises; the worker keeps the process alive only while one is waiting. */
import { Worker } from 'node:worker_threads';
import type { SessionError } from './ports.js';
import type { Failure, Reply, Request, RequestKind, Requests } from './protocol.js';

// Under a test runner this file runs from src, where a worker could not load TypeScript: the built one takes its place.
const workerUrl = new URL(import.meta.url.endsWith('.ts') ? '../../dist/runtime/worker.js' : './worker.js', import.meta.url);

interface Waiting {
  resolve: (result: Requests[RequestKind]['reply']) => void;
  reject: (error: Error) => void;
}

export class Channel {
  readonly #worker = new Worker(workerUrl);
  readonly #waiting = new Map<number, Waiting>();
  readonly #exited: Promise<void>;
  #nextId = 0;
  #closed: Error | undefined;

  /** `explain` turns what the worker reports into the caller's error, `warn` gets the worker's warnings. */
  constructor(explain: (failure: Failure) => Error, warn: (line: string) => void) {
    this.#worker.unref();
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
        this.#fail(explain({ message: `its worker ended with exit code ${code}`, outOfMemory: false }));
        resolve();
      });
    });
  }

  /** Sends a request; `transfer` lists the buffers it gives away. Rejects with what `close` was told once closed. */
  call<K extends RequestKind>(kind: K, body: Requests[K]['body'], transfer: ArrayBuffer[] = []): Promise<Requests[K]['reply']> {
    return new Promise((resolve, reject) => {
      if (this.#closed) return reject(this.#closed);
      const id = this.#nextId++;
      this.#worker.postMessage({ id, kind, body } as Request, transfer);
      this.#waiting.set(id, { resolve: resolve as Waiting['resolve'], reject });
      this.#worker.ref();
    });
  }

  /** Rejects every waiting and every later request with `reason` and ends the thread; resolves when it has ended. */
  async close(reason: SessionError): Promise<void> {
    this.#fail(reason);
    await Promise.all([this.#worker.terminate(), this.#exited]);
  }

  /** The same once everything sent so far has been answered. */
  async finish(reason: SessionError): Promise<void> {
    // A channel that is closed already has nothing left to free.
    const released = this.call('release', undefined).catch(() => {});
    this.#closed ??= reason;
    await released;
    await this.close(reason);
  }

  #settle(id: number): void {
    this.#waiting.delete(id);
    if (this.#waiting.size === 0) this.#worker.unref();
  }

  #fail(error: Error): void {
    this.#closed ??= error;
    const waiting = [...this.#waiting];
    for (const [id, { reject }] of waiting) {
      this.#settle(id);
      reject(error);
    }
  }
}
