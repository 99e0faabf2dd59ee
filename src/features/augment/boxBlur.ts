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

/** A line of bytes with room for the values beyond its ends, which are those at the ends, and for the line after a pass. */
interface Line {
  count: number;
  from: Uint8Array;
  to: Uint8Array;
}

/** Blurs the bytes of a line, from `start` in steps of `step`, in place. */
function blurLine(
  bytes: Uint8Array,
  start: number,
  step: number,
  { count, from, to }: Line,
  { reach, inner, outer }: BoxWeights,
): void {
  const margin = reach + 1;
  for (let i = 0; i < count; i++) from[margin + i] = bytes[start + i * step]!;
  for (let pass = 0; pass < passes; pass++) {
    from.fill(from[margin]!, 0, margin);
    from.fill(from[margin + count - 1]!, margin + count);
    let sum = 0;
    for (let i = 0; i < 2 * reach + 1; i++) sum += from[i]!;
    let entering = from[2 * reach + 1]!;
    for (let i = 0; i < count; i++) {
      const leaving = from[i]!;
      sum += entering - leaving;
      entering = from[i + 2 * margin]!;
      // At most 255 * 2^24 + 2^23, so that arithmetic modulo 2^32 is exact.
      to[margin + i] = (Math.imul(sum, inner) + Math.imul(leaving + entering, outer) + (1 << 23)) >>> 24;
    }
    [from, to] = [to, from];
  }
  for (let i = 0; i < count; i++) bytes[start + i * step] = from[margin + i]!;
}

/** Pillow's blur of standard deviation about `sigma` pixels, in place on the picture's bytes. */
export function boxBlur({ width, height, rgb }: Frame, sigma: number): void {
  const box = boxWeights(boxRadius(sigma));
  const lineOf = (count: number): Line => {
    const length = count + 2 * (box.reach + 1);
    return { count, from: new Uint8Array(length), to: new Uint8Array(length) };
  };
  const [row, column] = [lineOf(width), lineOf(height)];
  for (let y = 0; y < height; y++) for (let c = 0; c < 3; c++) blurLine(rgb, 3 * width * y + c, 3, row, box);
  for (let i = 0; i < 3 * width; i++) blurLine(rgb, i, 3 * width, column, box);
}
