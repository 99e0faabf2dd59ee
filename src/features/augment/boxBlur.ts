/**
 * Pillow's ImageFilter.GaussianBlur, byte for byte: three passes of a box of fractional radius in each direction (Gwosdek et al.,
 * "Theoretical foundations of Gaussian convolution by extended box filtering", 2011), each rounded to bytes (BoxBlur.c).
 */
import type { Frame } from '../../media/types.js';

const passes = 3;
const float = Math.fround;

/** Radius of the box, `passes` of which have the standard deviation `sigma`; computed in float32 as Pillow does. */
function boxRadius(sigma: number): number {
  const variance = float(float(float(sigma) * float(sigma)) / passes);
  const length = float(Math.sqrt(12 * variance + 1));
  const whole = Math.floor((length - 1) / 2);
  const above = float((2 * whole + 1) * float(whole * (whole + 1) - float(3 * variance)));
  const below = float(6 * float(variance - (whole + 1) * (whole + 1)));
  return float(whole + float(above / below));
}

/** A box of radius `reach` with weight `inner` each, and `outer` for the element beyond on either side; 2^24 is a weight of 1. */
interface BoxWeights {
  reach: number;
  inner: number;
  outer: number;
}

function boxWeights(radius: number): BoxWeights {
  const reach = Math.trunc(radius);
  const inner = Math.trunc(float(2 ** 24 / float(float(radius * 2) + 1)));
  return { reach, inner, outer: Math.trunc((2 ** 24 - (2 * reach + 1) * inner) / 2) };
}

/**
 * Blurs `count` bytes of `bytes`, from `start` in steps of `step`, in place; beyond its ends the line goes on with its end values.
 * `line` is room for count + 2 * (reach + 1) bytes.
 */
function blurLine(bytes: Uint8Array, start: number, step: number, count: number, box: BoxWeights, line: Uint8Array): void {
  const { reach, inner, outer } = box;
  const margin = reach + 1;
  for (let pass = 0; pass < passes; pass++) {
    line.fill(bytes[start]!, 0, margin);
    for (let i = 0; i < count; i++) line[margin + i] = bytes[start + i * step]!;
    line.fill(line[margin + count - 1]!, margin + count);
    let sum = 0;
    for (let i = 0; i < 2 * reach + 1; i++) sum += line[i]!;
    for (let i = 0; i < count; i++) {
      sum += line[i + 2 * reach + 1]! - line[i]!;
      // At most 255 * 2^24 + 2^23, below 2^32.
      bytes[start + i * step] = (sum * inner + (line[i]! + line[i + 2 * margin]!) * outer + 2 ** 23) >>> 24;
    }
  }
}

/** Pillow's blur of standard deviation about `sigma` pixels, in place on the picture's bytes. */
export function boxBlur({ width, height, rgb }: Frame, sigma: number): void {
  const box = boxWeights(boxRadius(sigma));
  const line = new Uint8Array(Math.max(width, height) + 2 * (box.reach + 1));
  const [across, down] = [line.subarray(0, width + 2 * (box.reach + 1)), line.subarray(0, height + 2 * (box.reach + 1))];
  for (let y = 0; y < height; y++) for (let c = 0; c < 3; c++) blurLine(rgb, 3 * width * y + c, 3, width, box, across);
  for (let i = 0; i < 3 * width; i++) blurLine(rgb, i, 3 * width, height, box, down);
}
