/** A thread that scores samples: see `ScoringPool`. */
import { parentPort, workerData } from 'node:worker_threads';
import { type SampleResult, SampleScorer, type Scoring } from './sampleScorer.js';
import type { ScoringAnswer, ScoringTask } from './scoringPool.js';

const scorers = (workerData as readonly Scoring[]).map((scoring) => new SampleScorer(scoring));

async function run({ id, sample, map, prior }: ScoringTask): Promise<ScoringAnswer> {
  try {
    const results: SampleResult[] = [];
    for (const scorer of scorers) results.push(await scorer.score(sample, map, prior));
    return { id, results };
  } catch (error) {
    return { id, message: (error as Error).message };
  }
}

// One at a time: a scorer has one map in it.
let last: Promise<unknown> = Promise.resolve();
parentPort!.on('message', (task: ScoringTask) => {
  last = last.then(() => run(task)).then((answer) => parentPort!.postMessage(answer));
});
