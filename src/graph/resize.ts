/** Resizing pictures: separable and linear, so it is two products with constant matrices, and its gradient comes for free. */
import { float32 } from '../tensor.js';
import type { Pair, Value } from './ir.js';
import { constant, matMul } from './ops.js';
import { misfit } from './shape.js';

export type Interpolation = 'bilinear' | 'bicubic';

/**
 * Which input coordinate an output pixel i looks at, with s = input size / output size:
 * - `halfPixel`: (i + 1/2) s - 1/2; corners of the corner pixels coincide. PyTorch `align_corners=False`, OpenCV.
 * - `alignCorners`: i (input - 1) / (output - 1); centres of the corner pixels coincide. PyTorch `align_corners=True`.
 * - `antialias`: as halfPixel, but when shrinking the kernel is widened by s, and beyond the border its weights are dropped and
 *   the rest rescaled instead of repeating the border pixel. PyTorch `antialias=True`, Pillow.
 */
export type Sampling = 'halfPixel' | 'alignCorners' | 'antialias';

/** Keys' cubic convolution kernel; zero at every integer but 0. */
function cubic(t: number, a: number): number {
  const x = Math.abs(t);
  if (x < 1) return ((a + 2) * x - (a + 3)) * x * x + 1;
  return x < 2 ? (((x - 5) * x + 8) * x - 4) * a : 0;
}
const triangle = (t: number) => Math.max(0, 1 - Math.abs(t));

/** Rows repeat the border pixel where the kernel reaches beyond it. */
function interpolationRow(input: number, centre: number, radius: number, kernel: (t: number) => number): Float64Array {
  const row = new Float64Array(input);
  for (let j = Math.floor(centre) - radius + 1; j <= Math.floor(centre) + radius; j++)
    row[Math.min(Math.max(j, 0), input - 1)]! += kernel(j - centre);
  return row;
}

/** Rows drop what lies beyond the border, and add up to 1. */
function antialiasedRow(
  input: number,
  centre: number,
  radius: number,
  scale: number,
  kernel: (t: number) => number,
): Float64Array {
  const row = new Float64Array(input);
  // Window bounds as in PyTorch and Pillow, which round them.
  const first = Math.max(Math.trunc(centre - radius * scale + 1), 0);
  const end = Math.min(Math.trunc(centre + radius * scale + 1), input);
  for (let j = first; j < end; j++) row[j] = kernel((j - centre) / scale);
  const total = row.reduce((sum, w) => sum + w, 0);
  return row.map((w) => w / total);
}

/**
 * The matrix [output, input], row by row, that resizes one axis. The cubic kernel has a = -0.75 (PyTorch, OpenCV), and a = -0.5
 * under `antialias` (PyTorch, Pillow).
 */
export function resizeMatrix(input: number, output: number, interpolation: Interpolation, sampling: Sampling): Float64Array[] {
  const a = sampling === 'antialias' ? -0.5 : -0.75;
  const [radius, kernel] = interpolation === 'bilinear' ? [1, triangle] : [2, (t: number) => cubic(t, a)];
  const scale = input / output;
  return Array.from({ length: output }, (_, i) => {
    const halfPixel = (i + 0.5) * scale - 0.5;
    if (sampling === 'antialias') return antialiasedRow(input, halfPixel, radius, Math.max(scale, 1), kernel);
    // A single output pixel looks at the first input pixel.
    const aligned = output === 1 ? 0 : (i * (input - 1)) / (output - 1);
    return interpolationRow(input, sampling === 'alignCorners' ? aligned : halfPixel, radius, kernel);
  });
}

/**
 * Resizes the last two axes: [..., H, W] -> [..., size[0], size[1]], y = R_h x R_w^T with the matrices of `resizeMatrix`.
 * Bicubic results may lie outside the range of x. Throws GraphError for fewer than two axes or a size that is not positive.
 */
export function resize(x: Value, size: Pair, interpolation: Interpolation = 'bilinear', sampling: Sampling = 'halfPixel'): Value {
  if (x.shape.length < 2) throw misfit('resize', 'needs at least [height, width]', [x]);
  if (!size.every((n) => Number.isInteger(n) && n > 0))
    throw misfit('resize', `the size must be two positive integers, it is [${size.join(', ')}]`, [x]);
  const matrix = (input: number, output: number) =>
    constant(
      float32(
        [output, input],
        resizeMatrix(input, output, interpolation, sampling).flatMap((row) => [...row]),
      ),
    );
  const [height, width] = x.shape.slice(-2) as [number, number];
  const rows = height === size[0] ? x : matMul(matrix(height, size[0]), x);
  return width === size[1] ? rows : matMul(rows, matrix(width, size[1]), { transposeB: true });
}
