/** Semantic positives: for each pair, others whose picture, or sound, is like its own in the eyes of an encoder that is not being trained. */
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { Loader } from '../datasets/loader/loader.js';
import type { Partners } from '../datasets/loader/views.js';
import type { PairSet } from '../datasets/types.js';
import type { Encoder, Side } from '../localization/encoder.js';
import { filledBatch } from '../localization/predict.js';
import { makeFolder } from '../makeFolder.js';
import { Random } from '../random.js';
import { type Tensor, tensor } from '../tensor.js';
import { type Neighbours, nearestNeighbours } from './neighbours.js';
import { loadNeighbours, saveNeighbours } from './neighboursFile.js';

export interface SearchOptions {
  k: number;
  /** Ids of pairs known to be bad. */
  bad?: readonly string[];
  threads?: number;
  /** Where results are kept, named by what they depend on. */
  folder: string;
  signal?: AbortSignal;
  onProgress?: (done: number, total: number) => void;
}

/** The largest k for a set of so many pairs, an eighth of them and at least 1: a larger part of the set does not mean the same. */
export const largestK = (pairs: number): number => Math.max(1, Math.floor(pairs / 8));

/** Everything that the neighbours depend on. */
function keyOf({ hash }: Encoder, { pairs }: PairSet, k: number): string {
  const key = createHash('sha256').update(`${hash} ${k}\n`);
  for (const { picture, sound } of pairs) key.update(`${JSON.stringify([picture, sound])}\n`);
  return key.digest('hex').slice(0, 32);
}

/** [N, D] of all pairs, and which of them could be embedded. */
async function embedPairs(
  encoder: Encoder,
  pairs: PairSet,
  { bad, signal, onProgress }: SearchOptions,
): Promise<{ embeddings: Tensor<'float32'>; good: number[] }> {
  const { batch, view } = encoder;
  // What cannot be learnt from is nobody's neighbour.
  const views = { view: 'sound' in view ? { ...view, needsSignal: true } : view };
  const loader = new Loader(pairs, { views, batch, shuffle: false, lastBatch: 'keep', cacheBytes: 0, bad });
  let embeddings: Tensor<'float32'> | undefined;
  const good: number[] = [];
  try {
    for await (const { indices, tensors } of loader.epoch(0, { signal })) {
      const { data, shape } = await encoder.embed(filledBatch(tensors.view!, batch));
      const dimensions = shape[1]!;
      embeddings ??= tensor('float32', [pairs.pairs.length, dimensions]);
      for (const [i, index] of indices.entries())
        embeddings.data.set(data.subarray(i * dimensions, (i + 1) * dimensions), index * dimensions);
      good.push(...indices);
      onProgress?.(good.length, pairs.pairs.length);
    }
  } finally {
    await loader.close();
  }
  return { embeddings: embeddings ?? tensor('float32', [pairs.pairs.length, 1]), good: good.sort((a, b) => a - b) };
}

/**
 * The k nearest pairs of every pair by cosine of what the encoder makes of their pictures, or sounds; pairs whose files cannot be used have none
 * and are nobody's. Read from `folder` where they were found before; `file` is their name there. Throws what the encoder and `nearestNeighbours` throw.
 */
export async function findNeighbours(
  encoder: Encoder,
  side: Side,
  pairs: PairSet,
  options: SearchOptions,
): Promise<{ neighbours: Neighbours; file: string }> {
  const key = keyOf(encoder, pairs, options.k);
  const file = `${side}-${key}.safetensors`;
  const path = join(options.folder, file);
  await makeFolder(options.folder);
  const known = await loadNeighbours(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  });
  if (known && known.metadata.key === key && known.neighbours.count === pairs.pairs.length)
    return { neighbours: known.neighbours, file };
  const { embeddings, good } = await embedPairs(encoder, pairs, options);
  const found = await nearestNeighbours(embeddings, {
    k: options.k,
    include: good,
    threads: options.threads,
    signal: options.signal,
  });
  await saveNeighbours(path, found, { key, encoder: encoder.hash });
  return { neighbours: found, file };
}

/**
 * One of the neighbours of each pair, drawn by the seed, the epoch and the pair's position, or always the `first`. A side that is not given, and a
 * pair without neighbours, has itself.
 */
export function partnersOf(
  found: { readonly [S in Side]?: Neighbours },
  { sampling, seed, epoch }: { sampling: 'random' | 'first'; seed: number; epoch: number },
): Partners {
  const draw = (side: Side, index: number) => {
    const neighbours = found[side];
    if (!neighbours || neighbours.k === 0) return index;
    const place = sampling === 'first' ? 0 : new Random(seed, 'partner', side, epoch, index).below(neighbours.k);
    const partner = neighbours.indices[index * neighbours.k + place]!;
    return partner < 0 ? index : partner;
  };
  return (index) => ({ picture: draw('picture', index), sound: draw('sound', index) });
}
