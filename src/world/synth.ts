/** The parts that sounds are made of: oscillators, noise, plucked strings, filters and envelopes, all at 16 kHz. */
import type { Random } from '../random.js';

/** Hz. */
export const sampleRate = 16_000;

/** A value, or one for each time in seconds. */
export type Varying = number | ((seconds: number) => number);

const at = (value: Varying, seconds: number) => (typeof value === 'number' ? value : value(seconds));
const samplesOf = (seconds: number) => Math.max(1, Math.round(seconds * sampleRate));
export const silence = (seconds: number): Float32Array => new Float32Array(samplesOf(seconds));

const tableSize = 2048;
const period = Float64Array.from({ length: tableSize }, (_, i) => Math.sin((2 * Math.PI * i) / tableSize));

/** One period of a wave with these amplitudes of the fundamental, of twice its frequency, and so on. */
export function wave(...amplitudes: readonly number[]): Float32Array {
  const table = new Float32Array(tableSize);
  amplitudes.forEach((amplitude, k) => {
    if (amplitude !== 0) for (let i = 0; i < tableSize; i++) table[i]! += amplitude * period[(i * (k + 1)) % tableSize]!;
  });
  return table;
}

export const sine = wave(1);

/** Harmonics up to 7 kHz over a fundamental of at most `highest` Hz, the k-th with amplitude k^-`slope`. */
export const buzz = (highest: number, slope = 1): Float32Array =>
  wave(...Array.from({ length: Math.max(1, Math.floor(7000 / highest)) }, (_, k) => (k + 1) ** -slope));

/** A tone whose frequency in Hz may vary. */
export function oscillate(seconds: number, hz: Varying, table: Float32Array = sine): Float32Array {
  const x = silence(seconds);
  let phase = 0;
  for (let i = 0; i < x.length; i++) {
    x[i] = table[Math.floor(phase * tableSize)]!;
    phase += at(hz, i / sampleRate) / sampleRate;
    phase -= Math.floor(phase);
  }
  return x;
}

/** White noise within [-1, 1]. */
export function noise(random: Random, seconds: number): Float32Array {
  const x = silence(seconds);
  for (let i = 0; i < x.length; i++) x[i] = 2 * random.uniform() - 1;
  return x;
}

/** A plucked string (Karplus and Strong, 1983). `damping` in (0, 1]: larger is duller; it fades to a thousandth in `ring` seconds. */
export function pluck(random: Random, seconds: number, hz: number, damping: number, ring: number): Float32Array {
  const delay = sampleRate / hz - damping / 2;
  const line = Float32Array.from({ length: Math.floor(delay) }, () => 2 * random.uniform() - 1);
  const loss = 0.001 ** (1 / (hz * ring));
  // An all-pass filter delays by the fraction of a sample that is missing for the pitch.
  const rest = delay - line.length;
  const tuning = (1 - rest) / (1 + rest);
  let [last, lastIn, lastOut] = [0, 0, 0];
  const x = silence(seconds);
  for (let i = 0, position = 0; i < x.length; i++, position = position + 1 < line.length ? position + 1 : 0) {
    const out = line[position]!;
    const averaged = loss * ((1 - damping / 2) * out + (damping / 2) * last);
    lastOut = tuning * (averaged - lastOut) + lastIn;
    [last, lastIn] = [out, averaged];
    line[position] = lastOut;
    x[i] = out;
  }
  return x;
}

/** Multiplies with an envelope, in place. */
export function shape(x: Float32Array, envelope: (seconds: number) => number): Float32Array {
  for (let i = 0; i < x.length; i++) x[i]! *= envelope(i / sampleRate);
  return x;
}

/** Makes a sound rise within `attack` seconds and then fall to 1/e in each `decay` seconds, in place. */
export function struck(x: Float32Array, attack: number, decay: number): Float32Array {
  const rising = Math.min(x.length, samplesOf(attack));
  for (let i = 0; i < rising; i++) x[i]! *= i / rising;
  const factor = Math.exp(-1 / (decay * sampleRate));
  for (let i = rising, gain = 1; i < x.length; i++, gain *= factor) x[i]! *= gain;
  return x;
}

/** Rises within `attack` seconds, stays, and falls within the last `release` of `seconds`. */
export const held =
  (seconds: number, attack: number, release: number) =>
  (t: number): number =>
    Math.max(0, Math.min(1, t / attack, (seconds - t) / release));

/** Adds a sound from a time on; what lies beyond the end is dropped. */
export function add(target: Float32Array, source: Float32Array, seconds = 0, gain = 1): Float32Array {
  const first = Math.round(seconds * sampleRate);
  const count = Math.min(source.length, target.length - first);
  for (let i = Math.max(0, -first); i < count; i++) target[first + i]! += gain * source[i]!;
  return target;
}

/** Samples between two looks at a filter's frequency. */
const block = 64;

/** Gains of the input and its two predecessors for cosine c and alpha = sine / 2q, before normalization. */
const responses = {
  low: (c: number): [number, number, number] => [(1 - c) / 2, 1 - c, (1 - c) / 2],
  high: (c: number): [number, number, number] => [(1 + c) / 2, -1 - c, (1 + c) / 2],
  band: (_: number, alpha: number): [number, number, number] => [alpha, 0, -alpha],
};

/**
 * A new sound: what passes a filter of second order (Bristow-Johnson's cookbook) with the given corner or middle frequency in Hz; of a
 * band, the bandwidth is a q-th of it.
 */
export function filter(x: Float32Array, response: keyof typeof responses, hz: Varying, q = 0.7): Float32Array {
  const y = new Float32Array(x.length);
  let [x1, x2, y1, y2] = [0, 0, 0, 0];
  for (let start = 0; start < x.length; start += block) {
    const angle = (2 * Math.PI * Math.min(Math.max(at(hz, start / sampleRate), 10), 0.48 * sampleRate)) / sampleRate;
    const [c, alpha] = [Math.cos(angle), Math.sin(angle) / (2 * q)];
    const [b0, b1, b2] = responses[response](c, alpha).map((b) => b / (1 + alpha)) as [number, number, number];
    const [a1, a2] = [(-2 * c) / (1 + alpha), (1 - alpha) / (1 + alpha)];
    for (let i = start; i < Math.min(start + block, x.length); i++) {
      const value = b0 * x[i]! + b1 * x1 + b2 * x2 - a1 * y1 - a2 * y2;
      x2 = x1;
      x1 = x[i]!;
      y2 = y1;
      y1 = value;
      y[i] = value;
    }
  }
  return y;
}

/** A source heard through a mouth: bands of [middle in Hz, q, gain] side by side. */
export function throughMouth(x: Float32Array, ...formants: readonly (readonly [Varying, number, number])[]): Float32Array {
  const y = new Float32Array(x.length);
  for (const [hz, q, gain] of formants) add(y, filter(x, 'band', hz, q), 0, gain);
  return y;
}
