/** Element types a graph value can have. `bool` is stored one byte per element, 0 or 1; `uint8` is what pictures are made of. */
export type DType = 'float32' | 'int32' | 'uint8' | 'bool';

export type Shape = readonly number[];

export interface TypedArrays {
  float32: Float32Array;
  int32: Int32Array;
  uint8: Uint8Array;
  bool: Uint8Array;
}

/** A dense array in row-major order. `data.length` equals the product of `shape`; a scalar has shape `[]`. */
export interface Tensor<D extends DType = DType> {
  readonly dtype: D;
  readonly shape: Shape;
  readonly data: TypedArrays[D];
}

/** The lowest finite float32. */
export const lowestFloat = -3.4028234663852886e38;

/** Number of elements of a shape: the product of its dimensions, 1 for a scalar. */
export const sizeOf = (shape: Shape): number => shape.reduce((product, d) => product * d, 1);

export const sameShape = (a: Shape, b: Shape): boolean => a.length === b.length && a.every((d, i) => d === b[i]);
/** `[2, 3]`, as messages write it. */
export const showShape = (shape: Shape): string => `[${shape.join(', ')}]`;

/** Row-major strides, in elements. */
export function stridesOf(shape: Shape): number[] {
  const strides = new Array<number>(shape.length).fill(1);
  for (let i = shape.length - 2; i >= 0; i--) strides[i] = strides[i + 1]! * shape[i + 1]!;
  return strides;
}

const arrays = { float32: Float32Array, int32: Int32Array, uint8: Uint8Array, bool: Uint8Array } as const;

/** A tensor over `data` (kept, not copied), or filled with zeros when none is given. Throws RangeError when the sizes disagree. */
export function tensor<D extends DType>(dtype: D, shape: Shape, data?: TypedArrays[D]): Tensor<D> {
  const size = sizeOf(shape);
  if (data && data.length !== size)
    throw new RangeError(`tensor: shape [${shape}] holds ${size} elements, but the data has ${data.length}`);
  return { dtype, shape, data: data ?? (new arrays[dtype](size) as TypedArrays[D]) };
}

/** A float32 tensor from plain numbers. */
export const float32 = (shape: Shape, values?: ArrayLike<number>): Tensor<'float32'> =>
  tensor('float32', shape, values && Float32Array.from(values));

/** An int32 tensor from plain numbers. */
export const int32 = (shape: Shape, values: ArrayLike<number>): Tensor<'int32'> =>
  tensor('int32', shape, Int32Array.from(values));
