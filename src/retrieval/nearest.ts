/** The most similar candidates of a query. */
import { unitPairs } from '../metrics/embeddings.js';
import type { Tensor } from '../tensor.js';

/**
 * The `count` rows of the other modality with the highest cosine, the best first. `images` and `sounds` are [N, D], row i of both a pair;
 * `sound` asks with the sound of pair `query` for pictures, `image` the other way. For a few queries: each reads all rows.
 */
export function nearest(
  { image, sound }: { image: Tensor<'float32'>; sound: Tensor<'float32'> },
  from: 'image' | 'sound',
  query: number,
  count: number,
): number[] {
  const { images, sounds } = unitPairs(image, sound);
  const [queries, candidates] = from === 'sound' ? [sounds, images] : [images, sounds];
  const [q, c] = [new Float64Array(queries.dimension), new Float64Array(queries.dimension)];
  queries.read(query, q);
  const similarity = Float64Array.from({ length: candidates.count }, (_, i) => {
    candidates.read(i, c);
    return c.reduce((sum, x, d) => sum + x * q[d]!, 0);
  });
  return [...similarity.keys()].sort((i, j) => similarity[j]! - similarity[i]! || i - j).slice(0, count);
}
