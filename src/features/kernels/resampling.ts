/** Which source pixels an output pixel is made of, and how much of each: the weights of Pillow's and of PyTorch's resizing. */
import type { Frame } from '../../media/types.js';

export type ResizeKernel = 'bilinear' | 'bicubic';

/** Longest side of a picture, before and after, in pixels: it bounds the memory that weights take. */
const longestSide = 2 ** 16;

/** RangeError unless the frame holds what it says and can be resized to toWidth x toHeight pixels. */
export function checkResize(name: string, { width, height, rgb }: Frame, toWidth: number, toHeight: number): void {
  const possible = (side: number) => Number.isInteger(side) && side >= 1 && side <= longestSide;
  if (!(possible(width) && possible(height)))
    throw new RangeError(`${name}: a frame's sides must be 1 to ${longestSide} pixels, this one is ${width}x${height}`);
  if (rgb.length !== 3 * width * height)
    throw new RangeError(
      `${name}: a frame of ${width}x${height} pixels has ${3 * width * height} bytes, this one has ${rgb.length}`,
    );
  if (!(possible(toWidth) && possible(toHeight)))
    throw new RangeError(`${name}: width and height must be whole numbers from 1 to ${longestSide}, got ${toWidth}x${toHeight}`);
}

/** Output pixel i is the sum over t of weights[i * taps + t] * source pixel (first[i] + t); unused taps weigh 0. */
export interface Taps<T> {
  taps: number;
  first: Int32Array;
  weights: T;
}

/** Keys' cubic convolution: 1 at 0, 0 at the other whole numbers, a its slope at 1. */
function cubic(x: number, a: number): number {
  x = Math.abs(x);
  if (x < 1) return ((a + 2) * x - (a + 3)) * x * x + 1;
  return x < 2 ? (((x - 5) * x + 8) * x - 4) * a : 0;
}

const pillowFilters = {
  bilinear: { reach: 1, weight: (x: number) => Math.max(0, 1 - Math.abs(x)) },
  bicubic: { reach: 2, weight: (x: number) => cubic(x, -0.5) },
};

/** Binary places of Pillow's weights, which are fixed-point numbers. */
const weightBits = 22;

/**
 * Pillow's weights for one axis (`precompute_coeffs` and `normalize_coeffs_8bpc` of its Resample.c): the filter is stretched by
 * the shrinking factor, cut off at the picture's edges, made to sum to 1, and rounded half away from zero. In float64, as there.
 */
export function pillowTaps(from: number, to: number, kernel: ResizeKernel): Taps<Int32Array> {
  const { reach, weight } = pillowFilters[kernel];
  const scale = from / to;
  const stretch = Math.max(scale, 1);
  const support = reach * stretch;
  const taps = Math.ceil(support) * 2 + 1;
  const first = new Int32Array(to);
  const weights = new Int32Array(to * taps);
  const row = new Float64Array(taps);
  for (let i = 0; i < to; i++) {
    const centre = (i + 0.5) * scale;
    const start = Math.max(0, Math.trunc(centre - support + 0.5));
    const count = Math.min(from, Math.trunc(centre + support + 0.5)) - start;
    let sum = 0;
    for (let t = 0; t < count; t++) {
      row[t] = weight((t + start - centre + 0.5) * (1 / stretch));
      sum += row[t]!;
    }
    first[i] = start;
    for (let t = 0; t < count; t++) {
      const fixed = (sum === 0 ? row[t]! : row[t]! / sum) * 2 ** weightBits;
      weights[i * taps + t] = Math.trunc(fixed < 0 ? fixed - 0.5 : fixed + 0.5);
    }
  }
  return { taps, first, weights };
}

/**
 * PyTorch's weights for one axis (`interpolate(align_corners=False, antialias=False)`): the four pixels around
 * (i + 0.5) from / to - 0.5, of which `first` may lie up to two before the picture and the last up to two behind it: there the
 * edge pixel is repeated.
 * As there, the scale is rounded to float32 and the position is not.
 */
export function torchTaps(from: number, to: number, kernel: ResizeKernel): Taps<Float32Array> {
  const taps = 4;
  const first = new Int32Array(to);
  const weights = new Float32Array(to * taps);
  const scale = Math.fround(from / to);
  for (let i = 0; i < to; i++) {
    const centre = scale * (i + 0.5) - 0.5;
    const before = Math.floor(centre);
    const t = centre - before;
    first[i] = before - 1;
    weights.set(
      kernel === 'bilinear' ? [0, 1 - t, t, 0] : [cubic(1 + t, -0.75), cubic(t, -0.75), cubic(1 - t, -0.75), cubic(2 - t, -0.75)],
      i * taps,
    );
  }
  return { taps, first, weights };
}
