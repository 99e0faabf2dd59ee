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

/** A query and its nearest: row numbers of the embeddings. */
export interface RetrievalExample {
  query: 'image' | 'sound';
  sample: number;
  best: number[];
}

/** Queries that are shown, evenly over the pairs, and how many of their nearest. */
const [shownQueries, shownNearest] = [4, 5];

/** Some queries by sound and some by picture, to look at. */
export function examplesOf(embeddings: Parameters<typeof nearest>[0]): RetrievalExample[] {
  const rows = embeddings.image.shape[0]!;
  const samples = Array.from({ length: Math.min(shownQueries, rows) }, (_, i) => Math.floor(((i + 0.5) * rows) / shownQueries));
  return (['sound', 'image'] as const).flatMap((query) =>
    [...new Set(samples.map((sample) => Math.min(sample, rows - 1)))].map((sample) => ({
      query,
      sample,
      best: nearest(embeddings, query, sample, shownNearest),
    })),
  );
}
