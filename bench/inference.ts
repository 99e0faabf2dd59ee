/** The benchmark `inference`: forward passes of two ResNet-18 with constant weights, in every lowering that a CPU runs. */
import type { Benchmark } from './benchmark.js';
import { loweringNames } from './lowerings.js';
import { findPyTorch } from './pytorch.js';
import { relativeError } from './statistics.js';
import { ours, rowOf, takeTurns } from './turns.js';

const threads = 2;

/** Winograd's F(4x4, 3x3) differs from direct convolution by about 1e-5 after a whole ResNet. */
const tolerance = 1e-3;

/** Throws an Error unless all embeddings are the same up to rounding: a broken lowering must not win. */
export function checkEmbeddings(found: readonly { label: string; results: readonly number[] }[]): void {
  const [first, ...others] = found;
  for (const { label, results } of others) {
    const error = relativeError(results, first!.results);
    if (!(error < tolerance)) throw new Error(`the embeddings of ${label} and ${first!.label} differ by ${error} (relative)`);
  }
}

export const inference: Benchmark = {
  description: 'the two ResNet-18 forward, fp32, batch 1 and 8, about 2 minutes',
  defaults: { rounds: 10, steps: 8 },
  async *run(settings, progress) {
    const pytorch = findPyTorch(progress);
    for (const batch of [1, 8]) {
      progress(`batch ${batch}`);
      const side = new URL('./sides/inference.js', import.meta.url);
      const contestants = loweringNames.map((name) => ours(side, `earshot (${name})`, batch, threads, name));
      if (pytorch) contestants.push(pytorch('inference.py', batch, threads));
      const measured = await takeTurns(contestants, settings, progress);
      const peer = measured[loweringNames.length];
      checkEmbeddings(loweringNames.map((_, i) => ({ label: contestants[i]!.label, results: measured[i]!.results })));
      // The other lowerings run for their embeddings; how long they take is told in the progress.
      yield rowOf(
        { name: 'inference', batch, precision: 'fp32', lowering: loweringNames[0] },
        { ...settings, threads },
        measured[0]!,
        peer,
      );
    }
  },
};
