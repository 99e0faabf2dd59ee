/** Scaling of maps before thresholds, with the rounding of the published programs, which compute in float32. */

/** The smallest and the largest value. */
export interface Extremes {
  min: number;
  max: number;
}

export function extremesOf(values: Float32Array): Extremes {
  let min = Number.POSITIVE_INFINITY;
  let max = Number.NEGATIVE_INFINITY;
  for (let i = 0; i < values.length; i++) {
    const v = values[i]!;
    if (v < min) min = v;
    if (v > max) max = v;
  }
  return { min, max };
}

const f = Math.fround;

/** (x - low) / (high - low), in place; values as they are when low = high, as the published `normalize_img`. */
export function scaleRange(values: Float32Array, low: number, high: number): void {
  const range = f(high - low);
  if (range === 0) return;
  const from = f(low);
  for (let i = 0; i < values.length; i++) values[i] = f(values[i]! - from) / range;
}

/** 1 - (max - x) / (max - min), in place: LVS normalizes the negated map and subtracts. Constant maps become 1 + x, as there. */
export function scaleNegated(values: Float32Array, min: number, max: number): void {
  const range = f(max - min);
  if (range === 0) for (let i = 0; i < values.length; i++) values[i] = 1 + values[i]!;
  else for (let i = 0; i < values.length; i++) values[i] = 1 - f(f(max - values[i]!) / range);
}

/** 1 / (1 + exp(-x)), in place. */
export function scaleLogits(values: Float32Array): void {
  for (let i = 0; i < values.length; i++) values[i] = 1 / (1 + Math.exp(-values[i]!));
}

/** share * x + (1 - share) * y, into x. */
export function mix(x: Float32Array, y: Float32Array, share: number): void {
  const u = f(share);
  const v = f(1 - share);
  for (let i = 0; i < x.length; i++) x[i] = f(x[i]! * u) + f(y[i]! * v);
}
