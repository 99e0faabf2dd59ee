/** What retrieval between two modalities achieves. */
import { modalityGap } from '../metrics/modalityGap.js';
import { type RetrievalScores, recalls } from '../metrics/retrieval.js';
import type { SessionOptions } from '../runtime/index.js';
import type { Tensor } from '../tensor.js';
import { sessionRanks } from './product.js';

/** Recalls in both directions, alignment and gap of embeddings [N, D], row i of both a pair. Throws as `sessionRanks` does. */
export async function retrievalScores(
  { image, sound }: { image: Tensor<'float32'>; sound: Tensor<'float32'> },
  options: SessionOptions = {},
): Promise<RetrievalScores> {
  const ranks = await sessionRanks(image, sound, options);
  return {
    N: image.shape[0]!,
    imageToSound: recalls(ranks.imageToSound),
    soundToImage: recalls(ranks.soundToImage),
    ...modalityGap(image, sound),
  };
}
