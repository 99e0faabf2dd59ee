/** Where bytes come from. */
import { closeSync, fstatSync, openSync, readSync, read as readWith, statSync } from 'node:fs';
import { promisify } from 'node:util';
import { defaultLimits, MediaError, type MediaLimits } from './types.js';

export { type Format, sniff } from './format.js';

/** A file by its path, or its content. */
export type Source = string | Uint8Array;

/** How messages name it. */
export const nameOf = (source: Source): string => (typeof source === 'string' ? source : `(${source.length} bytes)`);

/** Reads of up to this many bytes are made at once: that takes less time than to hand them to another thread and back. */
const quick = 2 ** 20;
const readLater = promisify(readWith);

export interface OpenFile {
  /** Bytes. */
  readonly size: number;
  /** Throws MediaError `corrupt` when the file ends before. */
  read(offset: number, length: number): Promise<Uint8Array>;
  close(): void;
}

const unusable = (path: string, what: string, { code, message }: NodeJS.ErrnoException) =>
  new MediaError('missing', path, `cannot be ${what} (${code ?? message})`);

/** Messages call it `name`. Throws MediaError: `missing` when it cannot be opened or is no file, `corrupt` when there is nothing in it. */
export function openFile(path: string, name = path): OpenFile {
  const file = openDescriptor(path, name);
  const close = () => closeSync(file);
  const { size } = fstatSync(file);
  if (size === 0) {
    close();
    throw new MediaError('corrupt', name, 'the file is empty');
  }
  const read = async (offset: number, length: number) => {
    const bytes = new Uint8Array(length);
    for (let done = 0; done < length; ) {
      const [count, position] = [length - done, offset + done];
      let got: number;
      try {
        got =
          length <= quick
            ? readSync(file, bytes, done, count, position)
            : (await readLater(file, bytes, done, count, position)).bytesRead;
      } catch (error) {
        throw unusable(name, 'read', error as NodeJS.ErrnoException);
      }
      if (got === 0)
        throw new MediaError('corrupt', name, `expected ${offset + length} bytes, it ended after ${position} while being read`);
      done += got;
    }
    return bytes;
  };
  return { size, read, close };
}

function openDescriptor(path: string, name: string): number {
  try {
    // Before it is opened: to open a pipe is to wait for who writes to it.
    if (statSync(path).isFile()) return openSync(path, 'r');
  } catch (error) {
    throw unusable(name, 'opened', error as NodeJS.ErrnoException);
  }
  throw new MediaError('missing', name, 'expected a file, this is none');
}

const tooManyBytes = (name: string, size: number, limit: number) =>
  new MediaError('tooLarge', name, `${size} bytes are more than the limit of ${limit} (maxBytes)`);

/**
 * All bytes of a file; given bytes are returned as they are. Throws MediaError: `missing` when the file cannot be opened or is none,
 * `tooLarge` beyond `maxBytes`, `corrupt` when there is nothing in it.
 */
export async function readBytes(source: Source, { maxBytes = defaultLimits.maxBytes }: MediaLimits = {}): Promise<Uint8Array> {
  if (typeof source !== 'string') {
    if (source.length > maxBytes) throw tooManyBytes(nameOf(source), source.length, maxBytes);
    if (source.length === 0) throw new MediaError('corrupt', nameOf(source), 'there is nothing in it');
    return source;
  }
  const file = openFile(source);
  try {
    if (file.size > maxBytes) throw tooManyBytes(source, file.size, maxBytes);
    return await file.read(0, file.size);
  } finally {
    file.close();
  }
}
