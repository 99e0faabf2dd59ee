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
 * A file whose bytes need not be in memory. Throws MediaError: `missing` when an address cannot be fetched, `corrupt` when there is
 * nothing in it; the reason of `signal` when it is aborted.
 */
export async function openBlob(source: Source, signal?: AbortSignal): Promise<Blob> {
  const blob =
    typeof source === 'string'
      ? await download(source, signal)
      : source instanceof Blob
        ? source
        : // The copy may come from memory that is shared, which a Blob does not take.
          new Blob([source.buffer instanceof ArrayBuffer ? (source as Uint8Array<ArrayBuffer>) : new Uint8Array(source)]);
  if (blob.size === 0) throw new MediaError('corrupt', nameOf(source), 'the file is empty');
  return blob;
}

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

/** Parts of a blob; throws MediaError `missing` when its file has gone or changed since it was chosen. */
export function rangesOf(blob: Blob, name: string): ByteRanges {
  const read = async (offset: number, length: number) => {
    try {
      return new Uint8Array(await blob.slice(offset, offset + length).arrayBuffer());
    } catch (cause) {
      throw new MediaError('missing', name, `cannot be read (${(cause as Error).message})`, { cause });
    }
  };
  return { name, size: blob.size, read };
}

/** All bytes. Throws MediaError: what `openBlob` throws, and `tooLarge` beyond `maxBytes`. */
export async function readBytes(
  source: Source,
  { maxBytes = defaultLimits.maxBytes }: MediaLimits = {},
  signal?: AbortSignal,
): Promise<Uint8Array<ArrayBuffer>> {
  const blob = await openBlob(source, signal);
  const name = nameOf(source);
  if (blob.size > maxBytes)
    throw new MediaError('tooLarge', name, `${blob.size} bytes are more than the limit of ${maxBytes} (maxBytes)`);
  return (await rangesOf(blob, name).read(0, blob.size)) as Uint8Array<ArrayBuffer>;
}
