/** The weights in a checkpoint, and their values. */
import { type Tensor, tensor } from '../tensor.js';
import { Dict, kindOf, type PickleValue, type StoredDType, StoredTensor } from './pickleValues.js';
import { CheckpointError, type OpenTorchFile } from './torchFile.js';
import { bytesOf } from './torchForm.js';

/** Under which names trainings keep the state dict. */
const places = ['model', 'state_dict', 'model_state_dict'];
/** What torch.nn.DataParallel puts before every name. */
const parallel = 'module.';

/** They are shown in messages. */
const isName = (name: PickleValue): name is string => typeof name === 'string' && /^[\w.-]{1,300}$/.test(name);

/** Every entry of a state dict, or undefined when it is none. */
function tensorsIn(value: PickleValue | undefined): Map<string, StoredTensor> | undefined {
  if (!(value instanceof Dict) || value.entries.size === 0) return undefined;
  const tensors = new Map<string, StoredTensor>();
  for (const [name, entry] of value.entries) {
    if (!isName(name) || !(entry instanceof StoredTensor)) return undefined;
    tensors.set(name, entry);
  }
  return tensors;
}

/**
 * The tensors of a checkpoint by their names, without DataParallel's `module.`: those of the state dict that it is, or has under `model`,
 * `state_dict` or `model_state_dict`. Throws CheckpointError when there is none.
 */
export function stateDictOf({ path, value }: OpenTorchFile): Map<string, StoredTensor> {
  const under = value instanceof Dict ? places.map((place) => value.entries.get(place)) : [];
  const found = [value, ...under].map(tensorsIn).find((tensors) => tensors !== undefined);
  if (!found) {
    const has =
      value instanceof Dict
        ? [...value.entries].map(([key, entry]) => `${isName(key) ? key : kindOf(key)} (${kindOf(entry)})`)
        : [];
    const shown = has.slice(0, 8).join(', ') + (has.length > 8 ? `, and ${has.length - 8} more` : '');
    throw new CheckpointError(
      `${path}: expected a state dict, as it is or under ${places.join(', ')}; it holds ${kindOf(value)}${shown && ` with ${shown}`}`,
    );
  }
  if (![...found.keys()].every((name) => name.startsWith(parallel))) return found;
  return new Map([...found].map(([name, entry]) => [name.slice(parallel.length), entry]));
}

type Reader = (view: DataView, index: number) => number;

/** Half precision: a sign, 5 bits of exponent, 10 of fraction. */
function half(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 31;
  const fraction = bits & 1023;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  if (exponent === 31) return fraction ? Number.NaN : sign * Number.POSITIVE_INFINITY;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}

/** The upper half of a float32. */
const upper = new DataView(new ArrayBuffer(4));
function bfloat(bits: number): number {
  upper.setUint16(0, bits);
  return upper.getFloat32(0);
}

const readers: Readonly<Partial<Record<StoredDType, Reader>>> = {
  float32: (view, i) => view.getFloat32(4 * i, true),
  float64: (view, i) => view.getFloat64(8 * i, true),
  float16: (view, i) => half(view.getUint16(2 * i, true)),
  bfloat16: (view, i) => bfloat(view.getUint16(2 * i, true)),
};

/**
 * The values of tensors, as float32. Throws CheckpointError for one whose values are no floating-point numbers, or not finite, and what
 * the file throws.
 */
export async function readTensors(
  { path, read }: OpenTorchFile,
  tensors: ReadonlyMap<string, StoredTensor>,
): Promise<Map<string, Tensor<'float32'>>> {
  const values = new Map<string, Tensor<'float32'>>();
  // Tensors that share a storage lie behind each other.
  let last: { key: string; bytes: Uint8Array } | undefined;
  for (const [name, { storage, offset, shape, strides }] of tensors) {
    const value = readers[storage.dtype];
    if (!value)
      throw new CheckpointError(`${path}: '${name}' is ${storage.dtype}, expected float32 (or float64, float16, bfloat16)`);
    if (last?.key !== storage.key) last = { key: storage.key, bytes: await read(storage) };
    const view = new DataView(last.bytes.buffer, last.bytes.byteOffset, storage.length * bytesOf[storage.dtype]);
    const made = tensor('float32', shape);
    fill(made.data, shape, strides, offset, (at) => value(view, at));
    const at = made.data.findIndex((x) => !Number.isFinite(x));
    if (at >= 0) throw new CheckpointError(`${path}: '${name}' is ${made.data[at]} at element ${at}: the training went wrong`);
    values.set(name, made);
  }
  return values;
}

/** Elements of a view in row-major order. */
function fill(
  data: Float32Array,
  shape: readonly number[],
  strides: readonly number[],
  offset: number,
  value: (at: number) => number,
): void {
  const position = shape.map(() => 0);
  let at = offset;
  for (let i = 0; i < data.length; i++) {
    data[i] = value(at);
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      at += strides[axis]!;
      if (++position[axis]! < shape[axis]!) break;
      at -= strides[axis]! * shape[axis]!;
      position[axis] = 0;
    }
  }
}
