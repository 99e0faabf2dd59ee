/** Shards that grow: `shard-000000.tar.partial` takes one sample after the other and loses its last name when it is full. */
import { closeSync, existsSync, fsyncSync, openSync, readSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import { tarEnd } from '../tar.js';
import { openAfter, type SampleEntry } from './journal.js';
import { PrepareError } from './settings.js';

export const shardName = (shard: number) => `shard-${String(shard).padStart(6, '0')}.tar`;
export const isShardFile = (name: string) => /^shard-\d{6,}\.tar(\.partial)?$/.test(name);

/** Where a shard stands. */
interface Position {
  shard: number;
  /** Samples and bytes in it. */
  samples: number;
  end: number;
}

/**
 * How many of `samples`, all that a journal tells of in order, are in the folder: all, or the ones before the first that differs in
 * the shard that was being written. Throws PrepareError when a finished shard is gone or has another size.
 */
export function countIntact(folder: string, samples: readonly SampleEntry[], shardSize: number): number {
  const last = samples.at(-1);
  if (!last) return 0;
  const before = last.shard * shardSize;
  for (let shard = 0; shard < last.shard; shard++) {
    const size = samples[(shard + 1) * shardSize - 1]!.end + tarEnd.length;
    const found = statSync(join(folder, shardName(shard)), { throwIfNoEntry: false })?.size;
    if (found !== size)
      throw new PrepareError(
        `${join(folder, shardName(shard))}: expected the ${size} bytes that were written, found ${found ?? 'no file'}; ` +
          'put it back, or use --restart to begin anew',
      );
  }
  const path = join(folder, shardName(last.shard));
  const file = [`${path}.partial`, path].find(existsSync);
  return before + (file ? countMatching(file, samples.slice(before)) : 0);
}

/** How many samples at the beginning of a shard are the ones that were written. */
function countMatching(path: string, samples: readonly SampleEntry[]): number {
  const file = openSync(path, 'r');
  try {
    let start = 0;
    for (const [i, { end, crc }] of samples.entries()) {
      const bytes = Buffer.alloc(end - start);
      const read = readSync(file, bytes, 0, bytes.length, start);
      if (read < bytes.length || crc32(bytes) !== crc) return i;
      start = end;
    }
    return samples.length;
  } finally {
    closeSync(file);
  }
}

/** Appends samples to the shards of a folder. */
export class ShardWriter {
  readonly #folder: string;
  readonly #shardSize: number;
  readonly #position: Position;
  #file: number | undefined;

  /** Goes on after `samples`, all of which are in the folder. */
  constructor(folder: string, samples: readonly SampleEntry[], shardSize: number) {
    this.#folder = folder;
    this.#shardSize = shardSize;
    const last = samples.at(-1);
    this.#position = last
      ? { shard: last.shard, samples: samples.length - last.shard * shardSize, end: last.end }
      : { shard: 0, samples: 0, end: 0 };
    if (!last) return;
    if (existsSync(this.#partial) || statSync(this.#path).size !== last.end + tarEnd.length) {
      // What is finished and larger holds samples that the journal has lost.
      if (!existsSync(this.#partial)) renameSync(this.#path, this.#partial);
      if (this.isFull) this.finish();
    } else this.#next();
  }

  get isFull(): boolean {
    return this.#position.samples >= this.#shardSize;
  }

  /** Adds a sample's bytes at the end of the shard. */
  append(bytes: Uint8Array): Pick<SampleEntry, 'shard' | 'end' | 'crc'> {
    const position = this.#position;
    writeFileSync(this.#opened(), bytes);
    position.samples++;
    position.end += bytes.length;
    return { shard: position.shard, end: position.end, crc: crc32(bytes) };
  }

  /** Completes the shard: end marker, on the disk, its final name. Nothing when it is empty. */
  finish(): void {
    if (this.#position.samples === 0) return;
    const file = this.#opened();
    writeFileSync(file, tarEnd);
    fsyncSync(file);
    this.close();
    renameSync(this.#partial, this.#path);
    this.#next();
  }

  close(): void {
    if (this.#file !== undefined) closeSync(this.#file);
    this.#file = undefined;
  }

  get #path(): string {
    return join(this.#folder, shardName(this.#position.shard));
  }

  get #partial(): string {
    return `${this.#path}.partial`;
  }

  #next(): void {
    Object.assign(this.#position, { shard: this.#position.shard + 1, samples: 0, end: 0 });
  }

  /** The shard's file, ending where its last sample ends: what a killed run wrote after that is dropped. */
  #opened(): number {
    if (this.#file === undefined) {
      // Left by a run whose journal was lost since.
      rmSync(this.#path, { force: true });
      this.#file = openAfter(this.#partial, this.#position.end);
    }
    return this.#file;
  }
}
