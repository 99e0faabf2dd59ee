/** train.js CONFIG LIST THREADS: epochs of `earshot train`, one a step, files, augmentation and all that comes between epochs included. */
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readPairs } from '../../src/datasets/index.js';
import { checkConfig, RunFolder, train } from '../../src/training/index.js';
import { serve } from './serve.js';

const [file, list, threads] = process.argv.slice(2) as [string, string, string];
const config = checkConfig(JSON.parse(await readFile(file, 'utf8')));
const pairs = await readPairs(list);
const folder = await mkdtemp(join(tmpdir(), 'earshot-run-'));
try {
  const run = await RunFolder.open(join(folder, 'run'), config, pairs);
  const records = train(config, pairs, run, { session: { threads: Number(threads) } });
  const updates = Math.floor(pairs.pairs.length / config.batch);
  await serve(async () => {
    const losses: number[] = [];
    while (losses.length < updates) {
      const { value, done } = await records.next();
      if (done) throw new Error(`${config.epochs} epochs are fewer than there are to measure`);
      if (value.kind === 'step') losses.push(value.loss);
    }
    return losses;
  });
  await records.return();
} finally {
  await rm(folder, { recursive: true });
}
