/**
 * The benchmark `train-step`: forward, backward and Adam's update of two ResNet-18 under a symmetric InfoNCE, batch normalization with
 * the batch's statistics. Both sides take every step on the same batch of noise, which they must learn by heart.
 */
import type { Benchmark } from './benchmark.js';
import { findPyTorch } from './pytorch.js';
import { type Measurement, ours, rowOf, takeTurns } from './turns.js';

const threads = 2;

/** Throws an Error unless the losses start near ln(batch), the loss of a guess, and fall: a broken step must not win. */
export function checkLosses(label: string, batch: number, losses: readonly number[]): void {
  const [first, ...later] = losses;
  const guess = Math.log(batch);
  if (!(Math.abs(first! - guess) < 1 && Math.min(...later) < 0.8 * first! && losses.every(Number.isFinite)))
    throw new Error(
      `${label} does not train: its losses should start near ${guess.toFixed(2)} and fall, they are ${losses.map((x) => x.toFixed(3))}`,
    );
}

export const trainStep: Benchmark = {
  description: 'a training step of two ResNet-18, batch 8 and 16, about 5 minutes',
  defaults: { rounds: 8, steps: 5 },
  async *run(settings, progress) {
    const pytorch = findPyTorch(progress);
    for (const batch of [8, 16]) {
      progress(`batch ${batch}`);
      const contestants = [ours(new URL('./sides/train-step.js', import.meta.url), 'earshot', batch, threads)];
      if (pytorch) contestants.push(pytorch('train_step.py', batch, threads));
      const measured = await takeTurns(contestants, settings, progress);
      const [own, peer] = measured as [Measurement, Measurement?];
      measured.forEach(({ results }, i) => checkLosses(contestants[i]!.label, batch, results));
      yield rowOf({ name: 'train-step', batch }, { ...settings, threads }, own, peer);
    }
  },
};
