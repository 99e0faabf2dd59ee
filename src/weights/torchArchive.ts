/** The form since PyTorch 1.6: a zip archive with a pickle, and one file for each storage. */
import { crc32 } from 'node:zlib';
import { type Entry, openPromise, type ZipFile } from 'yauzl';
import { unpickle } from './pickle.js';
import { PickleError, quoted, type Storage } from './pickleValues.js';
import { bytesOf, mostPickleBytes, type OpenForm, storageOf } from './torchForm.js';

/** A storage each, and a few about the archive. */
const mostEntries = 100_000;

const damaged = (what: string, error: unknown): PickleError =>
  new PickleError(`${what} cannot be read (${(error as Error).message}): is it a complete download?`, { cause: error });

async function entriesOf(zip: ZipFile): Promise<Map<string, Entry>> {
  const entries = new Map<string, Entry>();
  for await (const entry of zip.eachEntry()) {
    if (entries.has(entry.fileName)) throw new PickleError(`there are two files ${quoted(entry.fileName)} in the archive`);
    if (entries.size === mostEntries) throw new PickleError(`there are more than ${mostEntries} files in the archive`);
    entries.set(entry.fileName, entry);
  }
  return entries;
}

/** The content of an entry, whose size is known to be bearable. */
async function contentOf(zip: ZipFile, entry: Entry): Promise<Uint8Array> {
  // Then all that is read is in the file, where compressed zeros may become any amount of memory.
  if (entry.compressionMethod !== 0)
    throw new PickleError(
      `${quoted(entry.fileName)} in the archive is compressed, and torch.save compresses nothing: save it again with torch.save`,
    );
  const bytes = new Uint8Array(entry.uncompressedSize);
  let [filled, sum] = [0, 0];
  try {
    for await (const chunk of (await zip.openReadStreamPromise(entry)) as AsyncIterable<Uint8Array>) {
      bytes.set(chunk, filled);
      filled += chunk.length;
      sum = crc32(chunk, sum);
    }
  } catch (error) {
    throw damaged(`${quoted(entry.fileName)} in the archive`, error);
  }
  // yauzl does not look at it.
  if (sum !== entry.crc32) throw damaged(`${quoted(entry.fileName)} in the archive`, new Error('its checksum is another'));
  return bytes;
}

/** `<name>/data.pkl` is the pickle, `<name>/data/<key>` are the storages. */
export const openArchive: OpenForm = async (path) => {
  const zip = await openPromise(path, { autoClose: false }).catch((error) => {
    throw damaged('the archive', error);
  });
  try {
    const entries = await entriesOf(zip).catch((error) => {
      throw error instanceof PickleError ? error : damaged('the archive', error);
    });
    const pickles = [...entries.keys()].filter((name) => /^[^/]+\/data\.pkl$/.test(name));
    if (pickles.length !== 1)
      throw new PickleError(
        `a zip archive, but none of torch.save: expected one file '<name>/data.pkl' in it, there are ${pickles.length}` +
          (entries.size > 0 ? ` (the first file is ${quoted([...entries.keys()][0]!)})` : ''),
      );
    const folder = pickles[0]!.slice(0, -'data.pkl'.length);
    if ([...entries.keys()].some((name) => name.startsWith(`${folder}code/`)))
      throw new PickleError('a TorchScript archive, which holds code: save the state_dict of the model instead');
    const order = entries.get(`${folder}byteorder`);
    if (order && order.uncompressedSize < 16 && new TextDecoder().decode(await contentOf(zip, order)) !== 'little')
      throw new PickleError('its numbers are big endian: load it there and save it again on another machine');
    const pickle = entries.get(pickles[0]!)!;
    if (pickle.uncompressedSize > mostPickleBytes)
      throw new PickleError(`its pickle has ${pickle.uncompressedSize} bytes, expected at most ${mostPickleBytes}`);
    const { value } = unpickle(await contentOf(zip, pickle), 0, storageOf);
    return {
      value,
      read: async ({ key, dtype, length }: Storage) => {
        const entry = entries.get(`${folder}data/${key}`);
        if (!entry) throw new PickleError(`its storage '${key}' is not in the archive`);
        if (entry.uncompressedSize !== length * bytesOf[dtype])
          throw new PickleError(
            `its storage '${key}' has ${entry.uncompressedSize} bytes, ${length} elements of ${dtype} are ${length * bytesOf[dtype]}`,
          );
        return contentOf(zip, entry);
      },
      close: () => zip.close(),
    };
  } catch (error) {
    zip.close();
    throw error;
  }
};
