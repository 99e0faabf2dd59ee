/** Arrays in files, read piece by piece. */

/** A file that holds no arrays, or none that can be maps: the message names the file, what was expected, and what to do. */
export class MapFileError extends Error {
  override name = 'MapFileError';
}

/** How an element is stored, little-endian, by the names of NumPy. */
export type ElementType = '<f2' | '<f4' | '<f8' | '<i4' | '|u1';

export const elementBytes: Readonly<Record<ElementType, number>> = { '<f2': 2, '<f4': 4, '<f8': 8, '<i4': 4, '|u1': 1 };

/** An array of numbers in a file, in row-major order. */
export interface StoredArray {
  /** Names the array in messages: the file, and the array in it. */
  where: string;
  /** Its name where the file has several; '' otherwise. */
  name: string;
  shape: readonly number[];
  type: ElementType;
  /** The bytes of its elements, from the first to the last. */
  bytes: () => AsyncIterable<Uint8Array>;
}

/** A file, or a folder, with arrays in it. */
export interface ArrayFile {
  path: string;
  /** Of its arrays, in its order; a single '' for a file that is one array. */
  names: readonly string[];
  /** The array of that name. Throws MapFileError for one that is no array of numbers. */
  array: (name: string) => Promise<StoredArray>;
  close: () => Promise<void>;
}

/** The value of half a float (IEEE 754 binary16). */
function half(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const [exponent, fraction] = [(bits >> 10) & 31, bits & 1023];
  if (exponent === 0) return sign * fraction * 2 ** -24;
  if (exponent === 31) return fraction ? Number.NaN : sign * Number.POSITIVE_INFINITY;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}

/** Stored elements as float32. `bytes` begins at a multiple of eight in its buffer. */
function decode(bytes: Uint8Array, type: ElementType): Float32Array {
  const { buffer, byteOffset, length } = bytes;
  if (type === '<f4') return new Float32Array(buffer, byteOffset, length / 4).slice();
  if (type === '<f8') return Float32Array.from(new Float64Array(buffer, byteOffset, length / 8));
  if (type === '<i4') return Float32Array.from(new Int32Array(buffer, byteOffset, length / 4));
  if (type === '<f2') return Float32Array.from(new Uint16Array(buffer, byteOffset, length / 2), half);
  return Float32Array.from(bytes);
}

/**
 * The array's elements in consecutive parts of `length`, as float32. Throws MapFileError when the file ends before the array does or goes on
 * behind it.
 */
export async function* parts({ where, shape, type, bytes }: StoredArray, length: number): AsyncGenerator<Float32Array> {
  const total = shape.reduce((product, d) => product * d, 1);
  const part = new Uint8Array(length * elementBytes[type]);
  const count = total / length;
  let [made, filled] = [0, 0];
  for await (const chunk of bytes()) {
    for (let at = 0; at < chunk.length; ) {
      if (made === count)
        throw new MapFileError(`${where}: expected ${total} elements of ${type}, there are more; is the file damaged?`);
      const taken = chunk.subarray(at, at + part.length - filled);
      part.set(taken, filled);
      at += taken.length;
      filled += taken.length;
      if (filled < part.length) break;
      filled = 0;
      made++;
      yield decode(part, type);
    }
  }
  if (made < count)
    throw new MapFileError(
      `${where}: expected ${total} elements of ${type}, the file ends after ${made * length}; is it complete?`,
    );
}

/** The whole array, as `parts` reads it. Only for arrays that were found to be small. */
export async function wholeArray(array: StoredArray): Promise<Float32Array> {
  const total = array.shape.reduce((product, d) => product * d, 1);
  let whole: Float32Array = new Float32Array(0);
  // To the end of the file, where it shows that there is no more and that it is not damaged.
  if (total > 0) for await (const part of parts(array, total)) whole = part;
  return whole;
}
