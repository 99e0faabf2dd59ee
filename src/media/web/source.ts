/** Where bytes come from in a browser. */
/// <reference lib="dom" />
import { defaultLimits, MediaError, type MediaLimits } from '../types.js';
import type { ByteRanges } from '../wavHeader.js';

/** A file (a `File` is a `Blob`), its content, or its address, which is fetched: another origin's only if that allows it (CORS). */
export type Source = string | Uint8Array | Blob;

/** How messages name it. */
export function nameOf(source: Source): string {
  if (typeof source === 'string') return source;
  if (source instanceof Uint8Array) return `(${source.length} bytes)`;
  return source instanceof File ? source.name : `(${source.size} bytes)`;
}

/**
 * The file, whose bytes need not be in memory; its name is what messages call it. Throws MediaError: `missing` when an address cannot be
 * fetched, `corrupt` when there is nothing in it; the reason of `signal` when it is aborted.
 */
export async function openFile(source: Source, signal?: AbortSignal): Promise<File> {
  const content = typeof source === 'string' ? await download(source, signal) : source;
  const name = nameOf(source);
  const file = content instanceof File ? content : new File([content instanceof Blob ? content : unshared(content)], name);
  if (file.size === 0) throw new MediaError('corrupt', name, 'the file is empty');
  return file;
}

/** Files cannot be made of memory that threads share. */
const unshared = (bytes: Uint8Array) =>
  bytes.buffer instanceof ArrayBuffer ? (bytes as Uint8Array<ArrayBuffer>) : new Uint8Array(bytes);

async function download(address: string, signal: AbortSignal | undefined): Promise<Blob> {
  const missing = (reason: string, cause?: unknown) =>
    new MediaError('missing', address, `cannot be fetched (${reason})`, { cause });
  try {
    const response = await fetch(address, { signal });
    if (!response.ok) throw missing(`${response.status} ${response.statusText}`.trim());
    return await response.blob();
  } catch (error) {
    signal?.throwIfAborted();
    throw error instanceof MediaError ? error : missing((error as Error).message, error);
  }
}

/** Parts of a file; throws MediaError `missing` when it has gone or changed since it was chosen. */
export function rangesOf(file: File): ByteRanges {
  const read = async (offset: number, length: number) => {
    try {
      return new Uint8Array(await file.slice(offset, offset + length).arrayBuffer());
    } catch (cause) {
      throw new MediaError('missing', file.name, `cannot be read (${(cause as Error).message})`, { cause });
    }
  };
  return { name: file.name, size: file.size, read };
}

/** All bytes. Throws MediaError: what `openFile` throws, and `tooLarge` beyond `maxBytes`. */
export async function readBytes(
  source: Source,
  { maxBytes = defaultLimits.maxBytes }: MediaLimits = {},
  signal?: AbortSignal,
): Promise<Uint8Array<ArrayBuffer>> {
  const file = await openFile(source, signal);
  if (file.size > maxBytes)
    throw new MediaError('tooLarge', file.name, `${file.size} bytes are more than the limit of ${maxBytes} (maxBytes)`);
  return new Uint8Array(await rangesOf(file).read(0, file.size));
}
