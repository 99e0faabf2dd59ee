/** What retrieval between two modalities achieves. */

import { bootstrapMeans } from '../metrics/bootstrap.js';
import { modalityGap } from '../metrics/modalityGap.js';
import { hitsAt, type PartnerRanks, type RetrievalScores, recalls } from '../metrics/retrieval.js';
import type { SessionOptions } from '../runtime/index.js';
import type { Tensor } from '../tensor.js';
import { sessionRanks } from './product.js';

/** Sets of queries that are drawn for intervals. */
const resamples = 500;

function intervalsOf(ranks: PartnerRanks): RetrievalScores['intervals']['imageToSound'] {
  const hits = { 'R@1': hitsAt(ranks, 1), 'R@5': hitsAt(ranks, 5), 'R@10': hitsAt(ranks, 10) };
  const queries = Array.from(hits['R@1'], (_, i) => String(i));
  return bootstrapMeans(hits, queries, { resamples });
}

/** Recalls in both directions with their intervals, alignment and gap of embeddings [N, D], row i of both a pair. Throws as `sessionRanks` does. */
export async function retrievalScores(
  { image, sound }: { image: Tensor<'float32'>; sound: Tensor<'float32'> },
  options: SessionOptions = {},
): Promise<RetrievalScores> {
  const ranks = await sessionRanks(image, sound, options);
  return {
    N: image.shape[0]!,
    imageToSound: recalls(ranks.imageToSound),
    soundToImage: recalls(ranks.soundToImage),
    intervals: { imageToSound: intervalsOf(ranks.imageToSound), soundToImage: intervalsOf(ranks.soundToImage) },
    ...modalityGap(image, sound),
  };
}
