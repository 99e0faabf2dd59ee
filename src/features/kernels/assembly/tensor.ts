/** Resizing in floating point, a row of the result at a time. */
import { add, mul, splat } from './lanes';

/** Bytes of a pixel's red, green and blue as float32. */
const pixel: usize = 12;

/** Four bytes of eight, the first or the last, as float32. */
// @ts-ignore: decorator
@inline
function firstFour(bytes: v128): v128 {
  return f32x4.convert_i32x4_s(i32x4.extend_low_i16x8_u(bytes));
}

// @ts-ignore: decorator
@inline
function lastFour(bytes: v128): v128 {
  return f32x4.convert_i32x4_s(i32x4.extend_high_i16x8_u(bytes));
}

/** Weighted sum of four rows of `width` pixels, with two copies of the first pixel before `line` and of the last one behind. */
// @ts-ignore: decorator
@inline
function blendRows(r0: usize, r1: usize, r2: usize, r3: usize, weights: usize, width: usize, line: usize): void {
  const w0 = splat(weights);
  const w1 = splat(weights + 4);
  const w2 = splat(weights + 8);
  const w3 = splat(weights + 12);
  const bytes = width * 3;
  for (let i: usize = 0; i < bytes; i += 8) {
    const a = v128.load_ext<u8>(r0 + i);
    const b = v128.load_ext<u8>(r1 + i);
    const c = v128.load_ext<u8>(r2 + i);
    const d = v128.load_ext<u8>(r3 + i);
    const to = line + i * 4;
    v128.store(to, add(add(mul(firstFour(a), w0), mul(firstFour(b), w1)), add(mul(firstFour(c), w2), mul(firstFour(d), w3))));
    v128.store(to, add(add(mul(lastFour(a), w0), mul(lastFour(b), w1)), add(mul(lastFour(c), w2), mul(lastFour(d), w3))), 16);
  }
  memory.copy(line - 2 * pixel, line, pixel);
  memory.copy(line - pixel, line, pixel);
  const end = line + width * pixel;
  memory.copy(end, end - pixel, pixel);
  memory.copy(end + pixel, end - pixel, pixel);
}

/** A result pixel: red, green, blue, and something. */
// @ts-ignore: decorator
@inline
function blendPixels(line: usize, entry: usize): v128 {
  const at = line + usize(load<u32>(entry));
  return add(
    add(mul(v128.load(at), splat(entry + 4)), mul(v128.load(at + pixel), splat(entry + 8))),
    add(mul(v128.load(at + 2 * pixel), splat(entry + 12)), mul(v128.load(at + 3 * pixel), splat(entry + 16))),
  );
}

/**
 * One row of three planes, `plane` bytes apart, from four rows of `sourceWidth` pixels. weights: those of the four rows; table:
 * for each result pixel the byte offset of its first tap in the line of float32 pixels and four weights, for a multiple of four
 * pixels: up to three results too many are written. line: room for the source's width and four pixels more, and eight numbers.
 */
export function resizeRow(
  r0: usize,
  r1: usize,
  r2: usize,
  r3: usize,
  weights: usize,
  sourceWidth: usize,
  line: usize,
  table: usize,
  width: usize,
  out: usize,
  plane: usize,
): void {
  blendRows(r0, r1, r2, r3, weights, sourceWidth, line + 2 * pixel);
  for (const end = out + width * 4; out < end; out += 16, table += 80) {
    const a = blendPixels(line, table);
    const b = blendPixels(line, table + 20);
    const c = blendPixels(line, table + 40);
    const d = blendPixels(line, table + 60);
    const abRedGreen = v128.shuffle<f32>(a, b, 0, 4, 1, 5);
    const cdRedGreen = v128.shuffle<f32>(c, d, 0, 4, 1, 5);
    const abBlue = v128.shuffle<f32>(a, b, 2, 6, 3, 7);
    const cdBlue = v128.shuffle<f32>(c, d, 2, 6, 3, 7);
    v128.store(out, v128.shuffle<f64>(abRedGreen, cdRedGreen, 0, 2));
    v128.store(out + plane, v128.shuffle<f64>(abRedGreen, cdRedGreen, 1, 3));
    v128.store(out + 2 * plane, v128.shuffle<f64>(abBlue, cdBlue, 0, 2));
  }
}
