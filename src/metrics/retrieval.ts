/** Cross-modal retrieval: whether the partner of a picture or sound is among the k candidates most similar to it. */

import type { Tensor } from '../tensor.js';
import type { Interval } from './bootstrap.js';
import { type UnitRows, unitPairs } from './embeddings.js';

/** For each of N queries, where its partner stands among the N candidates. */
export interface PartnerRanks {
  /** Candidates strictly more similar than the partner. */
  greater: Int32Array;
  /** Candidates exactly as similar as the partner, itself included. */
  equal: Int32Array;
}

export interface RetrievalRanks {
  imageToSound: PartnerRanks;
  soundToImage: PartnerRanks;
}

/** A block of the similarities of all pictures and sounds, s_ij = images_i . sounds_j with i and j below `size`. */
export interface SimilarityBlock {
  /** The same for all blocks of two matrices, so that whatever multiplies can do so in the same way. */
  size: number;
  dimension: number;
  /** [size, dimension], rows of length 1. They are used again for the next block. */
  images: Float32Array;
  sounds: Float32Array;
  /** How many of the pictures and sounds are counted: the first. Rows after them mean nothing. */
  imageCount: number;
  soundCount: number;
  /** [size]: the similarity of each picture, and each sound, to its partner, which is rarely in the same block. */
  imagePartner: Float32Array;
  soundPartner: Float32Array;
}

/** What one block adds to the ranks; [size] each. */
interface BlockCounts {
  /** s_ii. */
  diagonal: Float32Array;
  /** For each picture, the sounds with s_ij > imagePartner_i, and with s_ij = imagePartner_i. */
  imageGreater: Float32Array;
  imageEqual: Float32Array;
  /** For each sound, the pictures with s_ij > soundPartner_j, and with s_ij = soundPartner_j. */
  soundGreater: Float32Array;
  soundEqual: Float32Array;
}

/** Multiplies a block and counts in it. Equal rows must give equal similarities wherever they stand, or ties are missed. */
export type BlockCounter = (block: SimilarityBlock) => BlockCounts | Promise<BlockCounts>;

interface RankOptions {
  /** What multiplies and counts; plain loops when not given, which are slow beyond some thousand pairs. */
  counter?: BlockCounter;
  /** The most rows of each modality in a block; default 1024. */
  blockSize?: number;
}

/**
 * The ranks of the partners by cosine similarity, both ways. `images` and `sounds` are [N, D]; rows are normalized first, and the partner
 * of row i is row i. The N x N similarities are made in blocks, each once for both directions; besides the two matrices (which are not
 * copied) memory is that of a block. Throws RangeError for shapes that differ and for rows that are zero or not finite, and Error when
 * `counter` gives one pair two values.
 */
export async function retrievalRanks(
  images: Tensor<'float32'>,
  sounds: Tensor<'float32'>,
  { counter = countPlainly, blockSize = 1024 }: RankOptions = {},
): Promise<RetrievalRanks> {
  if (!(Number.isInteger(blockSize) && blockSize > 0))
    throw new RangeError(`retrievalRanks: blockSize must be a whole number of at least 1, got ${blockSize}`);
  const units = unitPairs(images, sounds);
  const N = units.images.count;
  const block = emptyBlock(N, units.images.dimension, blockSize);
  const { size } = block;

  // Partners first, and by the same arithmetic as all others: a similarity that differs in its last bit is no tie.
  const partner = new Float32Array(N);
  for (let i = 0; i < N; i += size) {
    const { diagonal } = await counter(fill(fill(block, 'image', units.images, i, partner), 'sound', units.sounds, i, partner));
    partner.set(diagonal.subarray(0, block.imageCount), i);
  }

  const imageToSound = { greater: new Int32Array(N), equal: new Int32Array(N) };
  const soundToImage = { greater: new Int32Array(N), equal: new Int32Array(N) };
  for (let i = 0; i < N; i += size) {
    fill(block, 'image', units.images, i, partner);
    for (let j = 0; j < N; j += size) {
      const counts = await counter(fill(block, 'sound', units.sounds, j, partner));
      add(imageToSound, i, block.imageCount, counts.imageGreater, counts.imageEqual);
      add(soundToImage, j, block.soundCount, counts.soundGreater, counts.soundEqual);
    }
  }

  for (const { equal } of [imageToSound, soundToImage]) {
    const missing = equal.indexOf(0);
    if (missing >= 0)
      throw new Error(
        `retrievalRanks: the similarity of pair ${missing} was ${partner[missing]} at first and another value later; ` +
          'the block counter must always give a pair the same one',
      );
  }
  return { imageToSound, soundToImage };
}

