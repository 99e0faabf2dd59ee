/** Updates of a configuration's network, from a batch in one piece or in micro-batches with gradient caching. */
import type { Tensors } from '../runtime/index.js';
import type { TrainConfig } from './config.js';
import { CachedTrainingStep } from './gradientCaching.js';
import { buildLoss, buildNetwork, type Loss } from './network.js';
import { adam } from './optimizer.js';
import { TrainingStep } from './step.js';
import type { RunOptions, StepSession, StepSessionOptions } from './stepSession.js';
import type { ViewPlan } from './views.js';

export interface Stepper extends Pick<StepSession, 'weights' | 'setWeights' | 'checkpoint' | 'restore' | 'release'> {
  /** One update from the feeds of every micro-batch; resolves to the loss, its terms, and the gradient's norm when it is clipped. */
  run: (batches: readonly Tensors[], options: RunOptions) => Promise<Record<string, number> & { loss: number }>;
}

/** Throws as `TrainingStep.create` and `CachedTrainingStep.create` do. */
export async function createStepper(config: TrainConfig, plan: ViewPlan, options: StepSessionOptions): Promise<Stepper> {
  const { batch, microBatch = batch, optimizer: settings } = config;
  const optimizer = adam(settings);
  const { scope, outputs } = buildNetwork(config, plan, microBatch);
  if (microBatch < batch) {
    let built: Loss | undefined;
    const step = await CachedTrainingStep.create({
      scope,
      outputs,
      loss: (joined) => {
        built = buildLoss(config, plan, joined);
        return built.loss;
      },
      // Of the same graph: asked for after the loss.
      metrics: () => built!.terms,
      optimizer,
      microBatches: batch / microBatch,
      ...options,
    });
    return stepperOf(step, (batches, runOptions) => step.run(batches, {}, runOptions));
  }
  const { loss, terms } = buildLoss(config, plan, outputs);
  const step = await TrainingStep.create({ scope, loss, metrics: terms, optimizer, ...options });
  return stepperOf(step, ([feeds], runOptions) => step.run(feeds!, runOptions));
}

const stepperOf = (step: StepSession, run: Stepper['run']): Stepper => ({
  run,
  weights: () => step.weights(),
  setWeights: (weights) => step.setWeights(weights),
  checkpoint: () => step.checkpoint(),
  restore: (checkpoint) => step.restore(checkpoint),
  release: () => step.release(),
});
