/** The F-score of masks over all thresholds. */
import { fScore } from './overlap.js';
import type { Truth } from './truth.js';

/** Thresholds: 255 from 0 to 1 - 1e-10, which in float32 is 1. */
const count = 255;
const thresholds = Float32Array.from({ length: count }, (_, k) => (k * (1 - 1e-10)) / (count - 1));

/** Products this near to a whole number may be on the other side of it: they are rounded, and so are the thresholds. */
const margin = 1e-3;

/** How many thresholds are at most the value, which counts as the nearest end when it is outside [0, 1]. */
function levelOf(v: number): number {
  const position = v * (count - 1);
  const below = position | 0;
  const rest = position - below;
  if (rest > margin && rest < 1 - margin && below < count) return below + 1;
  let level = Math.min(Math.max(below, 0), count - 1);
  while (level < count && v >= thresholds[level]!) level++;
  return level;
}

/**
 * F-scores of the masks {values >= k / 254}, k = 0..254. The F-score of a set is the maximum over k of the mean over its samples (Zhou et al.,
 * "Audio-Visual Segmentation", ECCV 2022: `Eval_Fmeasure`). `load` a map, then ask; an instance keeps its memory.
 */
export class FMeasure {
  readonly #predicted = new Uint32Array(count + 1);
  readonly #correct = new Float64Array(count + 1);
  #values: Float32Array = new Float32Array(0);

  /** Takes values in [0, 1] (others count as the nearest end), which must stay as they are. */
  load(values: Float32Array): void {
    this.#values = values;
    const predicted = this.#predicted.fill(0);
    for (let i = 0; i < values.length; i++) predicted[levelOf(values[i]!)]!++;
  }

  /** F at every threshold, [255], against a truth that is not empty. */
  against({ weight, width, sum, bounds: { left, top, right, bottom } }: Truth): Float32Array {
    const correct = this.#correct.fill(0);
    const values = this.#values;
    for (let y = top; y < bottom; y++)
      for (let i = y * width + left, end = y * width + right; i < end; i++) {
        const w = weight[i]!;
        if (w > 0) correct[levelOf(values[i]!)]! += w;
      }
    const curve = new Float32Array(count);
    let above = 0;
    let hits = 0;
    for (let k = count - 1; k >= 0; k--) {
      above += this.#predicted[k + 1]!;
      hits += correct[k + 1]!;
      curve[k] = fScore(hits, above, sum);
    }
    return curve;
  }
}

/** The highest value of the mean of curves; NaN for none. */
export function highestMean(curves: readonly Float32Array[]): number {
  const sums = new Float64Array(count);
  for (const curve of curves) for (let k = 0; k < count; k++) sums[k]! += curve[k]!;
  return Math.max(...sums) / curves.length;
}

/** A curve that is the same at all thresholds. */
export const constantCurve = (value: number): Float32Array => new Float32Array(count).fill(value);
