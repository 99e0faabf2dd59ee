import type { Frame } from '../../media/types.js';

type Triple = readonly [number, number, number];

/**
 * The tensor [3, height, width] of a picture: y = (x / 255 - mean) / std per channel, rounded once to float32.
 * `out` receives it when given. Throws RangeError when the frame or `out` has the wrong size, or std is not positive.
 */
export function normalizeFrame({ width, height, rgb }: Frame, mean: Triple, std: Triple, out?: Float32Array): Float32Array {
  const pixels = width * height;
  if (rgb.length !== 3 * pixels)
    throw new RangeError(`normalizeFrame: a frame of ${width}x${height} pixels has ${3 * pixels} bytes, this one ${rgb.length}`);
  if (out && out.length !== 3 * pixels)
    throw new RangeError(
      `normalizeFrame: out must hold 3 * ${height} * ${width} = ${3 * pixels} numbers, it holds ${out.length}`,
    );
  if (!std.every((s) => s > 0)) throw new RangeError(`normalizeFrame: std must be positive, got [${std}]`);
  const result = out ?? new Float32Array(3 * pixels);
  for (let c = 0; c < 3; c++) {
    // A byte has 256 values: cheaper to look up than to compute.
    const values = Float32Array.from({ length: 256 }, (_, x) => (x / 255 - mean[c]!) / std[c]!);
    for (let i = 0, at = c, to = c * pixels; i < pixels; i++, at += 3, to++) result[to] = values[rgb[at]!]!;
  }
  return result;
}
