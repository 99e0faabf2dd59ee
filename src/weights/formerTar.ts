/**
 * The form of PyTorch 0.1: a tar archive of `storages` and `tensors`, each a number of descriptions with their bytes behind each, and of
 * `pickle`, which refers to them by number. (Files that are merely called .pth.tar are of the later forms.)
 */
import type { FileHandle } from 'node:fs/promises';
import { readTarIndex } from '../datasets/tar.js';
import { tensorOf } from './knownNames.js';
import { unpickle } from './pickle.js';
import { KnownName, kindOf, PickleError, type PickleValue, Storage, type StoredTensor, shown, Tuple } from './pickleValues.js';
import { bytesOf, mostPickleBytes, type OpenForm, readPart, storedLength } from './torchForm.js';

export const isTar = (head: Uint8Array): boolean => new TextDecoder().decode(head.subarray(257, 262)) === 'ustar';

/** Of a description. */
const longestPickle = 4096;

const none = (): never => {
  throw new PickleError('a reference where none can be');
};

const key = (value: PickleValue | undefined): string => {
  if (typeof value === 'number' || typeof value === 'bigint') return `${value}`;
  if (typeof value === 'string' && /^[\w.-]{1,64}$/.test(value)) return value;
  throw new PickleError(`${shown(value ?? null)} for the number of a storage or tensor`);
};

/** Descriptions and numbers, one behind the other. */
class Member {
  constructor(
    private readonly file: FileHandle,
    private at: number,
    private readonly end: number,
  ) {}

  async bytes(length: number): Promise<DataView> {
    const from = this.skip(length);
    const { buffer } = await readPart(this.file, from, length);
    return new DataView(buffer);
  }

  /** Passes over so many bytes; gives where they begin. */
  skip(length: number): number {
    const from = this.at;
    if (length > this.end - from)
      throw new PickleError(`byte ${from}: ${length} bytes are expected, the archive's file has fewer`);
    this.at += length;
    return from;
  }

  async pickle(): Promise<PickleValue> {
    const { value, end } = unpickle(await readPart(this.file, this.at, Math.min(longestPickle, this.end - this.at)), 0, none);
    this.skip(end);
    return value;
  }

  /** A tuple of at least so many. */
  async items(length: number): Promise<readonly PickleValue[]> {
    const value = await this.pickle();
    if (!(value instanceof Tuple) || value.items.length < length) throw new PickleError(`${kindOf(value)}, expected a tuple`);
    return value.items;
  }

  async count(): Promise<number> {
    const value = await this.pickle();
    if (typeof value !== 'number' || value < 0) throw new PickleError(`${kindOf(value)}, expected a number of things`);
    return value;
  }

  /** int64 */
  async numbers(length: number): Promise<number[]> {
    const view = await this.bytes(8 * length);
    return Array.from({ length }, (_, i) => Number(view.getBigInt64(8 * i, true)));
  }
}

export const openTar: OpenForm = async (path, file) => {
  const members = new Map((await readTarIndex(path)).map((member) => [member.name, member]));
  const memberOf = (name: string) => {
    const member = members.get(name);
    if (!member)
      throw new PickleError(
        `a tar archive, but none of PyTorch 0.1: there is no '${name}' in it; unpack it, and import what is in it`,
      );
    return member;
  };
  const open = (name: string) => {
    const { offset, length } = memberOf(name);
    return new Member(file, offset, offset + length);
  };
  const { storages, places } = await storagesIn(open('storages'));
  const tensors = await tensorsIn(open('tensors'), storages);
  const { offset, length } = memberOf('pickle');
  if (length > mostPickleBytes) throw new PickleError(`its pickle has ${length} bytes, expected at most ${mostPickleBytes}`);
  const referred = (id: PickleValue): PickleValue => {
    const found = tensors.get(key(id)) ?? storages.get(key(id));
    if (!found) throw new PickleError(`a reference to number ${key(id)}, which is no tensor`);
    return found;
  };
  const { value } = unpickle(await readPart(file, offset, length), 0, referred);
  return {
    value,
    read: (storage) => readPart(file, places.get(storage.key)!, storage.length * bytesOf[storage.dtype]),
  };
};

/** (number, device, type), int64 length, elements; at the end views into them, which later forms have no more. */
async function storagesIn(member: Member): Promise<{ storages: Map<string, Storage>; places: Map<string, number> }> {
  const storages = new Map<string, Storage>();
  const places = new Map<string, number>();
  for (let left = await member.count(); left > 0; left--) {
    const [number, , type] = await member.items(3);
    if (!(type instanceof KnownName) || type.meaning.kind !== 'storage')
      throw new PickleError(`a storage of ${kindOf(type ?? null)}`);
    const [length] = await member.numbers(1);
    const storage = new Storage(key(number), type.meaning.dtype, storedLength(length));
    storages.set(storage.key, storage);
    places.set(storage.key, member.skip(storage.length * bytesOf[storage.dtype]));
  }
  const views = await member.pickle();
  if (!Array.isArray(views) || views.length > 0)
    throw new PickleError('a storage within another: load it in Python and save it again');
  return { storages, places };
}

/** (number, storage, type), int32 dimensions and four bytes of nothing, int64 shape, strides and offset. */
async function tensorsIn(member: Member, storages: ReadonlyMap<string, Storage>): Promise<Map<string, StoredTensor>> {
  const tensors = new Map<string, StoredTensor>();
  for (let left = await member.count(); left > 0; left--) {
    const [number, storage] = await member.items(2);
    const dimensions = (await member.bytes(8)).getInt32(0, true);
    if (dimensions < 0 || dimensions > 16) throw new PickleError(`a tensor of ${dimensions} dimensions`);
    const shape = new Tuple(await member.numbers(dimensions));
    const strides = new Tuple(await member.numbers(dimensions));
    const [offset] = await member.numbers(1);
    tensors.set(key(number), tensorOf([storages.get(key(storage)) ?? null, offset!, shape, strides]));
  }
  return tensors;
}
