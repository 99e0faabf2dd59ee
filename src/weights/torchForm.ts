/** What the forms of a checkpoint have in common. */
import type { FileHandle } from 'node:fs/promises';
import { KnownName, kindOf, PickleError, type PickleValue, Storage, type StoredDType, Tuple } from './pickleValues.js';

/** What was saved, with its tensors where they are. */
export interface TorchFile {
  value: PickleValue;
  /** The bytes of a storage. */
  read: (storage: Storage) => Promise<Uint8Array>;
}

/** A form of the file: `close` is for what it opened besides the file. */
export type OpenForm = (path: string, file: FileHandle, size: number) => Promise<TorchFile & { close?: () => void }>;

/** Of a pickle, in which no tensor's elements are. */
export const mostPickleBytes = 2 ** 25;

/** Elements of a storage: 1 GiB of float32. */
const longestStorage = 2 ** 28;

/** Of one element. */
export const bytesOf: Readonly<Record<StoredDType, number>> = {
  float64: 8,
  int64: 8,
  float32: 4,
  int32: 4,
  float16: 2,
  bfloat16: 2,
  int16: 2,
  int8: 1,
  uint8: 1,
  bool: 1,
};

/** Node reads at most 2 GiB at once. */
const longestRead = 2 ** 30;

/** Throws PickleError where the file ends. */
export async function readPart(file: FileHandle, from: number, length: number): Promise<Uint8Array> {
  const bytes = new Uint8Array(length);
  for (let done = 0; done < length; ) {
    const { bytesRead } = await file.read(bytes, done, Math.min(length - done, longestRead), from + done);
    if (bytesRead === 0)
      throw new PickleError(`truncated: the file ends at byte ${from + done}, where ${length - done} more bytes are expected`);
    done += bytesRead;
  }
  return bytes;
}

/**
 * ('storage', type, key, device, length[, view]), by which pickles say where a storage is; where it was in a GPU's memory does not matter.
 * Throws PickleError for anything else.
 */
export function storageOf(id: PickleValue): Storage {
  const [what, type, key, , length, view] = id instanceof Tuple ? id.items : [];
  if (what !== 'storage' || !(type instanceof KnownName) || type.meaning.kind !== 'storage')
    throw new PickleError(`a reference to ${kindOf(type ?? id)}, expected one to a storage`);
  if (typeof key !== 'string' || !/^[\w.-]{1,64}$/.test(key))
    throw new PickleError('a storage without a key, as PyTorch numbers them');
  if (view !== undefined && view !== null)
    throw new PickleError('a storage within another, as PyTorch wrote them before 0.4: load it there and save it again');
  return new Storage(key, type.meaning.dtype, storedLength(length));
}

/** A number of elements. Throws PickleError for one that no storage has. */
export function storedLength(length: PickleValue | undefined): number {
  if (typeof length !== 'number' || !Number.isSafeInteger(length) || length < 0)
    throw new PickleError('a storage without a length');
  if (length > longestStorage)
    throw new PickleError(`a storage of ${length} elements, expected at most ${longestStorage}: no network known here has one`);
  return length;
}
