/** Maps of a model for the pairs of a set. */
import type { Benchmark } from '../datasets/benchmarks/types.js';
import { type BadPair, Loader } from '../datasets/loader/loader.js';
import type { PairSet } from '../datasets/types.js';
import { sizeOf, type Tensor, tensor } from '../tensor.js';
import type { HeatMap } from './heatMap.js';
import { type Localizer, LocalizerError } from './localizer.js';

/** What a model says of a pair. */
export interface Prediction {
  /** Position of the pair in the set. */
  index: number;
  map: HeatMap;
  imageEmbedding?: Float32Array;
  soundEmbedding?: Float32Array;
}

/** The samples of a benchmark as pairs, in its order. Throws LocalizerError when it was read without its data. */
export function pairsOf({ name, samples }: Benchmark): PairSet {
  const pairs = samples.map(({ id, picture, sound }) => {
    if (!picture || !sound)
      throw new LocalizerError(`${name}: a model needs the pictures and sounds; pass --data with the folder they lie in`);
    return { id, picture, sound };
  });
  return { name, pairs, problems: [] };
}

/** Row i of a tensor. */
const row = (t: Tensor<'float32'>, i: number): Float32Array => {
  const size = sizeOf(t.shape.slice(1));
  return t.data.slice(i * size, (i + 1) * size);
};

/** A tensor of `batch` rows, of which the first are given and the others repeat the last of them. */
export function filledBatch(t: Tensor<'float32'>, batch: number): Tensor<'float32'> {
  const [rows, ...shape] = t.shape as [number, ...number[]];
  if (rows === batch) return t;
  const size = sizeOf(shape);
  const data = new Float32Array(batch * size);
  data.set(t.data);
  for (let i = rows; i < batch; i++) data.set(t.data.subarray((rows - 1) * size, rows * size), i * size);
  return tensor('float32', [batch, ...shape], data);
}

/**
 * Runs the model on all pairs, decoding ahead; predictions come in an order of their own. A pair whose files cannot be read is left out; these
 * are what the generator returns. Throws what the model throws, and the signal's reason when it aborts.
 */
export async function* predictMaps(
  localizer: Localizer,
  pairs: PairSet,
  { signal }: { signal?: AbortSignal } = {},
): AsyncGenerator<Prediction, readonly BadPair[]> {
  const { views, batch } = localizer;
  const loader = new Loader(pairs, { views, batch, shuffle: false, lastBatch: 'keep', cacheBytes: 0 });
  try {
    for await (const { indices, tensors } of loader.epoch(0, { signal })) {
      const { maps, imageEmbeddings, soundEmbeddings } = await localizer.localize(
        filledBatch(tensors.frame!, batch),
        filledBatch(tensors.spectrogram!, batch),
      );
      const [height, width] = maps.shape.slice(1) as [number, number];
      for (const [i, index] of indices.entries())
        yield {
          index,
          map: { data: row(maps, i), height, width },
          imageEmbedding: imageEmbeddings && row(imageEmbeddings, i),
          soundEmbedding: soundEmbeddings && row(soundEmbeddings, i),
        };
    }
    return loader.problems;
  } finally {
    await loader.close();
  }
}
