import type { SpectrogramPlan } from '../spec.js';
import { Layout } from './memory.js';

/** Frames go four at a time, one a lane. */
const lanes = 4;
const shortestSegment = 16;
const longestSegment = 2 ** 14;
/** The smallest normal float32: the logarithm is made for numbers from here on. */
const smallestFloor = 2 ** -126;

/** Twiddle factors w^j, w^2j, w^3j of the butterflies of radix 4, w = exp(-2 pi i / count): see assembly/fourier.ts. */
function twiddleFactors(count: number): Float32Array {
  const factors: number[] = [];
  for (let j = 0; j < count / 4; j++)
    for (const power of [1, 2, 3]) {
      const angle = (-2 * Math.PI * power * j) / count;
      factors.push(Math.cos(angle), Math.sin(angle));
    }
  return Float32Array.from(factors);
}

/**
 * Where the transform leaves the value of each frequency, in bytes: base-4 digits reversed, the last one in base 2 if need be.
 */
function digitReversed(count: number): Uint32Array {
  const position = (k: number, size: number): number =>
    size <= 2 ? k : (k % 4) * (size / 4) + position(Math.floor(k / 4), size / 4);
  return Uint32Array.from({ length: count }, (_, k) => 32 * position(k, count));
}

/** exp(-pi i k / count) for k <= count / 2: what separates a real signal's frequencies from those of its pairs. */
const turnsOf = (count: number): Float32Array =>
  Float32Array.from({ length: count + 2 }, (_, i) => {
    const angle = (Math.PI * (i >> 1)) / count;
    return i % 2 === 0 ? Math.cos(angle) : -Math.sin(angle);
  });

/** For each band: its first frequency, how many it covers, and their weights, as 32-bit words. */
function sparseBands(rows: readonly Float64Array[]): Uint32Array {
  const words: number[] = [];
  for (const row of rows) {
    const first = Math.max(
      0,
      row.findIndex((w) => w !== 0),
    );
    const weights = Float32Array.from(row.subarray(first, row.findLastIndex((w) => w !== 0) + 1));
    words.push(first, weights.length, ...new Uint32Array(weights.buffer));
  }
  return Uint32Array.from(words);
}

/**
 * Log spectrograms of one plan:
 * y[k, f] = factor * ln(sum over j of mel[k, j] gain[j] |X_f[j]|^2 + floor), X_f the discrete Fourier transform of the frame
 * x_f[n] = window[n] (s[(firstFrame + f) hop + n - pad] - the frame's mean, when `detrend`).
 * In float32: about 1e-6 of the power of the frame's strongest frequency is lost.
 */
