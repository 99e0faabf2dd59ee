/** What the interpreter computes with, and the two ways it walks over an array: by offsets and by lanes. */
import { type Shape, stridesOf } from '../../tensor.js';
import type { Op, Value } from '../ir.js';

/** A float64 array of any dtype's values in row-major order; bool is 0 or 1. */
export interface Dense {
  readonly shape: Shape;
  readonly data: Float64Array;
}

/** Anything with a shape and numbers: a Tensor, or a Dense. */
export interface Fed {
  readonly shape: Shape;
  readonly data: ArrayLike<number>;
}

/** What a run is given, by name. */
export interface Given {
  readonly feeds: Readonly<Record<string, Fed>>;
  readonly parameters: Readonly<Record<string, Fed>>;
  readonly masks: Readonly<Record<string, Fed>>;
}

/** Computes a value's elements from those of its inputs. */
export type Rule<K extends Op> = (inputs: readonly Dense[], node: Value<K>, given: Given) => Float64Array;

/** For every element of `shape`, in row-major order: start + its index times `strides`. */
export function offsets(shape: Shape, strides: readonly number[], start = 0): Int32Array {
  let list = Int32Array.of(start);
  shape.forEach((size, axis) => {
    const next = new Int32Array(list.length * size);
    list.forEach((offset, i) => {
      for (let j = 0; j < size; j++) next[i * size + j] = offset + j * strides[axis]!;
    });
    list = next;
  });
  return list;
}

/** For every element of `to`: the offset of the element of `from` that NumPy broadcasting puts there. */
export function broadcastOffsets(from: Shape, to: Shape): Int32Array {
  const strides = stridesOf(from).map((stride, i) => (from[i] === 1 ? 0 : stride));
  return offsets(to, [...new Array<number>(to.length - from.length).fill(0), ...strides]);
}

/** The elements along an axis: they lie at start + j * stride for j < size, for every start. */
export function lanes(shape: Shape, axis: number): { starts: Int32Array; stride: number; size: number } {
  const strides = stridesOf(shape);
  return { starts: offsets(shape.with(axis, 1), strides), stride: strides[axis]!, size: shape[axis]! };
}
