import { add, mul, sub } from './lanes';

/**
 * Natural logarithm of four positive normal numbers, to about 2 units in the last place. As in FreeBSD's e_logf.c:
 * x = 2^k (1 + f) with sqrt(1/2) <= 1 + f < sqrt(2), s = f / (2 + f), ln(1 + f) = f - f^2/2 + s (f^2/2 + R(s^2)).
 */
// @ts-ignore: decorator
@inline
export function ln(x: v128): v128 {
  const rootHalf = i32x4.splat(0x3f3504f3);
  const offset = i32x4.sub(x, rootHalf);
  const k = f32x4.convert_i32x4_s(i32x4.shr_s(offset, 23));
  const f = sub(i32x4.add(v128.and(offset, i32x4.splat(0x007fffff)), rootHalf), f32x4.splat(1));
  const s = f32x4.div(f, add(f, f32x4.splat(2)));
  const z = mul(s, s);
  const w = mul(z, z);
  const odd = mul(z, add(mul(w, f32x4.splat(0.28498786688)), f32x4.splat(0.66666662693)));
  const even = mul(w, add(mul(w, f32x4.splat(0.24279078841)), f32x4.splat(0.40000972152)));
  const half = mul(mul(f, f), f32x4.splat(0.5));
  const small = sub(mul(s, add(half, add(odd, even))), half);
  return add(add(small, f), mul(k, f32x4.splat(0.69314718056)));
}
