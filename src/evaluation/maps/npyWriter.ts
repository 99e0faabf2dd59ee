/** Maps written to a `.npy` file. */
import { type FileHandle, open, rename, rm } from 'node:fs/promises';
import { temporaryPath } from '../../wholeFile.js';
import { npyHeader } from './npy.js';
import { MapFileError } from './storedArray.js';

/**
 * Writes a float32 array [N, ...] part by part, in any order; the file takes its name only when it is whole.
 *
 * ```
 * const writer = await NpyWriter.create('maps.npy', [count, 14, 14]);
 * for (const [i, map] of maps.entries()) await writer.write(i, map.data);
 * await writer.finish();
 * ```
 */
export class NpyWriter {
  readonly #length: number;
  readonly #written = new Set<number>();

  private constructor(
    readonly path: string,
    readonly shape: readonly number[],
    readonly temporary: string,
    readonly file: FileHandle,
    readonly header: Uint8Array,
  ) {
    this.#length = shape.slice(1).reduce((product, d) => product * d, 1);
  }

  /** Begins a file beside the one that it will be. */
  static async create(path: string, shape: readonly number[]): Promise<NpyWriter> {
    const temporary = temporaryPath(path);
    return new NpyWriter(path, shape, temporary, await open(temporary, 'wx'), npyHeader(shape));
  }

  /** Part `index` of the N. Throws MapFileError for one of another length, and for an index that there is not. */
  async write(index: number, data: Float32Array): Promise<void> {
    if (!(index >= 0 && index < this.shape[0]!) || data.length !== this.#length)
      throw new MapFileError(
        `${this.path}: expected part 0 to ${this.shape[0]! - 1} of ${this.#length} elements, got part ${index} of ${data.length}`,
      );
    this.#written.add(index);
    await this.#writeAt(
      this.header.length + index * data.byteLength,
      new Uint8Array(data.buffer, data.byteOffset, data.byteLength),
    );
  }

  /** A disk that becomes full takes some of the bytes without a word; only the next call fails. */
  async #writeAt(position: number, bytes: Uint8Array): Promise<void> {
    for (let done = 0; done < bytes.length; )
      done += (await this.file.write(bytes, done, bytes.length - done, position + done)).bytesWritten;
  }

  /** Gives the file its name. Parts that were not written are NaN. */
  async finish(): Promise<void> {
    await this.#writeAt(0, this.header);
    const nothing = new Float32Array(this.#length).fill(Number.NaN);
    for (let i = 0; i < this.shape[0]!; i++) if (!this.#written.has(i)) await this.write(i, nothing);
    await this.file.sync();
    await this.file.close();
    await rename(this.temporary, this.path);
  }

  /** Leaves nothing behind. */
  async abandon(): Promise<void> {
    await this.file.close();
    await rm(this.temporary, { force: true });
  }
}
