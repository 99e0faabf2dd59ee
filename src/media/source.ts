/** Where bytes come from. */
import { constants, open } from 'node:fs/promises';
import { defaultLimits, MediaError, type MediaLimits } from './types.js';

export { type Format, sniff } from './format.js';

/** A file by its path, or its content. */
export type Source = string | Uint8Array;

/** How messages name it. */
export const nameOf = (source: Source): string => (typeof source === 'string' ? source : `(${source.length} bytes)`);

/**
 * All bytes of a file; given bytes are returned as they are. Throws MediaError: `missing` when the file cannot be opened or is none,
 * `tooLarge` beyond `maxBytes`, `corrupt` when there is nothing in it.
 */
export async function readBytes(source: Source, { maxBytes = defaultLimits.maxBytes }: MediaLimits = {}): Promise<Uint8Array> {
  const bytes = typeof source === 'string' ? await readFileWithin(source, maxBytes) : source;
  if (bytes.length > maxBytes) throw tooManyBytes(nameOf(source), bytes.length, maxBytes);
  if (bytes.length === 0) throw new MediaError('corrupt', nameOf(source), 'the file is empty');
  return bytes;
}

const tooManyBytes = (name: string, size: number, limit: number) =>
  new MediaError('tooLarge', name, `${size} bytes are more than the limit of ${limit} (maxBytes)`);

const unusable = (path: string, what: string) => (error: NodeJS.ErrnoException) => {
  throw new MediaError('missing', path, `cannot be ${what} (${error.code ?? error.message})`, { cause: error });
};

async function readFileWithin(path: string, maxBytes: number): Promise<Uint8Array> {
  // Without waiting for whoever would write to a named pipe.
  const file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK).catch(unusable(path, 'opened'));
  try {
    const stat = await file.stat();
    if (!stat.isFile()) throw new MediaError('missing', path, 'expected a file, this is none');
    if (stat.size > maxBytes) throw tooManyBytes(path, stat.size, maxBytes);
    return await file.readFile().catch(unusable(path, 'read'));
  } finally {
    await file.close();
  }
}
