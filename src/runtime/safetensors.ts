/**
 * Weights on disk in the safetensors format (https://github.com/huggingface/safetensors): eight bytes, little endian, with the length
 * of a JSON header; the header, name -> dtype, shape and byte range; then the tensors' bytes, row-major, without gaps.
 */
import { type FileHandle, open } from 'node:fs/promises';
import { type DType, type Shape, sizeOf, type Tensor, tensor } from '../tensor.js';
import { writeWhole } from '../wholeFile.js';

export interface Safetensors {
  tensors: Record<string, Tensor>;
  metadata: Record<string, string>;
}

/** A file that is not what the format allows: the message names the file and, where there is one, the tensor. */
export class SafetensorsError extends Error {
  override name = 'SafetensorsError';
}

type StoredType = 'F32' | 'I32' | 'U8' | 'BOOL' | 'I64';
/** I64 is only read (PyTorch counts batches with it): its values must fit into 32 bits. */
const storedTypes: Readonly<Record<StoredType, { dtype: DType; bytes: number }>> = {
  F32: { dtype: 'float32', bytes: 4 },
  I32: { dtype: 'int32', bytes: 4 },
  U8: { dtype: 'uint8', bytes: 1 },
  BOOL: { dtype: 'bool', bytes: 1 },
  I64: { dtype: 'int32', bytes: 8 },
};
/** Types by their names in the format. */
type KnownTypes<T extends string> = Readonly<Record<T, { bytes: number }>>;
/** Types that are not loaded, but may lie in a file that is listed. */
const listedTypes: KnownTypes<string> = {
  ...storedTypes,
  F64: { bytes: 8 },
  U64: { bytes: 8 },
  U32: { bytes: 4 },
  F16: { bytes: 2 },
  BF16: { bytes: 2 },
  I16: { bytes: 2 },
  U16: { bytes: 2 },
  I8: { bytes: 1 },
  F8_E4M3: { bytes: 1 },
  F8_E5M2: { bytes: 1 },
};
const storedAs = { float32: 'F32', int32: 'I32', uint8: 'U8', bool: 'BOOL' } as const satisfies Record<DType, StoredType>;

/** The reference implementation's limit. */
const longestHeader = 100_000_000;
const lengthBytes = 8;
/** Node reads at most 2 GiB at once. */
const longestRead = 2 ** 30;

interface Entry<T extends string> {
  name: string;
  stored: T;
  shape: Shape;
  begin: number;
  end: number;
}

const isObject = (x: unknown): x is Record<string, unknown> => typeof x === 'object' && x !== null && !Array.isArray(x);
const isCount = (x: unknown): x is number => Number.isSafeInteger(x) && (x as number) >= 0;
const isCounts = (x: unknown): x is number[] => Array.isArray(x) && x.every(isCount);

/** The first key that valid JSON gives twice within one object; JSON.parse would silently keep the last. */
function duplicateKey(json: string): string | undefined {
  const open: Set<string>[] = [];
  for (let i = 0; i < json.length; i++) {
    if (json[i] === '{') open.push(new Set());
    if (json[i] === '}') open.pop();
    if (json[i] !== '"') continue;
    const start = i++;
    for (; json[i] !== '"'; i++) if (json[i] === '\\') i++;
    let after = i + 1;
    while (' \t\n\r'.includes(json[after] ?? '.')) after++;
    if (json[after] !== ':') continue;
    const key = JSON.parse(json.slice(start, i + 1)) as string;
    if (open.at(-1)!.has(key)) return key;
    open.at(-1)!.add(key);
  }
  return undefined;
}

function parseHeader<T extends string>(
  json: string,
  dataBytes: number,
  known: KnownTypes<T>,
  refuse: (why: string) => SafetensorsError,
) {
  let header: unknown;
  try {
    header = JSON.parse(json);
  } catch (error) {
    throw refuse(`its header is no JSON (${(error as Error).message})`);
  }
  if (!isObject(header)) throw refuse('its header is no JSON object');
  const twice = duplicateKey(json);
  if (twice !== undefined) throw refuse(`its header names '${twice}' twice`);
  const { __metadata__: metadata = {}, ...described } = header;
  if (!isObject(metadata) || Object.values(metadata).some((v) => typeof v !== 'string'))
    throw refuse('its __metadata__ must map strings to strings');
  const entries = Object.entries(described).map(([name, entry]) => parseEntry(name, entry, known, refuse));
  checkRanges(entries, dataBytes, refuse);
  return { entries, metadata: metadata as Record<string, string> };
}

