/** loader.js LIST BATCH WORKERS CACHE_BYTES: our side of the benchmark `loader`. A step is an epoch. */
import { readPairs } from '../../src/datasets/index.js';
import { Loader } from '../../src/datasets/loader/loader.js';
import { trainingViews } from '../views.js';
import { serve } from './serve.js';

const [list, ...numbers] = process.argv.slice(2) as [string, ...string[]];
const [batch, workers, cacheBytes] = numbers.map(Number) as [number, number, number];
const loader = new Loader(await readPairs(list), { views: trainingViews, batch, workers, cacheBytes });
let epoch = 0;

await serve(async () => {
  let [pairs, frame, spectrogram] = [0, 0, 0];
  const first = ({ data }: { data: Float32Array }, i: number, size: number) => data[(i * data.length) / size]!;
  for await (const { ids, tensors } of loader.epoch(epoch++)) {
    pairs += ids.length;
    // One value of each sample, so that both sides read what they were given.
    for (let i = 0; i < ids.length; i++) {
      frame += first(tensors.picture!, i, ids.length);
      spectrogram += first(tensors.spectrogram!, i, ids.length);
    }
  }
  if (loader.problems.length) throw new Error(`${loader.problems.length} pairs could not be read: ${loader.problems[0]!.reason}`);
  return [pairs, frame / pairs, spectrogram / pairs];
});
await loader.close();
