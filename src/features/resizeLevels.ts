/** Pillow's resizing as a graph fragment, level for level. */
import type { Value } from '../graph/ir.js';
import { add, cast, clamp, constant, matMul, mul } from '../graph/ops.js';
import { tensor } from '../tensor.js';
import { pillowTaps, type ResizeKernel } from './kernels/resampling.js';

/** Which axis of pictures [B, 3, H, W] is resized. */
type Axis = 'height' | 'width';

/**
 * Pillow's fixed-point weights k = 65536 a + 256 b + c, b and c in 0 .. 255, as matrices of a, b and c, to be multiplied with from the left
 * [to, from] or from the right [from, to]. float32 adds up 24 bits exactly: products of a level and such a digit, up to 258 of them.
 */
function digitMatrices(from: number, to: number, kernel: ResizeKernel, axis: Axis): Value[] {
  const { taps, first, weights } = pillowTaps(from, to, kernel);
  const shape = axis === 'height' ? [to, from] : [from, to];
  return [(k: number) => k >> 16, (k: number) => (k >> 8) & 255, (k: number) => k & 255].map((digit) => {
    const matrix = tensor('float32', shape);
    weights.forEach((k, i) => {
      const [row, column] = [Math.floor(i / taps), first[Math.floor(i / taps)]! + (i % taps)];
      if (k !== 0) matrix.data[axis === 'height' ? row * from + column : column * to + row] = digit(k);
    });
    return constant(matrix);
  });
}

/** floor(x / base) of whole numbers x >= 0, base a power of two. */
const quotient = (x: Value, base: number): Value => cast(cast(mul(x, 1 / base), 'int32'), 'float32');

/**
 * One pass of Pillow's `Image.resize`: x [B, 3, H, W], whole levels 0 .. 255, with one axis of `to` pixels, again whole levels,
 *
 *     y = limit((sum k x + 2^21) >> 22)   with   sum k x = 65536 A + 256 B + C,   A = sum a x, ...
 *
 * computed as floor((A + 32 + floor((B + floor(C / 256)) / 256)) / 64), which float32 holds exactly for pictures that shrink to no less than a 64th
 * (for smaller ones a level is rounded the other way once in a million). An axis that is `to` pixels long already stays as it is, as there.
 */
export function resizeLevels(x: Value, to: number, kernel: ResizeKernel, axis: Axis): Value {
  const from = x.shape[axis === 'height' ? 2 : 3]!;
  if (from === to) return x;
  const [a, b, c] = digitMatrices(from, to, kernel, axis).map((matrix) =>
    axis === 'height' ? matMul(matrix, x) : matMul(x, matrix),
  );
  const carried = quotient(add(b!, quotient(c!, 256)), 256);
  return quotient(clamp(add(add(a!, carried), 32), 0, 64 * 256 - 1), 64);
}
