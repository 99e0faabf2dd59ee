/** A model against a benchmark. */

import type { HeatMap } from '../localization/heatMap.js';
import type { Localizer } from '../localization/localizer.js';
import { pairsOf, predictMaps } from '../localization/predict.js';
import { tensor } from '../tensor.js';
import type { Evaluator } from './evaluator.js';
import type { Embeddings } from './maps/embeddings.js';
import { NpyWriter } from './maps/index.js';

export interface EvaluateModelOptions {
  /** The object priors' maps, for evaluators whose protocol has one. */
  priors?: ReadonlyMap<number, HeatMap>;
  /** A `.npy` file to write the maps to, in the order of the samples, NaN for those that were left out. */
  mapFile?: string;
  signal?: AbortSignal;
  onProgress?: (done: number, total: number) => void;
}

/**
 * Runs a model on all samples of a benchmark, which was read with its data, and gives the maps to the evaluators. A sample whose files
 * cannot be read is left out and is among the missing ones. Resolves to the embeddings of the others, in the order of the samples, where
 * the model has some. Throws EvaluationError, and what the model and the writing throw.
 */
export async function evaluateModel(
  localizer: Localizer,
  evaluators: readonly [Evaluator, ...Evaluator[]],
  { priors, mapFile, signal, onProgress }: EvaluateModelOptions = {},
): Promise<Embeddings | undefined> {
  const { samples } = evaluators[0].benchmark;
  const embedded = new Map<number, { image: Float32Array; sound: Float32Array }>();
  let writer: NpyWriter | undefined;
  let done = 0;
  try {
    const predictions = predictMaps(localizer, pairsOf(evaluators[0].benchmark), { signal });
    let next = await predictions.next();
    for (; !next.done; next = await predictions.next()) {
      const { index, map, imageEmbedding, soundEmbedding } = next.value;
      for (const evaluator of evaluators) await evaluator.add(index, map, priors?.get(index));
      if (imageEmbedding && soundEmbedding) embedded.set(index, { image: imageEmbedding, sound: soundEmbedding });
      if (mapFile !== undefined) writer ??= await NpyWriter.create(mapFile, [samples.length, map.height, map.width]);
      await writer?.write(index, map.data);
      onProgress?.(++done, samples.length);
    }
    const indices = new Map(samples.map(({ id }, i) => [id, i]));
    for (const { id, reason } of next.value) for (const evaluator of evaluators) evaluator.leaveOut(indices.get(id)!, reason);
    await writer?.finish();
    writer = undefined;
  } finally {
    await writer?.abandon();
  }
  const rows = [...embedded].sort(([a], [b]) => a - b).map(([, row]) => row);
  if (rows.length === 0) return undefined;
  const stacked = (which: 'image' | 'sound') => {
    const dimension = rows[0]![which].length;
    const data = new Float32Array(rows.length * dimension);
    for (const [i, row] of rows.entries()) data.set(row[which], i * dimension);
    return tensor('float32', [rows.length, dimension], data);
  };
  return { image: stacked('image'), sound: stacked('sound') };
}
