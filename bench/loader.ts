/**
 * The benchmark `loader`: pairs a second from files to training batches (LVS: 224 pixels, random crop, 10 s log spectrogram), one
 * process or thread per core on either side, and how long a training step waits for its batch. A training run is ten epochs
 * here: in the first everything is decoded, in the others what fits into the loader's memory is not.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { availableParallelism, tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import type { Benchmark, Settings } from './benchmark.js';
import { findList, firstPairs, generatePairs } from './pairs.js';
import { findPyTorch } from './pytorch.js';
import { median } from './statistics.js';
import { type Measurement, ours, rowOf, takeTurns } from './turns.js';

const batch = 16;
/** In an epoch: generated ones, and the first of a list. */
const generated = 512;
const ofList = 4096;
/** Of a training run; the published ones have 20 to 100. */
const epochs = 10;

interface Data {
  name: string;
  list: string;
}

/** The first value is the number of pairs; the means of the samples' first values are near one another in both programs. */
function checkEpochs(labels: readonly string[], measured: readonly Measurement[]): void {
  const epochs = measured.map(({ results }) => [0, 1, 2].map((k) => median(results.filter((_, i) => i % 3 === k))));
  for (const [i, epoch] of epochs.entries())
    if (epoch[0] !== epochs[0]![0] || [1, 2].some((k) => !(Math.abs(epoch[k]! - epochs[0]![k]!) < 0.1)))
      throw new Error(`the sides do not load the same: ${labels[0]} ${epochs[0]}, ${labels[i]} ${epoch}`);
}

/** Share of a training run's time in which the step waits for data. */
async function waitShare({ list }: Data, workers: number, progress: (line: string) => void): Promise<number> {
  const side = ours(new URL('./sides/loader-train.js', import.meta.url), 'earshot training', list, batch, workers);
  const [{ rounds, results }] = (await takeTurns([side], { rounds: 1, steps: 12 }, progress)) as [Measurement];
  const timed = rounds.flat();
  return results.slice(-timed.length).reduce((sum, ms) => sum + ms, 0) / timed.reduce((sum, ms) => sum + ms, 0);
}

async function* measure(data: Data, settings: Settings, progress: (line: string) => void) {
  const threads = availableParallelism();
  progress(data.name);
  const side = new URL('./sides/loader.js', import.meta.url);
  const contestants = [
    ours(side, 'earshot, first epoch', data.list, batch, threads, 'first'),
    ours(side, 'earshot, later epochs', data.list, batch, threads, 'later'),
  ];
  const pytorch = findPyTorch(progress);
  if (pytorch) contestants.push({ ...pytorch('loader.py', data.list, batch, threads), label: 'PyTorch DataLoader' });
  const measured = await takeTurns(contestants, settings, progress);
  checkEpochs(
    contestants.map(({ label }) => label),
    measured,
  );
  const [own, later, peer] = measured as [Measurement, Measurement, Measurement?];
  const time = ({ rounds }: Measurement) => median(rounds.flat());
  const run = (time(own) + (epochs - 1) * time(later)) / epochs;
  const count = own.results[0]!;
  const speedup = (ms: number) => (peer ? Number((time(peer) / ms).toFixed(2)) : null);
  yield {
    ...rowOf({ name: 'loader', batch }, { ...settings, threads }, own, peer),
    data: data.name,
    pairsPerSecond: Math.round((1000 * count) / run),
    speedup: speedup(run),
    firstSpeedup: speedup(time(own)),
    laterSpeedup: speedup(time(later)),
    waitShare: Number((await waitShare(data, threads, progress)).toFixed(4)),
  };
}

export const loader: Benchmark = {
  description: 'pairs from files to batches, beside Pillow, soundfile and scipy, about 1 minute, and 3 more for each list',
  defaults: { rounds: 5, steps: 1 },
  async *run(settings, progress) {
    const lists = await Promise.all(settings.data.map(findList));
    const folder = await mkdtemp(join(tmpdir(), 'earshot-pairs-'));
    try {
      progress(`generating ${generated} pairs`);
      yield* measure({ name: 'generated', list: await generatePairs(folder, generated) }, settings, progress);
      for (const list of lists) {
        const own = { name: basename(dirname(list)), list: await firstPairs(list, join(folder, 'first'), ofList) };
        yield* measure(own, settings, progress);
      }
    } finally {
      await rm(folder, { recursive: true });
    }
  },
};
