/** Long native work in the caller's thread, in slices. */
import { setImmediate } from 'node:timers/promises';

/** Milliseconds of work after which timers, messages and other requests get their turn. */
const slice = 20;

/** Lets the event loop run every 20 ms of work, and stops when `signal` is aborted, with its reason. */
export class Pace {
  #since = performance.now();

  constructor(private readonly signal?: AbortSignal) {
    signal?.throwIfAborted();
  }

  get due(): boolean {
    return performance.now() - this.#since > slice;
  }

  /** Call where work can be interrupted, when it is due. Throws the signal's reason. */
  async breathe(): Promise<void> {
    await setImmediate();
    this.signal?.throwIfAborted();
    this.#since = performance.now();
  }
}
