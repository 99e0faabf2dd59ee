import type { Frame } from '../../media/types.js';
import { Layout } from './memory.js';

/** How many pixels are given to the module at a time: few enough for a core's own cache. */
const strip = 2 ** 15;
/** What the module reads and writes beyond its pixels at most. */
const slack = 16;

type Triple = readonly [number, number, number];

/**
 * The tensor [3, height, width] of a picture: y = (x / 255 - mean) / std per channel, computed as x * (1 / (255 std)) - mean /
 * std in float32. `out` receives it when given. Throws RangeError when the frame or `out` has the wrong size, or std is not
 * positive.
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
  const most = Math.min(strip, pixels);
  const planeBytes = 4 * most + slack;
  const layout = new Layout();
  const affine = layout.place(Float32Array.from(mean.flatMap((m, c) => [1 / (255 * std[c]!), -m / std[c]!])));
  const source = layout.take(3 * most + slack);
  const planes = layout.take(3 * planeBytes);
  const module = layout.open('normalizeFrame');
  const memory = new Uint8Array(module.memory.buffer);
  for (let first = 0; first < pixels; first += strip) {
    const count = Math.min(strip, pixels - first);
    memory.set(rgb.subarray(3 * first, 3 * (first + count)), source);
    module.normalize(source, count, affine, planes, planeBytes);
    for (let c = 0; c < 3; c++)
      result.set(new Float32Array(module.memory.buffer, planes + c * planeBytes, count), c * pixels + first);
  }
  return result;
}
