/** Changing the sample rate, as SciPy does it. No Node modules: browsers run it too. */

/** Hz; no sound card, file or codec that is meant to be heard goes beyond. */
export const maxSampleRate = 1_000_000;

/** Samples of a result: 4 GiB. */
const maxSamples = 2 ** 30;
/**
 * The filter has 20 * max(up, down) + 1 taps, so the reduced ratio bounds time and memory. Any two rates up to this many Hz are
 * within the bound even where they have no common divisor (44101 and 16000); at it, the filter takes 42 MB and a fraction of a second.
 */
const maxFactor = 2 ** 18;
/** Taps of all filters that are kept for the next call, 8 MB; the pairs of usual rates need less than 10000 each. */
const maxKeptTaps = 2 ** 20;

/** Half length of the filter in periods of the lower rate, and the Kaiser window's shape. */
const halfPeriods = 10;
const beta = 5;

/** One row of `taps` filter weights for each of `up` phases, in the order in which successive outputs need them. */
interface Polyphase {
  readonly up: number;
  readonly down: number;
  readonly taps: number;
  /** [up, taps]; a row's last weight belongs to the newest input. */
  readonly weights: Float64Array;
}

/** Least recently used first. */
const kept = new Map<string, Polyphase>();

/**
 * The samples at another rate: scipy.signal.resample_poly(samples, to, from) with its defaults, in double precision.
 *
 * With up / down = to / from in lowest terms, M = max(up, down), H = 10 M, and
 *   h[k] = up * w[k] sinc((k - H) / M) / sum_j w[j] sinc((j - H) / M),  k = 0 .. 2H,  w = Kaiser window of 2H + 1 points, beta 5,
 *   y[m] = sum_n x[n] h[m down + H - n up],  m = 0 .. ceil(N up / down) - 1,
 * where x is zero outside of its N samples: output m lies at the time of input m * from / to, there is no delay, and the first and
 * last ten periods of the lower rate fade towards silence. Equal rates give a copy.
 *
 * `from` and `to` are whole numbers of Hz from 1 to 1,000,000. Throws RangeError when they are not, when the reduced ratio has a side
 * over 2^18 (only rates over 262,144 Hz can), and when there would be more than 2^30 samples.
 */
export function resample(samples: Float32Array, from: number, to: number): Float32Array {
  for (const rate of [from, to])
    if (!Number.isInteger(rate) || rate < 1 || rate > maxSampleRate)
      throw new RangeError(`expected sample rates in whole Hz from 1 to ${maxSampleRate}, got ${from} and ${to}`);
  if (from === to) return samples.slice();
  const divisor = greatestCommonDivisor(from, to);
  const up = to / divisor;
  const down = from / divisor;
  if (Math.max(up, down) > maxFactor)
    throw new RangeError(
      `cannot resample from ${from} to ${to} Hz: the ratio ${up}/${down} in lowest terms would need too long a filter ` +
        `(no side may be over ${maxFactor}); choose a rate that divides evenly`,
    );
  const length = Math.ceil((samples.length * up) / down);
  if (length > maxSamples)
    throw new RangeError(`cannot resample ${samples.length} samples from ${from} to ${to} Hz: ${length} would be too many`);
  return convolve(samples, polyphase(up, down), length);
}

function convolve(x: Float32Array, { up, down, taps, weights }: Polyphase, length: number): Float32Array {
  const y = new Float32Array(length);
  const half = halfPeriods * Math.max(up, down);
  // Outputs that lie a multiple of `up` apart have the same weights: four are summed at a time, so that a weight is loaded once
  // for all and no sum waits for another. `span` is how far apart, in outputs, `advance` the same in inputs: what four need stays
  // in the processor's cache, in double precision and with silence before and after the sound.
  const periods = Math.max(1, Math.floor(1024 / Math.max(up, down)));
  const span = periods * up;
  const advance = periods * down;
  const inputs = new Float64Array(4 * advance + taps);
  const outputs = new Float64Array(4 * span);
  for (let done = 0; done < length; done += outputs.length) {
    // Output m needs the inputs up to floor((m down + H) / up); the remainder decides which weights.
    copyPart(x, (done / up) * down + Math.floor(half / up) - taps + 1, inputs);
    let remainder = half % up;
    let oldest = 0;
    for (let m = 0, row = 0; m < span; m++) {
      let a = 0;
      let b = 0;
      let c = 0;
      let d = 0;
      for (let w = row, n = oldest; w < row + taps; w++, n++) {
        const weight = weights[w]!;
        a += weight * inputs[n]!;
        b += weight * inputs[n + advance]!;
        c += weight * inputs[n + 2 * advance]!;
        d += weight * inputs[n + 3 * advance]!;
      }
      outputs[m] = a;
      outputs[m + span] = b;
      outputs[m + 2 * span] = c;
      outputs[m + 3 * span] = d;
      remainder += down;
      oldest += Math.floor(remainder / up);
      remainder %= up;
      row = (row + taps) % weights.length;
    }
    y.set(outputs.subarray(0, length - done), done);
  }
  return y;
}

/** part[i] = x[from + i], 0 where there is no such sample. */
function copyPart(x: Float32Array, from: number, part: Float64Array): void {
  const present = x.subarray(Math.max(from, 0), Math.max(from + part.length, 0));
  part.fill(0);
  part.set(present, Math.max(-from, 0));
}

/** The filter of a ratio, from the kept ones where it is among them. */
function polyphase(up: number, down: number): Polyphase {
  const key = `${up}/${down}`;
  const filter = kept.get(key) ?? design(up, down);
  kept.delete(key);
  if (filter.weights.length > maxKeptTaps) return filter;
  kept.set(key, filter);
  let total = 0;
  for (const { weights } of kept.values()) total += weights.length;
  for (const [oldest, { weights }] of kept) {
    if (total <= maxKeptTaps) break;
    kept.delete(oldest);
    total -= weights.length;
  }
  return filter;
}

function design(up: number, down: number): Polyphase {
  const h = lowPass(up, Math.max(up, down));
  const half = (h.length - 1) / 2;
  const taps = Math.ceil(h.length / up);
  const weights = new Float64Array(up * taps);
  for (let m = 0; m < up; m++) {
    let row = (m + 1) * taps;
    for (let k = (m * down + half) % up; k < h.length; k += up) weights[--row] = h[k]!;
  }
  return { up, down, taps, weights };
}

/** The windowed sinc h above. */
function lowPass(gain: number, period: number): Float64Array {
  const half = halfPeriods * period;
  const h = new Float64Array(2 * half + 1);
  const edge = besselI0(beta);
  let sum = 0;
  for (let k = 0; k <= half; k++) {
    const t = Math.PI * ((half - k) / period);
    const sinc = t === 0 ? 1 : Math.sin(t) / t;
    const value = (sinc * besselI0(beta * Math.sqrt(1 - ((half - k) / half) ** 2))) / edge;
    h[k] = value;
    h[2 * half - k] = value;
    sum += k === half ? value : 2 * value;
  }
  for (let k = 0; k < h.length; k++) h[k]! *= gain / sum;
  return h;
}

/** Modified Bessel function of the first kind, order 0: sum_k ((x / 2)^k / k!)^2, to the last bit for the small x used here. */
function besselI0(x: number): number {
  const quarter = (x / 2) ** 2;
  let sum = 1;
  for (let k = 1, term = 1; term > sum * 1e-17; k++) {
    term *= quarter / (k * k);
    sum += term;
  }
  return sum;
}

function greatestCommonDivisor(a: number, b: number): number {
  return b === 0 ? a : greatestCommonDivisor(b, a % b);
}
