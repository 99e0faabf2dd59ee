/** How alike every picture of a batch is to every sound of it. Unit vectors in, cosines out. */
import type { Value } from '../graph/ir.js';
import * as ops from '../graph/ops.js';
import { GraphError } from '../graph/shape.js';

/** Rows of a [A, D] and b [B, D], unit vectors -> [A, B]: s_ij = a_i . b_j. */
export const cosine = (a: Value, b: Value): Value => ops.matMul(a, b, { transposeB: true });

/** Correspondence maps a sound at a time, [B, A, h w]: one matrix product over the pixels of all pictures. */
function bySound(maps: Value, sounds: Value): Value {
  const [a, d, h, w] = maps.shape as [number, number, number, number];
  const [b, dimensions] = sounds.shape as [number, number];
  if (d !== dimensions)
    throw new GraphError(`crossSimilarity: maps have ${d} dimensions at each position, sounds ${dimensions}: they must agree`);
  const pixels = ops.reshape(ops.transpose(maps, [0, 2, 3, 1]), [a * h * w, d]);
  return ops.reshape(ops.matMul(sounds, pixels, { transposeB: true }), [b, a, h * w]);
}

/**
 * Every picture's correspondence map with every sound: maps [A, D, h, w], unit vectors at each position, and sounds [B, D] -> [A, B, h, w],
 * S_ij(xy) = maps_i^xy . sounds_j. Throws GraphError when the dimensions differ.
 */
export function crossSimilarity(maps: Value, sounds: Value): Value {
  const [a, , h, w] = maps.shape as [number, number, number, number];
  return ops.reshape(ops.transpose(bySound(maps, sounds), [1, 0, 2]), [a, sounds.shape[0]!, h, w]);
}

/** [B, A] -> [A, B]: a picture a row. */
const byPicture = (pooled: Value): Value => ops.transpose(pooled, [1, 0]);

/**
 * The mean of the highest `share` of the positions (at least one) of every correspondence map: maps [A, D, h, w], sounds [B, D] -> [A, B]. Between the
 * mean, which lets the ground dilute what sounds, and the maximum, which is content with a part of it. Equal values at the edge all count.
 */
export function topSimilarity(maps: Value, sounds: Value, share: number): Value {
  const similarity = bySound(maps, sounds);
  const edge = ops.kthLargest(similarity, Math.max(1, Math.round(share * similarity.shape[2]!)), -1);
  const isTop = ops.stopGradient(ops.cast(ops.greaterEqual(similarity, edge), 'float32'));
  return byPicture(ops.div(ops.sum(ops.mul(similarity, isTop), -1), ops.sum(isTop, -1)));
}

/** The best position of every correspondence map (multiple-instance learning): maps [A, D, h, w], sounds [B, D] -> [A, B]. */
export const peakSimilarity = (maps: Value, sounds: Value): Value => byPicture(ops.max(bySound(maps, sounds), -1));
