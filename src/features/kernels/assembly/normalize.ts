import { add, mul, splat } from './lanes';

/** Four pixels' values of the channel whose bytes the indices pick, times scale, plus offset. */
// @ts-ignore: decorator
@inline
function channel(pixels: v128, indices: v128, scale: v128, offset: v128): v128 {
  return add(mul(f32x4.convert_i32x4_s(i8x16.swizzle(pixels, indices)), scale), offset);
}

/**
 * Three planes, `plane` bytes apart, of `count` pixels: x * scale + offset. affine: scale and offset of red, of green, of blue.
 * Four pixels at a time: up to three too many are read and written, and four bytes more are read.
 */
export function normalize(source: usize, count: usize, affine: usize, out: usize, plane: usize): void {
  const scale0 = splat(affine), offset0 = splat(affine + 4);
  const scale1 = splat(affine + 8), offset1 = splat(affine + 12);
  const scale2 = splat(affine + 16), offset2 = splat(affine + 20);
  const red = i8x16(0, -1, -1, -1, 3, -1, -1, -1, 6, -1, -1, -1, 9, -1, -1, -1);
  const green = i8x16(1, -1, -1, -1, 4, -1, -1, -1, 7, -1, -1, -1, 10, -1, -1, -1);
  const blue = i8x16(2, -1, -1, -1, 5, -1, -1, -1, 8, -1, -1, -1, 11, -1, -1, -1);
  for (const end = source + count * 3; source < end; source += 12, out += 16) {
    const pixels = v128.load(source);
    v128.store(out, channel(pixels, red, scale0, offset0));
    v128.store(out + plane, channel(pixels, green, scale1, offset1));
    v128.store(out + 2 * plane, channel(pixels, blue, scale2, offset2));
  }
}
