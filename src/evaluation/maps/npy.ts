/** NumPy's `.npy` files (https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html). */
import { createReadStream } from 'node:fs';
import { open } from 'node:fs/promises';
import { type ElementType, elementBytes, MapFileError, type StoredArray } from './storedArray.js';

const magic = '\x93NUMPY';
/** Bytes; a shape and a type need a hundred. */
const maxHeaderBytes = 65_536;
/** The magic, the version, and the longer form of the header's length. */
export const npyPrefixBytes = 12;

/** Where the header of a file that begins with these twelve bytes ends. Throws MapFileError when it is no such file. */
export function npyHeaderEnd(prefix: Uint8Array, where: string): number {
  const view = new DataView(prefix.buffer, prefix.byteOffset, prefix.length);
  if (prefix.length < npyPrefixBytes || Buffer.from(prefix.subarray(0, 6)).toString('latin1') !== magic)
    throw new MapFileError(`${where}: expected a NumPy array (.npy), the file does not begin like one`);
  const version = prefix[6]!;
  if (version < 1 || version > 3) throw new MapFileError(`${where}: NumPy's format ${version} is not known, only 1 to 3`);
  const [start, length] = version === 1 ? [10, view.getUint16(8, true)] : [12, view.getUint32(8, true)];
  if (length > maxHeaderBytes) throw new MapFileError(`${where}: its header has ${length} bytes, more than ${maxHeaderBytes}`);
  return start + length;
}

/** A header's text: a Python dict of three entries in any order, nothing else. It is matched, never evaluated. */
const entries = {
  descr: /'descr'\s*:\s*'([^'\\]*)'/,
  fortran: /'fortran_order'\s*:\s*(True|False)/,
  shape: /'shape'\s*:\s*\(([\d,\s]*)\)/,
};
const anyEntry = Object.values(entries)
  .map(({ source }) => `(?:${source})`)
  .join('|');
const header = new RegExp(`^\\{\\s*(?:(?:${anyEntry})\\s*,?\\s*){3}\\}\\s*$`);

/** Type and shape from the bytes up to the header's end. Throws MapFileError for what is no array of numbers in row-major order. */
export function parseNpyHeader(bytes: Uint8Array, where: string): Pick<StoredArray, 'type' | 'shape'> {
  const text = Buffer.from(bytes.subarray(bytes[6] === 1 ? 10 : 12)).toString('latin1');
  const [descr, fortran, shape] = Object.values(entries).map((entry) => entry.exec(text)?.[1]);
  if (/'descr'\s*:\s*\[/.test(text))
    throw new MapFileError(`${where}: expected an array of numbers, it has fields; save one of them`);
  if (!header.test(text) || descr === undefined || fortran === undefined || shape === undefined)
    throw new MapFileError(`${where}: its header is not NumPy's: ${JSON.stringify(text.slice(0, 100))}`);
  if (!Object.hasOwn(elementBytes, descr))
    throw new MapFileError(
      `${where}: elements of type '${descr}' cannot be read, only ${Object.keys(elementBytes).join(', ')}; save it with .astype('<f4')`,
    );
  if (fortran === 'True') throw new MapFileError(`${where}: the array is in column-major order; save np.ascontiguousarray of it`);
  const sizes = shape.split(',').flatMap((d) => (d.trim() === '' ? [] : [Number(d)]));
  if (!sizes.every(Number.isSafeInteger) || !Number.isSafeInteger(8 * sizes.reduce((product, d) => product * d, 1)))
    throw new MapFileError(`${where}: a shape of (${shape}) is larger than any array`);
  return { type: descr as ElementType, shape: sizes };
}

/** The array of a file. Throws MapFileError for a file that is none, and the system's error when it cannot be read. */
export async function openNpy(path: string, name = ''): Promise<StoredArray> {
  const file = await open(path);
  try {
    const read = async (length: number) => {
      const { bytesRead, buffer } = await file.read(new Uint8Array(length), 0, length, 0);
      return buffer.subarray(0, bytesRead);
    };
    const end = npyHeaderEnd(await read(npyPrefixBytes), path);
    const parsed = parseNpyHeader(await read(end), path);
    return { ...parsed, where: path, name, bytes: () => createReadStream(path, { start: end, highWaterMark: 2 ** 20 }) };
  } finally {
    await file.close();
  }
}

/** The bytes before the elements of a float32 array of that shape, as NumPy writes them. */
export function npyHeader(shape: readonly number[]): Uint8Array {
  const text = `{'descr': '<f4', 'fortran_order': False, 'shape': (${shape.join(', ')}${shape.length === 1 ? ',' : ''}), }`;
  // The elements begin at a multiple of 64.
  const length = Math.ceil((10 + text.length + 1) / 64) * 64 - 10;
  const bytes = Buffer.alloc(10 + length, ' ');
  bytes.write(magic, 'latin1');
  bytes.writeUInt16LE(1, 6);
  bytes.writeUInt16LE(length, 8);
  bytes.write(text, 10, 'latin1');
  bytes.write('\n', 10 + length - 1, 'latin1');
  return bytes;
}
