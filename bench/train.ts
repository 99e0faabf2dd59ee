/**
 * The benchmark `train`: epochs of a training - files, augmentation, every view, losses, Adam, every other epoch a search of semantic positives,
 * models written - of `sslalign` with the laptop preset, beside the same in PyTorch. Semantic positives are there from the beginning, so that every
 * update has all its views. The first epoch, in which files are decoded, does not count.
 */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { presetConfig } from '../src/training/index.js';
import { writeWorld } from '../src/world/index.js';
import type { Benchmark } from './benchmark.js';
import { findList, firstPairs } from './pairs.js';
import { findPyTorch } from './pytorch.js';
import { type Contestant, type Measurement, ours, rowOf, takeTurns } from './turns.js';

const threads = 2;
/** In an epoch. */
const pairsInEpoch = 1024;
const warmUp = 1;

/** Throws an Error unless both sides' losses start near each other and fall: they are to do the same work. */
function checkLosses(contestants: readonly Contestant[], measured: readonly Measurement[]): void {
  const firsts = measured.map(({ results }) => results[0]!);
  for (const [i, { results }] of measured.entries()) {
    const falls = results.every(Number.isFinite) && Math.min(...results) < results[0]!;
    if (!falls || Math.abs(results[0]! - firsts[0]!) > 1.5)
      throw new Error(
        `${contestants[i]!.label} does not train as the other side does: ${results.map((x) => x.toFixed(2)).join(' ')}`,
      );
  }
}

export const train: Benchmark = {
  description: 'epochs of a training of sslalign, laptop preset, from files to weights, about 3 minutes a list',
  defaults: { rounds: 4, steps: 2 },
  async *run(settings, progress) {
    const lists = await Promise.all(settings.data.map(findList));
    const pytorch = findPyTorch(progress);
    const folder = await mkdtemp(join(tmpdir(), 'earshot-train-'));
    try {
      const preset = presetConfig('sslalign', 'laptop');
      const config = { ...preset, epochs: 1000, neighbours: { ...preset.neighbours, after: 0 } };
      const file = join(folder, 'config.json');
      await writeFile(file, JSON.stringify(config));
      progress(`drawing ${pairsInEpoch} pairs`);
      const world = join(folder, 'world');
      await writeWorld(world, { train: pairsInEpoch });
      for (const [i, given] of [join(world, 'train.csv'), ...lists].entries()) {
        const data = basename(dirname(given));
        progress(data);
        const list = await firstPairs(given, join(folder, `list${i}`), pairsInEpoch);
        const contestants = [ours(new URL('./sides/train.js', import.meta.url), 'earshot', file, list, threads)];
        if (pytorch) contestants.push(pytorch('train.py', file, list, threads));
        const measured = await takeTurns(contestants, settings, progress, warmUp);
        checkLosses(contestants, measured);
        const [own, peer] = measured as [Measurement, Measurement?];
        yield {
          ...rowOf({ name: 'train', batch: config.batch }, { ...settings, threads }, own, peer),
          data,
        };
      }
    } finally {
      await rm(folder, { recursive: true });
    }
  },
};
