/**
 * loader.js LIST BATCH WORKERS first|later: our side of the benchmark `loader`. A step is an epoch: the first one of a new loader, whose
 * threads have started (as the peer's have), or a later one, when the loader has kept what fits into its memory.
 */
import { readPairs } from '../../src/datasets/index.js';
import { Loader } from '../../src/datasets/loader/loader.js';
import { trainingViews } from '../views.js';
import { serve } from './serve.js';

const [list, batch, workers, which] = process.argv.slice(2) as [string, string, string, string];
const pairs = await readPairs(list);
const open = () => new Loader(pairs, { views: trainingViews, batch: Number(batch), workers: Number(workers) });
const first = ({ data }: { data: Float32Array }, i: number, size: number) => data[(i * data.length) / size]!;
let loader = open();
let epoch = 0;

/** A new loader, which has made its first batch. */
async function renew(): Promise<void> {
  if (which !== 'first') return;
  await loader.close();
  loader = open();
  for await (const _ of loader.epoch(epoch++)) break;
}

async function readEpoch(): Promise<number[]> {
  let [count, frame, spectrogram] = [0, 0, 0];
  for await (const { ids, tensors } of loader.epoch(epoch++)) {
    count += ids.length;
    // One value of each sample, so that both sides read what they were given.
    for (let i = 0; i < ids.length; i++) {
      frame += first(tensors.picture!, i, ids.length);
      spectrogram += first(tensors.spectrogram!, i, ids.length);
    }
  }
  if (loader.problems.length) throw new Error(`${loader.problems.length} pairs could not be read: ${loader.problems[0]!.reason}`);
  return [count, frame / count, spectrogram / count];
}

await serve(readEpoch, renew);
await loader.close();
