/**
 * Discrete Fourier transforms of four signals at once, one a lane: no lane ever needs another's number. A complex number is two
 * vectors, 32 bytes; a transform of `count` of them is done in place by decimation in frequency with radix 4, and radix 2 at the
 * end where count is not a power of 4. Results are left in digit-reversed order.
 */
import { add, mul, splat, sub } from './lanes';

/** Bytes of a complex number in four lanes. */
const complex: usize = 32;
/** Bytes of the twiddle factors of one butterfly: w, w^2 and w^3, each real and imaginary. */
const twiddle: usize = 24;

/** Stores (re + i im)(wr + i wi). */
// @ts-ignore: decorator
@inline
function storeTurned(at: usize, re: v128, im: v128, wr: v128, wi: v128): void {
  v128.store(at, sub(mul(re, wr), mul(im, wi)));
  v128.store(at, add(mul(re, wi), mul(im, wr)), 16);
}

/**
 * The butterfly of radix 4 on numbers a, b, c, d, stored `step` bytes apart: sums with powers of -i, the last three multiplied
 * with the twiddle factors at `w`, or not at all when `turned` is false.
 */
// @ts-ignore: decorator
@inline
function butterfly(
  at: usize,
  step: usize,
  ar: v128,
  ai: v128,
  br: v128,
  bi: v128,
  cr: v128,
  ci: v128,
  dr: v128,
  di: v128,
  w: usize,
  turned: bool,
): void {
  const sr = add(ar, cr);
  const si = add(ai, ci);
  const tr = sub(ar, cr);
  const ti = sub(ai, ci);
  const ur = add(br, dr);
  const ui = add(bi, di);
  // (b - d) times -i.
  const vr = sub(bi, di);
  const vi = sub(dr, br);
  v128.store(at, add(sr, ur));
  v128.store(at, add(si, ui), 16);
  if (turned) {
    storeTurned(at + step, add(tr, vr), add(ti, vi), splat(w), splat(w + 4));
    storeTurned(at + 2 * step, sub(sr, ur), sub(si, ui), splat(w + 8), splat(w + 12));
    storeTurned(at + 3 * step, sub(tr, vr), sub(ti, vi), splat(w + 16), splat(w + 20));
  } else {
    v128.store(at + step, add(tr, vr));
    v128.store(at + step, add(ti, vi), 16);
    v128.store(at + 2 * step, sub(sr, ur));
    v128.store(at + 2 * step, sub(si, ui), 16);
    v128.store(at + 3 * step, sub(tr, vr));
    v128.store(at + 3 * step, sub(ti, vi), 16);
  }
}

// @ts-ignore: decorator
@inline
function butterflyInPlace(at: usize, step: usize, w: usize, turned: bool): void {
  butterfly(
    at, step,
    v128.load(at), v128.load(at, 16),
    v128.load(at + step), v128.load(at + step, 16),
    v128.load(at + 2 * step), v128.load(at + 2 * step, 16),
    v128.load(at + 3 * step), v128.load(at + 3 * step, 16),
    w, turned,
  );
}

/** A sample less its frame's mean, times the window's value at `w`. */
// @ts-ignore: decorator
@inline
function windowed(at: usize, mean: v128, w: usize): v128 {
  return mul(sub(v128.load(at), mean), splat(w));
}

/**
 * The transform of (x - mean) window, where pairs of consecutive samples x[2n], x[2n + 1] are taken as complex numbers.
 * data: 2 * count vectors, replaced; window: 2 * count numbers; twiddles: w^j, w^2j, w^3j for j < count / 4,
 * w = exp(-2 pi i / count).
 */
// @ts-ignore: decorator
@inline
export function transform(data: usize, count: usize, mean: v128, window: usize, twiddles: usize): void {
  let step = (count >> 2) * complex;
  const windowStep = (count >> 2) * 8;
  let w = twiddles;
  let r = window;
  for (let at = data, end = data + step; at < end; at += complex, w += twiddle, r += 8)
    butterfly(
      at, step,
      windowed(at, mean, r), windowed(at + 16, mean, r + 4),
      windowed(at + step, mean, r + windowStep), windowed(at + step + 16, mean, r + windowStep + 4),
      windowed(at + 2 * step, mean, r + 2 * windowStep), windowed(at + 2 * step + 16, mean, r + 2 * windowStep + 4),
      windowed(at + 3 * step, mean, r + 3 * windowStep), windowed(at + 3 * step + 16, mean, r + 3 * windowStep + 4),
      w, true,
    );

  const end = data + count * complex;
  let stride = twiddle;
  while (step >= 4 * complex) {
    const block = step;
    step >>= 2;
    stride <<= 2;
    for (let at = data; at < end; at += block) butterflyInPlace(at, step, 0, false);
    w = twiddles;
    for (let j = complex; j < step; j += complex) {
      w += stride;
      for (let at = data + j; at < end; at += block) butterflyInPlace(at, step, w, true);
    }
  }
  if (step == 2 * complex)
    for (let at = data; at < end; at += 2 * complex) {
      const ar = v128.load(at);
      const ai = v128.load(at, 16);
      const br = v128.load(at, 32);
      const bi = v128.load(at, 48);
      v128.store(at, add(ar, br));
      v128.store(at, add(ai, bi), 16);
      v128.store(at, sub(ar, br), 32);
      v128.store(at, sub(ai, bi), 48);
    }
}
