/**
 * The names that a pickle may mention. Python would import and call them; here each stands for something that this file does itself, and all
 * other names are refused.
 */
import {
  Dict,
  KnownName,
  kindOf,
  PickleError,
  type PickleValue,
  quoted,
  Storage,
  type StoredDType,
  StoredTensor,
  Tuple,
} from './pickleValues.js';

/** PyTorch's types of storages. */
const storageTypes: Readonly<Record<string, StoredDType>> = {
  'torch.FloatStorage': 'float32',
  'torch.DoubleStorage': 'float64',
  'torch.HalfStorage': 'float16',
  'torch.BFloat16Storage': 'bfloat16',
  'torch.LongStorage': 'int64',
  'torch.IntStorage': 'int32',
  'torch.ShortStorage': 'int16',
  'torch.CharStorage': 'int8',
  'torch.ByteStorage': 'uint8',
  'torch.BoolStorage': 'bool',
};

/** PyTorch 0.1 names the types of tensors too, and where storages are. */
const formerTypes = Object.entries(storageTypes).map(([name, dtype]) => [name.replace('torch.', 'torch.cuda.'), dtype] as const);
const tensorTypes = [...Object.keys(storageTypes), ...formerTypes.map(([name]) => name)].map((name) =>
  name.replace('Storage', 'Tensor'),
);

/** Objects that trainings keep beside the weights: options, and scores as NumPy's numbers. Of these nothing is read. */
const besideWeights = [
  'argparse.Namespace',
  'easydict.EasyDict',
  'collections.Counter',
  '__builtin__.set',
  'builtins.set',
  '_codecs.encode',
  'numpy.dtype',
  'numpy.core.multiarray.scalar',
  'numpy._core.multiarray.scalar',
  'torch.device',
  'torch.float32',
  'torch.float64',
  'torch.float16',
  'torch.bfloat16',
  'torch.int64',
];

/** A tensor's size in one dimension, or its step: more than any storage has. */
const largest = 2 ** 40;
const mostDimensions = 16;

function counts(what: string, value: PickleValue | undefined): readonly number[] {
  const items: readonly PickleValue[] = value instanceof Tuple ? value.items : [value ?? null];
  const isCount = (x: PickleValue): x is number => typeof x === 'number' && Number.isInteger(x) && x >= 0 && x <= largest;
  if (items.length > mostDimensions || !items.every(isCount))
    throw new PickleError(`the ${what} of a tensor: expected at most ${mostDimensions} whole numbers from 0 on`);
  return items;
}

/** (storage, offset, shape, strides, ...): a view of a storage, which has to lie within it. */
export function tensorOf([storage, first, size, step]: readonly PickleValue[]): StoredTensor {
  if (!(storage instanceof Storage)) throw new PickleError(`a tensor of ${kindOf(storage ?? null)}, expected one of a storage`);
  const shape = counts('shape', size);
  const strides = counts('strides', step);
  const [offset] = counts('offset', first) as [number];
  if (!(size instanceof Tuple && step instanceof Tuple) || first instanceof Tuple || shape.length !== strides.length)
    throw new PickleError(`a tensor of shape [${shape}] with strides [${strides}]: expected one stride for each dimension`);
  const last = shape.reduce((at, n, axis) => at + (n - 1) * strides[axis]!, offset);
  const isEmpty = shape.includes(0);
  if (!isEmpty && last >= storage.length)
    throw new PickleError(
      `a tensor of shape [${shape}] with strides [${strides}] from element ${offset} on ends at element ${last} of a storage of ${storage.length}`,
    );
  // Otherwise few bytes could ask for any amount of memory.
  if (!isEmpty && shape.reduce((n, d) => n * d, 1) > storage.length)
    throw new PickleError(`a tensor of shape [${shape}] repeats the ${storage.length} elements of its storage`);
  return new StoredTensor(storage, offset, shape, strides);
}

function orderedDict([items]: readonly PickleValue[]): Dict {
  const dict = new Dict();
  for (const item of Array.isArray(items) ? items : []) {
    const pair = item instanceof Tuple ? item.items : item;
    if (!Array.isArray(pair) || pair.length !== 2)
      throw new PickleError(`an OrderedDict of ${kindOf(item)}, expected pairs of a key and a value`);
    dict.entries.set(pair[0]!, pair[1]!);
  }
  return dict;
}

function sizeOfTensor([items]: readonly PickleValue[]): Tuple {
  return items instanceof Tuple ? items : new Tuple([]);
}

function parameterOf([data]: readonly PickleValue[]): StoredTensor {
  if (!(data instanceof StoredTensor)) throw new PickleError(`a parameter of ${kindOf(data ?? null)}, expected a tensor`);
  return data;
}

const made: Readonly<Record<string, (args: readonly PickleValue[]) => PickleValue>> = {
  'collections.OrderedDict': orderedDict,
  'torch.Size': sizeOfTensor,
  'torch._utils._rebuild_tensor': tensorOf,
  'torch._utils._rebuild_tensor_v2': tensorOf,
  'torch._utils._rebuild_parameter': parameterOf,
};

const known = new Map<string, KnownName>([
  ...[...Object.entries(storageTypes), ...formerTypes].map(
    ([name, dtype]) => [name, new KnownName(name, { kind: 'storage', dtype })] as const,
  ),
  ...Object.entries(made).map(([name, make]) => [name, new KnownName(name, { kind: 'made', make })] as const),
  ...[...tensorTypes, ...besideWeights].map((name) => [name, new KnownName(name, { kind: 'placeholder' })] as const),
]);

/** Throws PickleError for every name that is not on the list. */
export function knownName(module: string, name: string): KnownName {
  const found = known.get(`${module}.${name}`);
  if (!found)
    throw new PickleError(
      `it names ${quoted(`${module}.${name}`)}, which is no part of weights; nothing of the file was run, and it is refused. If you ` +
        `trust the file, open it in Python and save its state_dict alone: torch.save(model.state_dict(), 'weights.pth')`,
    );
  return found;
}
