/** Gaussian blur: the true one, and Pillow's approximation by boxes. */
import type { Frame } from '../../media/types.js';

/** Position -n..2n of a row of n that is mirrored at its first and last element, which are not repeated. */
function mirrored(i: number, n: number): number {
  if (n === 1) return 0;
  const period = 2 * (n - 1);
  const j = ((i % period) + period) % period;
  return j < n ? j : period - j;
}

/** exp(-k^2 / (2 sigma^2)) for k = 0..radius, divided by the sum over -radius..radius. */
function gaussian(sigma: number, radius: number): Float64Array {
  const weights = Float64Array.from({ length: radius + 1 }, (_, k) => Math.exp(-0.5 * (k / sigma) ** 2));
  const sum = 2 * weights.reduce((a, b) => a + b) - 1;
  return weights.map((w) => w / sum);
}

/**
 * The convolution with a Gaussian of standard deviation `sigma` pixels, cut off at `radius` pixels and renormalized, over a picture
 * continued by reflection: torchvision's gaussian_blur with kernel size 2 * radius + 1 on uint8 tensors, to 1 level where its
 * float32 sum falls on the other side of a half. Where sigma is small against `radius`, what is beyond 4 sigma (6e-5 of the weight) is left out.
 */
export function gaussianBlur(frame: Frame, sigma: number, radius: number): Frame {
  const { width, height, rgb } = frame;
  const reach = Math.min(radius, Math.ceil(4 * sigma));
  const weights = gaussian(sigma, reach);
  const stride = 3 * width;
  const out = new Uint8Array(rgb.length);
  // One row of the vertically blurred picture, with `reach` pixels more on either side.
  const row = new Float32Array(stride + 6 * reach);
  const inside = row.subarray(3 * reach, 3 * reach + stride);
  const sums = new Float32Array(stride);
  for (let y = 0; y < height; y++) {
    const start = y * stride;
    for (let i = 0; i < stride; i++) inside[i] = weights[0]! * rgb[start + i]!;
    for (let k = 1; k <= reach; k++) {
      const weight = weights[k]!;
      const above = mirrored(y - k, height) * stride;
      const below = mirrored(y + k, height) * stride;
      for (let i = 0; i < stride; i++) inside[i] = inside[i]! + weight * (rgb[above + i]! + rgb[below + i]!);
    }
    for (let x = 1; x <= reach; x++)
      for (let c = 0; c < 3; c++) {
        row[3 * (reach - x) + c] = inside[3 * mirrored(-x, width) + c]!;
        row[3 * (reach + width - 1 + x) + c] = inside[3 * mirrored(width - 1 + x, width) + c]!;
      }
    for (let i = 0; i < stride; i++) sums[i] = weights[0]! * inside[i]! + 0.5;
    for (let k = 1; k <= reach; k++) {
      const weight = weights[k]!;
      const left = 3 * (reach - k);
      const right = 3 * (reach + k);
      for (let i = 0; i < stride; i++) sums[i] = sums[i]! + weight * (row[left + i]! + row[right + i]!);
    }
    for (let i = 0; i < stride; i++) out[start + i] = sums[i]!;
  }
  return { width, height, rgb: out };
}