function parseEntry<T extends string>(
  name: string,
  entry: unknown,
  known: KnownTypes<T>,
  refuse: (why: string) => SafetensorsError,
): Entry<T> {
  if (!isObject(entry)) throw refuse(`tensor '${name}' is described by no JSON object`);
  const { dtype, shape, data_offsets: range } = entry;
  if (typeof dtype !== 'string' || !Object.hasOwn(known, dtype))
    throw refuse(`tensor '${name}' has dtype ${JSON.stringify(dtype)}; known are ${Object.keys(known).join(', ')}`);
  if (!isCounts(shape)) throw refuse(`tensor '${name}': shape must list whole numbers, it is ${JSON.stringify(shape)}`);
  if (!isCounts(range) || range.length !== 2 || range[0]! > range[1]!)
    throw refuse(`tensor '${name}': data_offsets must be [begin, end], they are ${JSON.stringify(range)}`);
  const [begin, end] = range as [number, number];
  const stored = dtype as T;
  const bytes = sizeOf(shape) * known[stored].bytes;
  if (bytes !== end - begin)
    throw refuse(`tensor '${name}': ${stored} [${shape.join(', ')}] takes ${bytes} bytes, its data_offsets hold ${end - begin}`);
  return { name, stored, shape, begin, end };
}

/** Every byte of the data belongs to exactly one tensor. */
function checkRanges(entries: readonly Entry<string>[], dataBytes: number, refuse: (why: string) => SafetensorsError): void {
  let reached = 0;
  for (const { name, begin, end } of [...entries].sort((a, b) => a.begin - b.begin || a.end - b.end)) {
    if (end > dataBytes) throw refuse(`truncated: tensor '${name}' ends at byte ${end} of the data, which has ${dataBytes}`);
    if (begin < reached)
      throw refuse(`tensor '${name}' begins at byte ${begin} of the data, inside another that ends at ${reached}`);
    if (begin > reached)
      throw refuse(`tensor '${name}' begins at byte ${begin} of the data, after a gap that begins at ${reached}`);
    reached = end;
  }
  if (reached !== dataBytes) throw refuse(`${dataBytes - reached} bytes after the last tensor belong to none`);
}

async function read(file: FileHandle, position: number, length: number): Promise<Uint8Array<ArrayBuffer>> {
  const bytes = new Uint8Array(length);
  for (let done = 0; done < length; ) {
    const { bytesRead } = await file.read(bytes, done, Math.min(length - done, longestRead), position + done);
    if (bytesRead === 0) throw new Error(`the file ends at byte ${position + done}; it was longer when it was opened`);
    done += bytesRead;
  }
  return bytes;
}

function decode(
  { name, stored, shape }: Entry<StoredType>,
  bytes: Uint8Array<ArrayBuffer>,
  refuse: (why: string) => SafetensorsError,
): Tensor {
  if (stored === 'F32') return tensor('float32', shape, new Float32Array(bytes.buffer));
  if (stored === 'I32') return tensor('int32', shape, new Int32Array(bytes.buffer));
  if (stored === 'I64') {
    const wide = new BigInt64Array(bytes.buffer);
    const wrong = wide.find((n) => BigInt.asIntN(32, n) !== n);
    if (wrong !== undefined) throw refuse(`tensor '${name}' holds ${wrong}, which does not fit into 32 bits`);
    return tensor('int32', shape, Int32Array.from(wide, Number));
  }
  if (stored === 'U8') return tensor('uint8', shape, bytes);
  const wrong = bytes.find((byte) => byte > 1);
  if (wrong !== undefined) throw refuse(`tensor '${name}' is BOOL but holds the byte ${wrong}`);
  return tensor('bool', shape, bytes);
}

/** Where the tensors of a file lie, of which none has a type that is not among the `known`. */
async function readHeader<T extends string>(path: string, file: FileHandle, known: KnownTypes<T>) {
  const refuse = (why: string) => new SafetensorsError(`${path}: ${why}`);
  const { size } = await file.stat();
  if (size < lengthBytes) throw refuse(`truncated: a safetensors file has at least ${lengthBytes} bytes, this one has ${size}`);
  const headerBytes = new DataView((await read(file, 0, lengthBytes)).buffer).getBigUint64(0, true);
  if (headerBytes > longestHeader)
    throw refuse(`no safetensors file: its header would be ${headerBytes} bytes long, at most ${longestHeader} are allowed`);
  const dataStart = lengthBytes + Number(headerBytes);
  if (dataStart > size) throw refuse(`truncated: its header ends at byte ${dataStart}, the file at ${size}`);
  const header = await read(file, lengthBytes, Number(headerBytes));
  let json: string;
  try {
    json = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(header);
  } catch {
    throw refuse('its header is no UTF-8 text');
  }
  return { ...parseHeader(json, size - dataStart, known, refuse), dataStart, refuse };
}

/** A tensor in a file: its type as the format calls it, its shape, and the bytes [begin, end) of the file. */
export interface StoredTensor {
  name: string;
  stored: string;
  shape: Shape;
  begin: number;
  end: number;
}

