/** The contrastive loss of a batch in which row i and column i belong together. */
import type { Value } from '../graph/ir.js';
import * as ops from '../graph/ops.js';
import { GraphError } from '../graph/shape.js';
import { float32 } from '../tensor.js';

/**
 * InfoNCE (van den Oord et al., "Representation Learning with Contrastive Predictive Coding", 2018, eq. 4) over the rows of a similarity
 * matrix s [B, B], whose diagonal holds the positives:
 *
 *     L = -1/B sum_i log( exp(s_ii / tau) / sum_j exp(s_ij / tau) )
 *
 * A scalar. The other direction is the loss of the transpose. Throws GraphError when the matrix is not square, and RangeError when tau is not
 * above 0.
 */
export function infoNce(similarity: Value, tau: number): Value {
  const [rows, columns] = similarity.shape as [number, number];
  if (similarity.shape.length !== 2 || rows !== columns)
    throw new GraphError(
      `infoNce: expected a similarity for every pair of a batch, [B, B], got [${similarity.shape.join(', ')}]`,
    );
  if (!(tau > 0)) throw new RangeError(`infoNce: the temperature must be above 0, it is ${tau}`);
  const identity = float32([rows, rows]);
  for (let i = 0; i < rows; i++) identity.data[i * (rows + 1)] = -1 / rows;
  return ops.sum(ops.mul(ops.logSoftmax(ops.mul(similarity, 1 / tau), 1), ops.constant(identity)));
}
