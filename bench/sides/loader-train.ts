/**
 * loader-train.js LIST BATCH WORKERS: trains the networks of the benchmark `train-step` on loaded pairs. The result of a step is how many
 * of its milliseconds it waited for its batch.
 */
import { Loader, readPairs } from '../../src/datasets/index.js';
import { adam, TrainingStep } from '../../src/training/index.js';
import { encoders, infoNce } from '../networks.js';
import { trainingViews } from '../views.js';
import { serve } from './serve.js';

const [list, ...numbers] = process.argv.slice(2) as [string, ...string[]];
const [batch, workers] = numbers.map(Number) as [number, number];
const { scope, vision, audio } = encoders(batch, { training: true, frames: 671 });
const step = await TrainingStep.create({ scope, loss: infoNce(audio, vision), optimizer: adam({ learningRate: 1e-4 }), seed: 0 });
const loader = new Loader(await readPairs(list), { views: trainingViews, batch, workers });

async function* batches() {
  for (let epoch = 0; ; epoch++) yield* loader.epoch(epoch);
}

const endless = batches();
await serve(async () => {
  const asked = performance.now();
  const { value } = await endless.next();
  const waited = performance.now() - asked;
  await step.run(value!.tensors);
  return [waited];
});
await endless.return();
await loader.close();
await step.release();
