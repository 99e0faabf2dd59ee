/** The pointing game. */
import type { Truth } from './truth.js';

/**
 * Whether the map's highest pixel lies on the object (Zhang et al., "Top-down Neural Attention by Excitation Backprop", ECCV 2016, without
 * tolerance): the share of the pixels with the highest value that have G > 0, which is 1 or 0 unless several are equally high; so a
 * constant map gets what a pixel chosen at random gets. `max` is the highest value, `highest` how many pixels have it, counted when it is not
 * known.
 */
export function pointing(
  values: Float32Array,
  max: number,
  { weight, width, bounds: { left, top, right, bottom } }: Truth,
  highest = values.reduce((n, v) => n + Number(v === max), 0),
): number {
  let hits = 0;
  for (let y = top; y < bottom; y++)
    for (let i = y * width + left, end = y * width + right; i < end; i++) if (values[i] === max && weight[i]! > 0) hits++;
  return hits / highest;
}
