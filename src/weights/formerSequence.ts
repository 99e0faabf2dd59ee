/**
 * The form of PyTorch 0.2 to 1.5: five pickles behind each other (a magic number, a version, the machine, what was saved, the keys of its
 * storages), then each storage, its number of elements (int64) before them.
 */
import { unpickle } from './pickle.js';
import { Dict, PickleError, type PickleValue, type Storage, shown } from './pickleValues.js';
import { bytesOf, mostPickleBytes, type OpenForm, readPart, storageOf } from './torchForm.js';

/** The first pickle: protocol 2, ten bytes of a number, stop. */
const magic = [0x80, 2, 0x8a, 10, 0x6c, 0xfc, 0x9c, 0x46, 0xf9, 0x20, 0x6a, 0xa8, 0x50, 0x19, 0x2e];
const version = 1001;

export const isSequence = (head: Uint8Array): boolean => magic.every((byte, i) => head[i] === byte);

export const openSequence: OpenForm = async (_, file, size) => {
  const head = await readPart(file, 0, Math.min(size, mostPickleBytes));
  const storages = new Map<string, Storage>();
  const remembered = (id: PickleValue): Storage => {
    const storage = storageOf(id);
    const before = storages.get(storage.key);
    if (before && (before.length !== storage.length || before.dtype !== storage.dtype))
      throw new PickleError(`its storage '${storage.key}' is described in two ways`);
    storages.set(storage.key, before ?? storage);
    return storage;
  };
  const none = (): never => {
    throw new PickleError('a reference to a storage where none can be');
  };
  const protocol = unpickle(head, magic.length, none);
  if (protocol.value !== version)
    throw new PickleError(`version ${shown(protocol.value)} of the file's form, known is ${version}`);
  const machine = unpickle(head, protocol.end, none);
  if (machine.value instanceof Dict && machine.value.entries.get('little_endian') === false)
    throw new PickleError('its numbers are big endian: load it there and save it again on another machine');
  const { value, end } = unpickle(head, machine.end, remembered);
  const keys = unpickle(head, end, none);
  return { value, read: readerOf(await placesOf(keys)) };

  /** Where each storage's elements begin. */
  async function placesOf(listed: { value: PickleValue; end: number }): Promise<Map<string, number>> {
    if (!Array.isArray(listed.value)) throw new PickleError('there is no list of its storages');
    const places = new Map<string, number>();
    let at = listed.end;
    for (const key of listed.value) {
      const storage = typeof key === 'string' ? storages.get(key) : undefined;
      if (!storage || places.has(storage.key))
        throw new PickleError(`its list of storages has ${shown(key)}, which is none of them`);
      const length = new DataView((await readPart(file, at, 8)).buffer).getBigInt64(0, true);
      if (length !== BigInt(storage.length))
        throw new PickleError(`byte ${at}: its storage '${storage.key}' has ${length} elements, expected ${storage.length}`);
      places.set(storage.key, at + 8);
      at += 8 + storage.length * bytesOf[storage.dtype];
      if (at > size) throw new PickleError(`truncated: its storage '${storage.key}' ends at byte ${at}, the file has ${size}`);
    }
    return places;
  }

  function readerOf(places: ReadonlyMap<string, number>) {
    return async ({ key, length, dtype }: Storage): Promise<Uint8Array> => {
      const at = places.get(key);
      if (at === undefined) throw new PickleError(`its storage '${key}' is not in the file`);
      return readPart(file, at, length * bytesOf[dtype]);
    };
  }
};
