/** How alike every picture of a batch is to every sound of it. Unit vectors in, cosines out. */
import type { Value } from '../graph/ir.js';
import * as ops from '../graph/ops.js';
import { GraphError } from '../graph/shape.js';

/** Rows of a [A, D] and b [B, D], unit vectors -> [A, B]: s_ij = a_i . b_j. */
export const cosine = (a: Value, b: Value): Value => ops.matMul(a, b, { transposeB: true });

/**
 * Every picture's correspondence map with every sound: maps [A, D, h, w], unit vectors at each position, and sounds [B, D] -> [A, B, h, w],
 * S_ij(xy) = maps_i^xy . sounds_j. Throws GraphError when the dimensions differ.
 */
export function crossSimilarity(maps: Value, sounds: Value): Value {
  const [a, d, h, w] = maps.shape as [number, number, number, number];
  const [b, dimensions] = sounds.shape as [number, number];
  if (d !== dimensions)
    throw new GraphError(`crossSimilarity: maps have ${d} dimensions at each position, sounds ${dimensions}: they must agree`);
  return ops.reshape(ops.matMul(sounds, ops.reshape(maps, [a, d, h * w])), [a, b, h, w]);
}

/**
 * The mean of the highest `share` of the positions (at least one) of every correspondence map: maps [A, D, h, w], sounds [B, D] -> [A, B]. Between the
 * mean, which lets the ground dilute what sounds, and the maximum, which is content with a part of it. Equal values at the edge all count.
 */
export function topSimilarity(maps: Value, sounds: Value, share: number): Value {
  const similarity = crossSimilarity(maps, sounds);
  const [a, b, h, w] = similarity.shape as [number, number, number, number];
  const flat = ops.reshape(similarity, [a, b, h * w]);
  const edge = ops.kthLargest(flat, Math.max(1, Math.round(share * h * w)), -1);
  const isTop = ops.stopGradient(ops.cast(ops.greaterEqual(flat, edge), 'float32'));
  return ops.div(ops.sum(ops.mul(flat, isTop), -1), ops.sum(isTop, -1));
}

/** The best position of every correspondence map (multiple-instance learning): maps [A, D, h, w], sounds [B, D] -> [A, B]. */
export const peakSimilarity = (maps: Value, sounds: Value): Value => ops.max(crossSimilarity(maps, sounds), [2, 3]);