/** Blocks of about equal size, which leaves little padding, in steps of 16 rows where that is allowed. */
function emptyBlock(N: number, dimension: number, most: number): SimilarityBlock {
  const even = Math.ceil(N / Math.ceil(N / most));
  const size = Math.min(Math.ceil(even / 16) * 16, most);
  return {
    size,
    dimension,
    images: new Float32Array(size * dimension),
    sounds: new Float32Array(size * dimension),
    imageCount: 0,
    soundCount: 0,
    imagePartner: new Float32Array(size),
    soundPartner: new Float32Array(size),
  };
}

/** Sets one side of a block to the rows that begin at `from`. */
function fill(block: SimilarityBlock, side: 'image' | 'sound', rows: UnitRows, from: number, partner: Float32Array) {
  const count = Math.min(block.size, rows.count - from);
  rows.read(from, block[`${side}s`]);
  block[`${side}Partner`].set(partner.subarray(from, from + count));
  block[`${side}Count`] = count;
  return block;
}

function add(ranks: PartnerRanks, from: number, count: number, greater: Float32Array, equal: Float32Array): void {
  for (let i = 0; i < count; i++) {
    ranks.greater[from + i]! += greater[i]!;
    ranks.equal[from + i]! += equal[i]!;
  }
}

const countPlainly: BlockCounter = (block) => {
  const { size, dimension, images, sounds, imageCount, soundCount, imagePartner, soundPartner } = block;
  const row = () => new Float32Array(size);
  const counts = { diagonal: row(), imageGreater: row(), imageEqual: row(), soundGreater: row(), soundEqual: row() };
  for (let i = 0; i < imageCount; i++)
    for (let j = 0; j < soundCount; j++) {
      let sum = 0;
      for (let d = 0; d < dimension; d++) sum += images[i * dimension + d]! * sounds[j * dimension + d]!;
      const similarity = Math.fround(sum);
      if (i === j) counts.diagonal[i] = similarity;
      if (similarity > imagePartner[i]!) counts.imageGreater[i]!++;
      else if (similarity === imagePartner[i]!) counts.imageEqual[i]!++;
      if (similarity > soundPartner[j]!) counts.soundGreater[j]!++;
      else if (similarity === soundPartner[j]!) counts.soundEqual[j]!++;
    }
  return counts;
};

/**
 * For each query the chance that its partner is among the first k when candidates of equal similarity come in random order: with g greater
 * and t equal ones clamp((k - g) / t, 0, 1), which is 0 or 1 without ties. Throws RangeError when k is no whole number of at least 1.
 */
export function hitsAt({ greater, equal }: PartnerRanks, k: number): Float64Array {
  if (!(Number.isInteger(k) && k > 0)) throw new RangeError(`recall: k must be a whole number of at least 1, got ${k}`);
  return Float64Array.from(greater, (g, i) => Math.min(Math.max((k - g) / equal[i]!, 0), 1));
}

/** R@k: the mean of `hitsAt`. Embeddings that are all the same get k / N, which is chance. Throws as `hitsAt` does. */
export const recallAt = (ranks: PartnerRanks, k: number): number =>
  hitsAt(ranks, k).reduce((sum, hit) => sum + hit, 0) / ranks.greater.length;

/** The recalls that tables have. */
export const recalls = (ranks: PartnerRanks): { 'R@1': number; 'R@5': number; 'R@10': number } => ({
  'R@1': recallAt(ranks, 1),
  'R@5': recallAt(ranks, 5),
  'R@10': recallAt(ranks, 10),
});

export type RecallName = 'R@1' | 'R@5' | 'R@10';

/** Recall of the right partner among the k most similar; alignment and gap of the two modalities' embeddings. */
export interface RetrievalScores {
  /** Candidates. */
  N: number;
  imageToSound: Record<RecallName, number>;
  soundToImage: Record<RecallName, number>;
  /** Bootstrap intervals of 95 % over queries. */
  intervals: Record<'imageToSound' | 'soundToImage', Record<RecallName, Interval>>;
  /** Mean cosine of the pairs. */
  alignment: number;
  /** Distance between the centroids, and the standard deviation of the pairs' differences along it. */
  gap: { magnitude: number; deviation: number };
}
