/** How the embeddings of the two modalities lie to each other. */
import type { Tensor } from '../tensor.js';
import { unitPairs } from './embeddings.js';

/** A gap below this is rounding of float32 embeddings; its direction means nothing. */
const smallestGap = 1e-9;

/**
 * Alignment and modality gap of N pairs; `images` and `sounds` are [N, D], v_i and a_i their rows divided by their lengths.
 *
 * - `alignment`: the mean of v_i . a_i, the cosine of a pair.
 * - `gap.magnitude`: ||mean v - mean a|| (Liang et al., "Mind the Gap: Understanding the Modality Gap in Multi-modal Contrastive
 *   Representation Learning", NeurIPS 2022, section 2), between 0 and 2.
 * - `gap.deviation`: with u = (mean v - mean a) / magnitude, the standard deviation over the pairs (divisor N) of (v_i - a_i) . u, whose mean
 *   is the magnitude; 0 when the magnitude is.
 *
 * Throws RangeError for shapes that differ and for rows that are zero or not finite.
 */
export function modalityGap(
  images: Tensor<'float32'>,
  sounds: Tensor<'float32'>,
): { alignment: number; gap: { magnitude: number; deviation: number } } {
  const units = unitPairs(images, sounds);
  const { count, dimension } = units.images;
  const image = new Float64Array(dimension);
  const sound = new Float64Array(dimension);

  const gap = new Float64Array(dimension);
  let alignment = 0;
  for (let i = 0; i < count; i++) {
    units.images.read(i, image);
    units.sounds.read(i, sound);
    for (let d = 0; d < dimension; d++) {
      gap[d]! += (image[d]! - sound[d]!) / count;
      alignment += image[d]! * sound[d]!;
    }
  }
  alignment /= count;
  const magnitude = Math.sqrt(gap.reduce((sum, x) => sum + x * x, 0));
  if (magnitude < smallestGap) return { alignment, gap: { magnitude: 0, deviation: 0 } };

  let squares = 0;
  for (let i = 0; i < count; i++) {
    units.images.read(i, image);
    units.sounds.read(i, sound);
    let along = 0;
    for (let d = 0; d < dimension; d++) along += ((image[d]! - sound[d]!) * gap[d]!) / magnitude;
    squares += (along - magnitude) ** 2;
  }
  return { alignment, gap: { magnitude, deviation: Math.sqrt(squares / count) } };
}
