import { transform } from './fourier';
import { add, mul, splat, sub } from './lanes';
import { ln } from './logarithm';

/** Writes four frames sample by sample, so that lane f holds frame f, and returns their sums. */
// @ts-ignore: decorator
@inline
function gather(samples: usize, hop: usize, segment: usize, data: usize): v128 {
  let sum = f32x4.splat(0);
  for (let at = samples, end = samples + segment * 4; at < end; at += 16, data += 64) {
    const a = v128.load(at);
    const b = v128.load(at + hop);
    const c = v128.load(at + 2 * hop);
    const d = v128.load(at + 3 * hop);
    const abLow = v128.shuffle<f32>(a, b, 0, 4, 1, 5);
    const cdLow = v128.shuffle<f32>(c, d, 0, 4, 1, 5);
    const abHigh = v128.shuffle<f32>(a, b, 2, 6, 3, 7);
    const cdHigh = v128.shuffle<f32>(c, d, 2, 6, 3, 7);
    const x0 = v128.shuffle<f64>(abLow, cdLow, 0, 2);
    const x1 = v128.shuffle<f64>(abLow, cdLow, 1, 3);
    const x2 = v128.shuffle<f64>(abHigh, cdHigh, 0, 2);
    const x3 = v128.shuffle<f64>(abHigh, cdHigh, 1, 3);
    v128.store(data, x0);
    v128.store(data, x1, 16);
    v128.store(data, x2, 32);
    v128.store(data, x3, 48);
    sum = add(sum, add(add(x0, x1), add(x2, x3)));
  }
  return sum;
}

// @ts-ignore: decorator
@inline
function storePower(at: usize, re: v128, im: v128, gain: usize): void {
  v128.store(at, mul(add(mul(re, re), mul(im, im)), splat(gain)));
}

/**
 * |X[k]|^2 gain[k] for k = 0 .. count, from the transform Z of the samples' pairs: 2 X[k] = E + W^k O and
 * 2 conj(X[count - k]) = E - W^k O with E = Z[k] + conj Z[count - k], O = (Z[k] - conj Z[count - k]) / i, W = exp(-pi i / count).
 * The halves are in the gains. order: where Z[k] lies in data, in bytes; turns: W^k, real and imaginary, for k <= count / 2.
 */
// @ts-ignore: decorator
@inline
function powers(data: usize, count: usize, order: usize, turns: usize, gain: usize, power: usize): void {
  const zero = f32x4.splat(0);
  const r0 = v128.load(data);
  const i0 = v128.load(data, 16);
  storePower(power, add(r0, i0), zero, gain);
  storePower(power + count * 16, sub(r0, i0), zero, gain + count * 4);
  for (let k: usize = 1; k <= count >> 1; k++) {
    const other = count - k;
    const a = data + load<u32>(order + k * 4);
    const b = data + load<u32>(order + other * 4);
    const ar = v128.load(a);
    const ai = v128.load(a, 16);
    const br = v128.load(b);
    const bi = v128.load(b, 16);
    const er = add(ar, br);
    const ei = sub(ai, bi);
    const or = add(ai, bi);
    const oi = sub(br, ar);
    const wr = splat(turns + k * 8);
    const wi = splat(turns + k * 8 + 4);
    const tr = sub(mul(or, wr), mul(oi, wi));
    const ti = add(mul(or, wi), mul(oi, wr));
    storePower(power + k * 16, add(er, tr), add(ei, ti), gain + k * 4);
    storePower(power + other * 16, sub(er, tr), sub(ei, ti), gain + other * 4);
  }
}

/**
 * factor * ln(max(p + added, least)) of four frames' p, to four consecutive columns of `bins` rows. p is the power, or the bands'
 * weighted sums: `bands`, when not 0, holds for each band its first frequency, how many it covers, and that many weights.
 */
// @ts-ignore: decorator
@inline
function rows(power: usize, out: usize, bins: i32, pitch: usize, bands: usize, added: f32, least: f32, factor: f32): void {
  for (let k = 0; k < bins; k++, out += pitch) {
    let p: v128;
    if (bands) {
      p = f32x4.splat(0);
      let at = power + load<u32>(bands) * 16;
      const end = bands + 8 + load<u32>(bands, 4) * 4;
      for (bands += 8; bands < end; bands += 4, at += 16) p = add(p, mul(v128.load(at), splat(bands)));
    } else p = v128.load(power + k * 16);
    p = f32x4.pmax(add(p, f32x4.splat(added)), f32x4.splat(least));
    v128.store(out, mul(ln(p), f32x4.splat(factor)));
  }
}

/**
 * A log spectrogram [bins, columns] of at least four columns. Column f sees the 2 * count samples from sample f * hop on.
 * scratch: 2 * count vectors, power: count + 1 vectors; hop in samples; the other arguments as above.
 */
export function spectrogram(
  samples: usize,
  out: usize,
  columns: i32,
  bins: i32,
  hop: usize,
  count: usize,
  detrend: bool,
  window: usize,
  twiddles: usize,
  order: usize,
  turns: usize,
  gain: usize,
  bands: usize,
  scratch: usize,
  power: usize,
  added: f32,
  least: f32,
  factor: f32,
): void {
  const scale = f32x4.splat(detrend ? 0.5 / f32(count) : 0);
  for (let f = 0; f < columns; f += 4) {
    // The last four columns may have been computed in part already.
    const first: usize = min(f, columns - 4);
    const sum = gather(samples + first * hop * 4, hop * 4, 2 * count, scratch);
    transform(scratch, count, mul(sum, scale), window, twiddles);
    powers(scratch, count, order, turns, gain, power);
    rows(power, out + first * 4, bins, columns * 4, bands, added, least, factor);
  }
}
