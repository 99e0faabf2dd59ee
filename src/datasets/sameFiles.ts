/** Finds files with the same bytes. */
import { stat } from 'node:fs/promises';
import { hashOfFile } from '../fileHash.js';
import { MediaError } from '../media/types.js';
import type { MediaRef } from './types.js';

/** A picture or sound, and whose it is. */
export interface FileOf {
  id: string;
  what: 'picture' | 'sound';
  ref: MediaRef;
}

interface Options {
  signal?: AbortSignal;
  /** Files whose content has been read, of those that it has to be read of. */
  onProgress?: (done: number, total: number) => void;
}

/** Files looked at or read at the same time. */
const atOnce = 16;

/**
 * The files of `files` that one or more of `others` equal byte for byte, by size first and then by SHA-256; empty ones equal none. Throws
 * MediaError `missing` for a file that cannot be read.
 */
export async function sameFiles(
  files: readonly FileOf[],
  others: readonly FileOf[],
  { signal, onProgress }: Options = {},
): Promise<{ file: FileOf; equal: FileOf[] }[]> {
  const sizes = new Map<FileOf, number>();
  await each([...files, ...others], async (file) => void sizes.set(file, await sizeOf(file.ref)), signal);
  const sizesOf = (some: readonly FileOf[]) => new Set(some.map((file) => sizes.get(file)!).filter((size) => size > 0));
  const [here, there] = [sizesOf(files), sizesOf(others)];
  const alike = [...files, ...others].filter((file) => here.has(sizes.get(file)!) && there.has(sizes.get(file)!));

  // A picture of several clips is read once.
  const hashes = new Map<string, string>();
  const keyOf = ({ ref: { path, member } }: FileOf) => `${path}\0${member?.offset ?? ''}`;
  const toRead = [...new Map(alike.map((file) => [keyOf(file), file])).values()];
  let done = 0;
  if (toRead.length > 0) onProgress?.(done, toRead.length);
  await each(
    toRead,
    async (file) => {
      hashes.set(keyOf(file), await hashOf(file.ref, signal));
      onProgress?.(++done, toRead.length);
    },
    signal,
  );
  const byHash = new Map<string, FileOf[]>();
  for (const file of others) {
    const hash = hashes.get(keyOf(file));
    if (hash !== undefined) byHash.set(hash, [...(byHash.get(hash) ?? []), file]);
  }
  return files.flatMap((file) => {
    const equal = byHash.get(hashes.get(keyOf(file)) ?? '');
    return equal === undefined ? [] : [{ file, equal }];
  });
}

async function each(
  files: readonly FileOf[],
  work: (file: FileOf) => Promise<void>,
  signal: AbortSignal | undefined,
): Promise<void> {
  for (let i = 0; i < files.length; i += atOnce) {
    signal?.throwIfAborted();
    await Promise.all(files.slice(i, i + atOnce).map(work));
  }
}

const unreadable = (path: string, error: NodeJS.ErrnoException) =>
  new MediaError('missing', path, `cannot be read (${error.code ?? error.message})`, { cause: error });

async function sizeOf({ path, member }: MediaRef): Promise<number> {
  if (member !== undefined) return member.length;
  const { size } = await stat(path).catch((error: NodeJS.ErrnoException) => {
    throw unreadable(path, error);
  });
  return size;
}

async function hashOf({ path, member }: MediaRef, signal: AbortSignal | undefined): Promise<string> {
  const range = member && { start: member.offset, end: member.offset + member.length - 1 };
  try {
    return await hashOfFile(path, { ...range, signal });
  } catch (error) {
    signal?.throwIfAborted();
    throw unreadable(path, error as NodeJS.ErrnoException);
  }
}
