/**
 * The benchmark `evaluate`: 6480 maps of 14 x 14, as many as IS3 has, scored at 224 x 224 with every measure for places, beside a NumPy script that
 * computes the way the published evaluators do. Ours also scores the baselines and computes the ceiling and the intervals.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Benchmark } from './benchmark.js';
import { findPyTorch } from './pytorch.js';
import { generateScenes } from './scenes.js';
import { ours, rowOf, takeTurns } from './turns.js';

const count = 6480;
/** Of a score; the two add up in different orders, and a pixel at a threshold may fall to either side. */
const tolerance = 1e-3;

/** Throws an Error unless both sides found the same scores. */
function checkScores(own: readonly number[], peer: readonly number[]): void {
  const off = own.findIndex((score, i) => !(Math.abs(score - peer[i]!) < tolerance));
  if (off >= 0 || own.length !== peer.length)
    throw new Error(`the sides do not find the same scores: ${own[off]} and ${peer[off]} at place ${off}`);
}

export const evaluate: Benchmark = {
  description: `${count} maps scored with all measures, beside NumPy, about 5 minutes`,
  defaults: { rounds: 2, steps: 1 },
  async *run(settings, progress) {
    const folder = await mkdtemp(join(tmpdir(), 'earshot-scenes-'));
    try {
      const { maps, annotations } = await generateScenes(folder, count);
      const contestants = [ours(new URL('./sides/evaluate.js', import.meta.url), 'earshot', maps, annotations)];
      const python = findPyTorch(progress);
      if (python) contestants.push({ ...python('evaluate.py', maps, annotations), label: 'NumPy' });
      // Nothing is warmed up: a NumPy step takes minutes.
      const [own, peer] = await takeTurns(contestants, settings, progress, 0);
      if (peer) checkScores(own!.results, peer.results);
      yield rowOf({ name: 'evaluate', batch: 1 }, { ...settings, threads: 2 }, own!, peer);
    } finally {
      await rm(folder, { recursive: true });
    }
  },
};