/** What is in a file, without reading the tensors, which may be of types that cannot be loaded. Otherwise throws as `loadSafetensors` does. */
export async function listSafetensors(path: string): Promise<StoredTensor[]> {
  const file = await open(path, 'r');
  try {
    const { entries, dataStart } = await readHeader(path, file, listedTypes);
    return entries.map((entry) => ({ ...entry, begin: dataStart + entry.begin, end: dataStart + entry.end }));
  } finally {
    await file.close();
  }
}

/**
 * Reads every tensor of a file, each into a buffer of its own. F32 becomes float32, I32 and I64 int32, BOOL bool.
 * The file is not trusted: throws SafetensorsError, naming the file and the tensor, when it is truncated, when its header is longer
 * than 100 MB, no JSON or names a tensor twice, when a dtype is unknown, or when sizes and byte ranges do not agree, overlap or leave
 * gaps. Throws the system's error when the file cannot be read.
 */
export async function loadSafetensors(path: string): Promise<Safetensors> {
  const file = await open(path, 'r');
  try {
    const { entries, metadata, dataStart, refuse } = await readHeader(path, file, storedTypes);
    const tensors: [string, Tensor][] = [];
    for (const entry of entries)
      tensors.push([entry.name, decode(entry, await read(file, dataStart + entry.begin, entry.end - entry.begin), refuse)]);
    return { tensors: Object.fromEntries(tensors), metadata };
  } finally {
    await file.close();
  }
}

const bytesOf = ({ data }: Tensor) => new Uint8Array(data.buffer, data.byteOffset, data.byteLength);

const classes = { float32: Float32Array, int32: Int32Array, uint8: Uint8Array, bool: Uint8Array } as const;

/** Throws SafetensorsError for what the reader would refuse: untyped callers can pass anything. */
function checkWritable(
  path: string,
  tensors: Readonly<Record<string, Tensor>>,
  metadata: Readonly<Record<string, string>>,
): void {
  for (const [name, t] of Object.entries(tensors)) {
    if (!Object.hasOwn(storedAs, t.dtype) || !(t.data instanceof classes[t.dtype]))
      throw new SafetensorsError(
        `${path}: tensor '${name}' is ${t.dtype} over a ${t.data?.constructor.name}, expected float32, int32, uint8 or bool over its own array`,
      );
    if (name === '__metadata__') throw new SafetensorsError(`${path}: a tensor cannot be called '__metadata__'`);
    if (t.data.length !== sizeOf(t.shape))
      throw new SafetensorsError(`${path}: tensor '${name}' [${t.shape.join(', ')}] has ${t.data.length} elements`);
  }
  for (const [key, text] of Object.entries(metadata))
    if (typeof text !== 'string') throw new SafetensorsError(`${path}: metadata '${key}' must be a string, it is ${typeof text}`);
}

function* encode(path: string, tensors: Readonly<Record<string, Tensor>>, metadata: Readonly<Record<string, string>>) {
  // Wide elements first, as the reference implementation has it, so that every tensor is aligned; then by name.
  const width = (t: Tensor) => storedTypes[storedAs[t.dtype]].bytes;
  const sorted = Object.entries(tensors).sort(([a, x], [b, y]) => width(y) - width(x) || (a < b ? -1 : 1));
  const header: [string, unknown][] = Object.keys(metadata).length ? [['__metadata__', metadata]] : [];
  let offset = 0;
  for (const [name, t] of sorted) {
    const end = offset + t.data.byteLength;
    header.push([name, { dtype: storedAs[t.dtype], shape: t.shape, data_offsets: [offset, end] }]);
    offset = end;
  }
  const json = new TextEncoder().encode(JSON.stringify(Object.fromEntries(header)));
  const padded = Math.ceil(json.length / 8) * 8;
  if (padded > longestHeader)
    throw new SafetensorsError(`${path}: the header would be ${padded} bytes long, at most ${longestHeader} fit`);
  const start = new Uint8Array(lengthBytes + padded).fill(0x20);
  new DataView(start.buffer).setBigUint64(0, BigInt(padded), true);
  start.set(json, lengthBytes);
  yield start;
  for (const [, t] of sorted) yield bytesOf(t);
}

/**
 * Writes tensors and metadata to a file, whole or not at all: to a temporary file in the same folder that takes the name only once
 * it is safely on disk. The same tensors always give the same bytes. Throws SafetensorsError for a tensor whose data does not fill its
 * shape or is not of its dtype, and the system's error when the file cannot be written; a file that was there before is then untouched.
 */
export async function saveSafetensors(
  path: string,
  tensors: Readonly<Record<string, Tensor>>,
  metadata: Readonly<Record<string, string>> = {},
): Promise<void> {
  checkWritable(path, tensors, metadata);
  await writeWhole(path, encode(path, tensors, metadata));
}
