/** Maps written to a `.npy` file, one after the other. */
import { randomUUID } from 'node:crypto';
import { type FileHandle, open, rename, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { npyHeader } from './npy.js';
import { MapFileError } from './storedArray.js';

/**
 * Writes a float32 array part by part; the file takes its name only when it is whole.
 *
 * ```
 * const writer = await NpyWriter.create('maps.npy', [count, 14, 14]);
 * for (const map of maps) await writer.write(map.data);
 * await writer.finish();
 * ```
 */
export class NpyWriter {
  #left: number;

  private constructor(
    readonly path: string,
    readonly shape: readonly number[],
    readonly temporary: string,
    readonly file: FileHandle,
  ) {
    this.#left = shape.reduce((product, d) => product * d, 1);
  }

  /** Begins a file beside the one that it will be. */
  static async create(path: string, shape: readonly number[]): Promise<NpyWriter> {
    const temporary = join(dirname(path), `.${basename(path)}.${randomUUID()}.tmp`);
    const file = await open(temporary, 'wx');
    await file.write(npyHeader(shape));
    return new NpyWriter(path, shape, temporary, file);
  }

  /** The next elements. Throws MapFileError when there are more than the shape holds. */
  async write(data: Float32Array): Promise<void> {
    this.#left -= data.length;
    if (this.#left < 0) throw new MapFileError(`${this.path}: more elements than (${this.shape.join(', ')}) holds`);
    await this.file.write(new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
  }

  /** Gives the file its name. Throws MapFileError when elements are missing. */
  async finish(): Promise<void> {
    if (this.#left > 0) throw new MapFileError(`${this.path}: ${this.#left} elements of (${this.shape.join(', ')}) are missing`);
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