export class SpectrogramKernel {
  readonly #plan: SpectrogramPlan;
  readonly #tables: {
    windowTable: Float32Array;
    twiddles: Float32Array;
    order: Uint32Array;
    turns: Float32Array;
    gains: Float32Array;
    bands: Uint32Array;
  };

  /** Throws RangeError when the plan's numbers do not fit together, or its segment is no power of two from 16 to 16384. */
  constructor(plan: SpectrogramPlan) {
    const { samples, pad, window, hop, gain, mel, log, firstFrame, frames, bins } = plan;
    const need = (condition: boolean, message: string) => {
      if (!condition) throw new RangeError(`SpectrogramKernel: ${message}`);
    };
    const segment = window.length;
    const whole = { samples, pad, hop, firstFrame, frames };
    for (const [name, n] of Object.entries(whole))
      need(Number.isSafeInteger(n) && n >= 0, `${name} must be a whole number from 0 on, got ${n}`);
    need(
      Number.isInteger(Math.log2(segment)) && segment >= shortestSegment && segment <= longestSegment,
      `the window must be a power of two from ${shortestSegment} to ${longestSegment} samples long, got ${segment}`,
    );
    need(gain.length === segment / 2 + 1, `expected ${segment / 2 + 1} gains, got ${gain.length}`);
    for (const row of mel ?? [])
      need(row.length === gain.length, `a band must have ${gain.length} weights, got one with ${row.length}`);
    const rows = mel?.length ?? gain.length;
    need(bins === rows, `bins must be the number of rows, ${rows}, got ${bins}`);
    need(hop >= 1 && frames >= 1, `hop and frames must be at least 1, got ${hop} and ${frames}`);
    need(pad < samples || pad === 0, `reflecting ${pad} samples needs more than that many, there are ${samples}`);
    const needed = (firstFrame + frames - 1) * hop + segment;
    need(
      needed <= samples + 2 * pad,
      `the frames need ${needed} samples, there are ${samples} and ${pad} reflected on either side`,
    );
    need(log.floor >= smallestFloor, `the floor must be at least ${smallestFloor}, got ${log.floor}`);
    this.#plan = plan;
    const count = segment / 2;
    this.#tables = {
      windowTable: Float32Array.from(window),
      twiddles: twiddleFactors(count),
      order: digitReversed(count),
      turns: turnsOf(count),
      // The transform gives twice the amplitude, save for the first and the last frequency.
      gains: Float32Array.from(gain, (g, k) => (k === 0 || k === count ? g : g / 4)),
      bands: sparseBands(mel ?? []),
    };
  }

  /**
   * The log spectrogram [bins, frames], row by row, of `plan.samples` samples; in `out` when given.
   * Throws RangeError when samples or out have another length.
   */
  run(samples: Float32Array, out?: Float32Array): Float32Array {
    const { pad, window, hop, detrend, mel, log, firstFrame, frames, bins } = this.#plan;
    if (samples.length !== this.#plan.samples)
      throw new RangeError(`SpectrogramKernel: expected ${this.#plan.samples} samples, got ${samples.length}`);
    if (out && out.length !== bins * frames)
      throw new RangeError(
        `SpectrogramKernel: out must hold ${bins} * ${frames} = ${bins * frames} numbers, it holds ${out.length}`,
      );
    const columns = Math.max(frames, lanes);
    const count = window.length / 2;
    // Which samples the frames see; those outside the sound are its reflection.
    const first = firstFrame * hop - pad;
    const end = first + (frames - 1) * hop + window.length;

    const layout = new Layout();
    const { windowTable, twiddles, order, turns, gains, bands } = this.#tables;
    const at = {
      window: layout.place(windowTable),
      twiddles: layout.place(twiddles),
      order: layout.place(order),
      turns: layout.place(turns),
      gains: layout.place(gains),
      bands: layout.place(bands),
      scratch: layout.take(2 * count * 16),
      power: layout.take((count + 1) * 16),
      samples: layout.take(((columns - 1) * hop + window.length) * 4),
      out: layout.take(bins * columns * 4),
    };
    const module = layout.open('SpectrogramKernel');
    const seen = new Float32Array(module.memory.buffer, at.samples, end - first);
    const [head, tail] = [Math.max(0, first), Math.min(samples.length, end)];
    if (head < tail) seen.set(samples.subarray(head, tail), head - first);
    for (let i = first; i < Math.min(0, end); i++) seen[i - first] = samples[-i]!;
    for (let i = Math.max(samples.length, first); i < end; i++) seen[i - first] = samples[2 * (samples.length - 1) - i]!;

    module.spectrogram(
      at.samples,
      at.out,
      columns,
      bins,
      hop,
      count,
      detrend,
      at.window,
      at.twiddles,
      at.order,
      at.turns,
      at.gains,
      mel ? at.bands : 0,
      at.scratch,
      at.power,
      log.floorBy === 'add' ? log.floor : 0,
      log.floor,
      log.factor,
    );
    const result = out ?? new Float32Array(bins * frames);
    const rows = new Float32Array(module.memory.buffer, at.out, bins * columns);
    if (columns === frames) result.set(rows);
    else for (let k = 0; k < bins; k++) result.set(rows.subarray(k * columns, k * columns + frames), k * frames);
    return result;
  }
}
