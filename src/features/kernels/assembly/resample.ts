/**
 * Weighted sums of bytes with fixed-point weights of 22 binary places, exactly as in 32-bit integers: a weight k is split into
 * high = k >> 15 and low = k & 32767, which fit the products of 16-bit pairs, sum = (sum of high products << 15) + sum of low
 * products modulo 2^32. Taps come in pairs: two weights are one 32-bit word (first tap in the lower half).
 */

const roundUp = 1 << 21;

/** (high << 15 + low) >> 22, the fixed-point sum as a whole number; `low` includes the half that rounds. */
// @ts-ignore: decorator
@inline
function whole(high: v128, low: v128): v128 {
  return i32x4.shr_s(i32x4.add(i32x4.shl(high, 15), low), 22);
}

/** Red, green and blue of two neighbouring pixels, as 16-bit pairs. */
// @ts-ignore: decorator
@inline
function pixelPair(at: usize): v128 {
  return i8x16.swizzle(v128.load_zero<u64>(at), i8x16(0, -1, 3, -1, 1, -1, 4, -1, 2, -1, 5, -1, -1, -1, -1, -1));
}

// @ts-ignore: decorator
@inline
function addDot(sum: v128, values: v128, weights: v128): v128 {
  return i32x4.add(sum, i32x4.dot_i16x8_s(values, weights));
}

/**
 * Resamples rows of pixels, four rows at a time (so up to three rows too many are read and written). table: for each of `width`
 * result pixels the byte offset of its first source pixel, then for each pair of taps a word of high and a word of low weights.
 * A result row needs one byte more than its pixels.
 */
export function resampleRows(
  source: usize,
  sourcePitch: usize,
  out: usize,
  outPitch: usize,
  rows: i32,
  width: i32,
  table: usize,
  pairs: usize,
): void {
  const rounding = i32x4.splat(roundUp);
  for (let y = 0; y < rows; y += 4, source += 4 * sourcePitch, out += 4 * outPitch) {
    let entry = table;
    let to = out;
    for (let x = 0; x < width; x++, to += 3) {
      let at = source + usize(load<u32>(entry));
      entry += 4;
      let high0 = i32x4.splat(0), high1 = high0, high2 = high0, high3 = high0;
      let low0 = rounding, low1 = rounding, low2 = rounding, low3 = rounding;
      for (const end = entry + pairs * 8; entry < end; entry += 8, at += 6) {
        const high = v128.load_splat<u32>(entry);
        const low = v128.load_splat<u32>(entry + 4);
        const p0 = pixelPair(at);
        high0 = addDot(high0, p0, high);
        low0 = addDot(low0, p0, low);
        const p1 = pixelPair(at + sourcePitch);
        high1 = addDot(high1, p1, high);
        low1 = addDot(low1, p1, low);
        const p2 = pixelPair(at + 2 * sourcePitch);
        high2 = addDot(high2, p2, high);
        low2 = addDot(low2, p2, low);
        const p3 = pixelPair(at + 3 * sourcePitch);
        high3 = addDot(high3, p3, high);
        low3 = addDot(low3, p3, low);
      }
      const rows01 = i16x8.narrow_i32x4_s(whole(high0, low0), whole(high1, low1));
      const rows23 = i16x8.narrow_i32x4_s(whole(high2, low2), whole(high3, low3));
      const bytes = i8x16.narrow_i16x8_u(rows01, rows23);
      v128.store_lane<u32>(to, bytes, 0);
      v128.store_lane<u32>(to + outPitch, bytes, 1);
      v128.store_lane<u32>(to + 2 * outPitch, bytes, 2);
      v128.store_lane<u32>(to + 3 * outPitch, bytes, 3);
    }
  }
}

/**
 * Resamples columns of bytes, 16 at a time. table: for each of `height` result rows the number of its first source row, then
 * weights as above. Reads and writes up to 15 bytes beyond a row's `pitch`; reads a row too many where the taps are odd.
 */
export function resampleColumns(
  source: usize,
  sourcePitch: usize,
  out: usize,
  outPitch: usize,
  height: i32,
  table: usize,
  pairs: usize,
): void {
  const rounding = i32x4.splat(roundUp);
  for (let y = 0; y < height; y++, out += outPitch, table += 4 + pairs * 8) {
    const top = source + usize(load<u32>(table)) * sourcePitch;
    for (let x: usize = 0; x < outPitch; x += 16) {
      let at = top + x;
      let high0 = i32x4.splat(0), high1 = high0, high2 = high0, high3 = high0;
      let low0 = rounding, low1 = rounding, low2 = rounding, low3 = rounding;
      for (let entry = table + 4, end = entry + pairs * 8; entry < end; entry += 8, at += 2 * sourcePitch) {
        const high = v128.load_splat<u32>(entry);
        const low = v128.load_splat<u32>(entry + 4);
        const a = v128.load(at);
        const b = v128.load(at + sourcePitch);
        const first = v128.shuffle<u8>(a, b, 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23);
        const second = v128.shuffle<u8>(a, b, 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31);
        const p0 = i16x8.extend_low_i8x16_u(first);
        high0 = addDot(high0, p0, high);
        low0 = addDot(low0, p0, low);
        const p1 = i16x8.extend_high_i8x16_u(first);
        high1 = addDot(high1, p1, high);
        low1 = addDot(low1, p1, low);
        const p2 = i16x8.extend_low_i8x16_u(second);
        high2 = addDot(high2, p2, high);
        low2 = addDot(low2, p2, low);
        const p3 = i16x8.extend_high_i8x16_u(second);
        high3 = addDot(high3, p3, high);
        low3 = addDot(low3, p3, low);
      }
      const half01 = i16x8.narrow_i32x4_s(whole(high0, low0), whole(high1, low1));
      const half23 = i16x8.narrow_i32x4_s(whole(high2, low2), whole(high3, low3));
      v128.store(out + x, i8x16.narrow_i16x8_u(half01, half23));
    }
  }
}
