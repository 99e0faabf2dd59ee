/** One run of an ablation. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { BadPair } from '../datasets/loader/loader.js';
import type { PairSet } from '../datasets/types.js';
import type { TrainConfig } from '../training/config.js';
import { RunFolder, runFiles } from '../training/runFolder.js';
import { type StepRecord, train } from '../training/train.js';
import { viewPlan, waitsForNeighbours } from '../training/views.js';

/** Pictures and sounds that the first so many updates of a run learn from: epochs before there are semantic positives have fewer. */
export function viewsIn(config: TrainConfig, pairs: number, updates = Number.POSITIVE_INFINITY): number {
  const { batch, epochs, neighbours } = config;
  const perEpoch = Math.floor(pairs / batch);
  const waits = waitsForNeighbours(config);
  let views = 0;
  for (let epoch = 0; epoch < epochs && epoch * perEpoch < updates; epoch++) {
    const { picture, sound } = viewPlan(config, { neighbours: !waits || epoch >= neighbours.after });
    views += (picture.length + sound.length) * batch * Math.min(perEpoch, updates - epoch * perEpoch);
  }
  return views;
}

export interface TrainRunOptions {
  threads?: number;
  signal: AbortSignal;
  /** Once, before any step: how many updates have been done already. */
  onStart: (updates: number) => void;
  onStep: (record: StepRecord) => void;
  onBad: (pair: BadPair) => void;
}

/** Trains in the folder from where it stands to the end, which may be no way at all. Throws as `RunFolder.open` and `train`. */
export async function trainRun(folder: string, config: TrainConfig, pairs: PairSet, options: TrainRunOptions): Promise<void> {
  const { threads, signal, onStart, onStep, onBad } = options;
  const run = await RunFolder.open(folder, config, pairs, { resume: existsSync(join(folder, runFiles.config)) });
  try {
    const { epoch, updates } = run.start?.progress ?? { epoch: 0, updates: 0 };
    onStart(updates);
    // To find that there is nothing to do, `train` would build the network.
    if (epoch >= config.epochs && existsSync(run.file('best'))) return;
    for await (const record of train(config, pairs, run, { session: { threads }, signal, onBad }))
      if (record.kind === 'step') onStep(record);
  } catch (error) {
    await run.forget();
    throw error;
  } finally {
    run.release();
  }
}
