/** The pointing game. */
import type { Truth } from './truth.js';

/**
 * Whether the map's highest pixel lies on the object (Zhang et al., "Top-down Neural Attention by Excitation Backprop", ECCV 2016, without
 * tolerance): the share of the pixels with the highest value that have G > 0, which is 1 or 0 unless several are equally high; so a
 * constant map gets what a pixel chosen at random gets. `max` is the highest value.
 */
export function pointing(values: Float32Array, max: number, { weight }: Truth): number {
  let [highest, hits] = [0, 0];
  for (let i = 0; i < values.length; i++)
    if (values[i] === max) {
      highest++;
      if (weight[i]! > 0) hits++;
    }
  return hits / highest;
}
