/** The best that any map without ties can reach, when a protocol decides how many pixels are predicted. */
import type { Overlap } from './overlap.js';
import type { Truth } from './truth.js';

/**
 * The overlap of the best `count` pixels: those with the largest G. A map whose values are all different cannot do better where exactly that
 * many are predicted; one with equal values at the threshold can, since more or fewer are.
 */
export function bestOverlap(count: number, { weight, area, sum }: Truth): Overlap {
  if (count >= area) return { predicted: count, positives: area, weight: sum };
  return { predicted: count, positives: count, weight: sum === area ? count : sumOfLargest(weight, area, count) };
}

/** Sum of the `count` largest weights, of which `area` are positive. */
function sumOfLargest(weight: Float32Array, area: number, count: number): number {
  const positive = new Float32Array(area);
  for (let i = 0, p = 0; p < area; i++) if (weight[i]! > 0) positive[p++] = weight[i]!;
  positive.sort();
  let sum = 0;
  for (let i = area - count; i < area; i++) sum += positive[i]!;
  return sum;
}
