/** Looks here and there into a file, without holding up whoever else needs the thread. No Node modules: browsers run it too. */
import type { ByteRanges } from './wavHeader.js';

/** Milliseconds of work after which timers, messages and other requests get their turn. */
const slice = 20;

/** Reads a file by blocks, of which it keeps the latest; stops when `signal` is aborted, with its reason. */
export class ByteWalk {
  #block = new Uint8Array();
  #from = 0;
  #since = performance.now();

  constructor(
    private readonly file: ByteRanges,
    private readonly signal?: AbortSignal,
    private readonly blockBytes = 4096,
  ) {
    signal?.throwIfAborted();
  }

  get size(): number {
    return this.file.size;
  }

  /** What there is of `length` bytes from `position`. */
  async at(position: number, length: number): Promise<DataView> {
    if (performance.now() - this.#since > slice) {
      await new Promise((resolve) => setTimeout(resolve));
      this.signal?.throwIfAborted();
      this.#since = performance.now();
    }
    const from = Math.min(position, this.size);
    const to = Math.min(from + length, this.size);
    if (from < this.#from || to > this.#from + this.#block.length) {
      this.#block = new Uint8Array(await this.file.read(from, Math.min(Math.max(length, this.blockBytes), this.size - from)));
      this.#from = from;
    }
    return new DataView(this.#block.buffer, this.#block.byteOffset + from - this.#from, to - from);
  }
}

/** The bytes of a view. */
export const bytesOf = (view: DataView) => new Uint8Array(view.buffer, view.byteOffset, view.byteLength);
