/** Archives of NumPy arrays: what `np.savez` and `np.savez_compressed` write. */
import { crc32 } from 'node:zlib';
import { type Entry, openPromise, type ZipFile } from 'yauzl';
import { npyHeaderEnd, npyPrefixBytes, parseNpyHeader } from './npy.js';
import { type ArrayFile, MapFileError, type StoredArray } from './storedArray.js';

/** Bytes of the stream from its beginning, at least `length` of them where it has so many. */
async function beginning(stream: AsyncIterable<Uint8Array>, length: number): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let read = 0;
  for await (const chunk of stream) {
    chunks.push(chunk);
    read += chunk.length;
    if (read >= length) break;
  }
  return Buffer.concat(chunks);
}

/** The bytes of the stream from `start` on. Throws at its end unless it has that checksum, which yauzl does not look at. */
async function* from(stream: AsyncIterable<Uint8Array>, start: number, checksum: number): AsyncGenerator<Uint8Array> {
  let [passed, sum] = [0, 0];
  for await (const chunk of stream) {
    sum = crc32(chunk, sum);
    if (passed + chunk.length > start) yield chunk.subarray(Math.max(0, start - passed));
    passed += chunk.length;
  }
  if (sum !== checksum) throw new Error('its checksum is another');
}

/** A member of an archive; `refuse` makes the error for one that cannot be read. */
async function arrayOf(
  zip: ZipFile,
  entry: Entry,
  where: string,
  name: string,
  refuse: (error: unknown) => MapFileError,
): Promise<StoredArray> {
  // Streams are async iterables, and end when they are left.
  const open = () => zip.openReadStreamPromise(entry);
  const end = npyHeaderEnd((await beginning(await open(), npyPrefixBytes)).subarray(0, npyPrefixBytes), where);
  const header = (await beginning(await open(), end)).subarray(0, end);
  return {
    ...parseNpyHeader(header, where),
    where,
    name,
    bytes: async function* () {
      try {
        yield* from(await open(), end, entry.crc32);
      } catch (error) {
        throw refuse(error);
      }
    },
  };
}

/** The arrays of an archive. Throws MapFileError for a file that is none, or whose members are not arrays. */
export async function openNpz(path: string): Promise<ArrayFile> {
  const damagedAt = (where: string) => (error: unknown) =>
    new MapFileError(`${where}: the archive cannot be read (${(error as Error).message}); is it a complete .npz?`, {
      cause: error,
    });
  const damaged = damagedAt(path);
  const zip = await openPromise(path, { autoClose: false }).catch((error) => {
    throw (error as NodeJS.ErrnoException).code === 'ENOENT' ? error : damaged(error);
  });
  try {
    const entries = new Map<string, Entry>();
    for await (const entry of zip.eachEntry()) {
      if (!entry.fileName.endsWith('.npy'))
        throw new MapFileError(`${path}: expected arrays (.npy) in the archive, there is '${entry.fileName}'`);
      const name = entry.fileName.slice(0, -'.npy'.length);
      if (entries.has(name)) throw new MapFileError(`${path}: there are two arrays '${name}' in the archive`);
      entries.set(name, entry);
    }
    return {
      path,
      names: [...entries.keys()],
      array: async (name) => {
        const where = `${path}: ${name}`;
        const refuse = damagedAt(where);
        try {
          return await arrayOf(zip, entries.get(name)!, where, name, refuse);
        } catch (error) {
          throw error instanceof MapFileError ? error : refuse(error);
        }
      },
      close: async () => zip.close(),
    };
  } catch (error) {
    zip.close();
    throw error instanceof MapFileError ? error : damaged(error);
  }
}
