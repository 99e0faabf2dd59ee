import type { SpectrogramPlan } from '../spec.js';

/** Computes the log spectrograms of one plan. */
export class SpectrogramKernel {
  readonly #plan: SpectrogramPlan;

  constructor(plan: SpectrogramPlan) {
    this.#plan = plan;
  }

  /** The log spectrogram [bins, frames]. */
  run(samples: Float32Array, out?: Float32Array): Float32Array {
    const { window, hop, pad, gain, mel, log, firstFrame, frames, bins, detrend } = this.#plan;
    if (samples.length !== this.#plan.samples)
      throw new RangeError(`SpectrogramKernel: expected ${this.#plan.samples} samples, got ${samples.length}`);
    const result = out ?? new Float32Array(bins * frames);
    const n = window.length;
    const reflected = (i: number) => samples[i < 0 ? -i : i < samples.length ? i : 2 * (samples.length - 1) - i]!;
    for (let f = 0; f < frames; f++) {
      const x = Float64Array.from(window, (_, i) => reflected((firstFrame + f) * hop + i - pad));
      const mean = detrend ? x.reduce((a, b) => a + b) / n : 0;
      const [re, im] = transform(x.map((v, i) => (v - mean) * window[i]!));
      const power = gain.map((g, k) => g * (re[k]! ** 2 + im[k]! ** 2));
      for (let k = 0; k < bins; k++) {
        const p = mel ? mel[k]!.reduce((sum, w, i) => sum + w * power[i]!, 0) : power[k]!;
        result[k * frames + f] = log.factor * Math.log(log.floorBy === 'add' ? p + log.floor : Math.max(p, log.floor));
      }
    }
    return result;
  }
}

function transform(x: Float64Array): [Float64Array, Float64Array] {
  const n = x.length;
  if (n === 1) return [x, new Float64Array(1)];
  const [er, ei] = transform(x.filter((_, i) => i % 2 === 0));
  const [or, oi] = transform(x.filter((_, i) => i % 2 === 1));
  const [re, im] = [new Float64Array(n), new Float64Array(n)];
  for (let k = 0; k < n; k++) {
    const [c, s, j] = [Math.cos((2 * Math.PI * k) / n), -Math.sin((2 * Math.PI * k) / n), k % (n / 2)];
    re[k] = er[j]! + c * or[j]! - s * oi[j]!;
    im[k] = ei[j]! + c * oi[j]! + s * or[j]!;
  }
  return [re, im];
}
