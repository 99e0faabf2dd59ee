/** What a pickle of PyTorch holds, once it is read: plain data. Nothing of it can be called. */

/** How the elements of a storage are written, little endian. */
export type StoredDType =
  | 'float32'
  | 'float64'
  | 'float16'
  | 'bfloat16'
  | 'int64'
  | 'int32'
  | 'int16'
  | 'int8'
  | 'uint8'
  | 'bool';

export class Tuple {
  constructor(readonly items: readonly PickleValue[]) {}
}

/** A dict or an OrderedDict. */
export class Dict {
  readonly entries = new Map<PickleValue, PickleValue>();
}

/** Where a tensor's elements lie: a file within the archive, or a part of it. */
export class Storage {
  constructor(
    readonly key: string,
    readonly dtype: StoredDType,
    /** Number of elements. */
    readonly length: number,
  ) {}
}

/** A tensor that has not been read: element (i, j, ...) is number `offset` + i strides[0] + j strides[1] + ... of its storage. */
export class StoredTensor {
  constructor(
    readonly storage: Storage,
    readonly offset: number,
    readonly shape: readonly number[],
    readonly strides: readonly number[],
  ) {}
}

/** An object beside the weights, such as the options of a training, of which nothing is kept but its class. */
export class Placeholder {
  constructor(readonly of: string) {}
}

/** A name of the list in `knownNames.ts`: what the reader does where the pickle would call it. */
export class KnownName {
  constructor(
    readonly name: string,
    readonly meaning:
      | { kind: 'storage'; dtype: StoredDType }
      | { kind: 'made'; make: (args: readonly PickleValue[]) => PickleValue }
      | { kind: 'placeholder' },
  ) {}
}

export type PickleValue =
  | null
  | boolean
  | number
  | bigint
  | string
  | Uint8Array
  | PickleValue[]
  | Tuple
  | Dict
  | Storage
  | StoredTensor
  | Placeholder
  | KnownName;

/** A pickle that is damaged, or holds what is not read here. */
export class PickleError extends Error {
  override name = 'PickleError';
}

/** A name as messages show it: what a file says may be of any length, and hold what a terminal obeys. */
export const quoted = (name: string): string =>
  /^\P{C}{1,200}$/u.test(name) ? JSON.stringify(name) : `(a name of ${name.length} characters)`;

/** A number or a name as it is, of anything else its kind: a list may hold itself again and again. */
export const shown = (value: PickleValue): string =>
  typeof value === 'number' ? `${value}` : typeof value === 'string' ? quoted(value) : kindOf(value);

/** For messages. */
export function kindOf(value: PickleValue): string {
  if (value === null) return 'None';
  if (Array.isArray(value)) return 'a list';
  if (typeof value !== 'object') return `a ${typeof value}`;
  if (value instanceof Placeholder) return `an object of ${value.of}`;
  if (value instanceof KnownName) return value.name;
  const names = [
    [Tuple, 'a tuple'],
    [Dict, 'a dict'],
    [Storage, 'a storage'],
    [StoredTensor, 'a tensor'],
  ] as const;
  return names.find(([of]) => value instanceof of)?.[1] ?? 'bytes';
}
