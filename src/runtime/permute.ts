/** Reordering the axes of a dense array, fast enough for weights of tens of megabytes. */
import { type Shape, sizeOf, stridesOf, type Tensor } from '../tensor.js';

/** The permutation that undoes the given one. */
export const inverse = (permutation: readonly number[]): number[] => permutation.map((_, i) => permutation.indexOf(i));

/** The shape after `permute`: axis i of the result is axis permutation[i] of the source. */
export const permutedShape = (shape: Shape, permutation: readonly number[]): number[] => permutation.map((p) => shape[p]!);

/**
 * The elements of `data`, of the given shape, in row-major order of the permuted axes: axis i of the result is axis permutation[i] of
 * the source (as in `transpose`). Always a new array.
 */
export function permute<T extends Tensor['data']>(data: T, shape: Shape, permutation: readonly number[]): T {
  const result = new (data.constructor as new (length: number) => T)(sizeOf(shape));
  const sourceStrides = stridesOf(shape);
  // Axes of size 1 go; neighbours that stay neighbours become one axis: fewer and longer loops.
  const sizes: number[] = [];
  const strides: number[] = [];
  for (const axis of permutation) {
    const size = shape[axis]!;
    const stride = sourceStrides[axis]!;
    if (size === 1) continue;
    if (strides.length && strides.at(-1) === stride * size) {
      sizes[sizes.length - 1]! *= size;
      strides[strides.length - 1] = stride;
    } else {
      sizes.push(size);
      strides.push(stride);
    }
  }
  const rows = sizes.length > 1 ? sizes.at(-2)! : 1;
  const rowStride = strides.at(-2) ?? 0;
  const columns = sizes.at(-1) ?? 1;
  const columnStride = strides.at(-1) ?? 0;
  const outer = sizes.slice(0, -2);
  const index = outer.map(() => 0);
  let base = 0;
  for (let target = 0; target < result.length; ) {
    for (let row = 0, start = base; row < rows; row++, start += rowStride)
      for (let column = 0, source = start; column < columns; column++, source += columnStride) result[target++] = data[source]!;
    // The next index of the outer axes, like an odometer.
    for (let axis = outer.length - 1; axis >= 0; axis--) {
      base += strides[axis]!;
      if (++index[axis]! < outer[axis]!) break;
      base -= strides[axis]! * outer[axis]!;
      index[axis] = 0;
    }
  }
  return result;
}
