/** Operations that only move elements. */
import { sizeOf, stridesOf } from '../../tensor.js';
import type { Op } from '../ir.js';
import { broadcastOffsets, type Dense, offsets, type Rule } from './dense.js';

const pick = (x: Dense, from: Int32Array) => Float64Array.from(from, (offset) => x.data[offset]!);

/** Puts x into `out` at the given offsets. */
function put(out: Float64Array, x: Dense, to: Int32Array): Float64Array {
  x.data.forEach((v, i) => {
    out[to[i]!] = v;
  });
  return out;
}

const dot = (a: readonly number[], b: readonly number[]) => a.reduce((sum, v, i) => sum + v * b[i]!, 0);

/** The offsets, in an array whose given axis has `size` elements, of each element of [...before, ...indices.shape, ...after]. */
function indexed(gathered: readonly number[], indices: Dense, axis: number, size: number, op: string): Int32Array {
  for (const index of indices.data)
    if (index < 0 || index >= size) throw new RangeError(`${op}: index ${index} is outside 0..${size - 1} of axis ${axis}`);
  const after = gathered.slice(axis + indices.shape.length);
  const lane = sizeOf(after);
  const starts = offsets(gathered.slice(0, axis), stridesOf(gathered.slice(0, axis)));
  const result = new Int32Array(sizeOf(gathered));
  let i = 0;
  for (const start of starts)
    for (const index of indices.data) for (let j = 0; j < lane; j++) result[i++] = (start * size + index) * lane + j;
  return result;
}

export const movement = {
  gather: ([x, indices], { attributes: { axis }, shape }) => pick(x!, indexed(shape, indices!, axis, x!.shape[axis]!, 'gather')),
  scatterAdd: ([updates, indices], { attributes: { axis, size }, shape }) => {
    const out = new Float64Array(sizeOf(shape));
    const to = indexed(updates!.shape, indices!, axis, size, 'scatterAdd');
    updates!.data.forEach((v, i) => {
      out[to[i]!]! += v;
    });
    return out;
  },
  slice: ([x], { attributes: { starts }, shape }) => {
    const strides = stridesOf(x!.shape);
    return pick(x!, offsets(shape, strides, dot(starts, strides)));
  },
  pad: ([x], { attributes: { before, value }, shape }) => {
    const strides = stridesOf(shape);
    return put(new Float64Array(sizeOf(shape)).fill(value), x!, offsets(x!.shape, strides, dot(before, strides)));
  },
  concat: (inputs, { attributes: { axis }, shape }) => {
    const out = new Float64Array(sizeOf(shape));
    const strides = stridesOf(shape);
    let start = 0;
    for (const x of inputs) {
      put(out, x, offsets(x.shape, strides, start * strides[axis]!));
      start += x.shape[axis]!;
    }
    return out;
  },
  transpose: ([x], { attributes: { permutation }, shape }) => {
    const strides = stridesOf(x!.shape);
    return pick(
      x!,
      offsets(
        shape,
        permutation.map((p) => strides[p]!),
      ),
    );
  },
  reshape: ([x]) => x!.data.slice(),
  broadcastTo: ([x], { shape }) => pick(x!, broadcastOffsets(x!.shape, shape)),
} satisfies { [K in Op]?: Rule<K> };
