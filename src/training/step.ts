/** One training step after the other on batches that fit into memory, or on micro-batches whose gradients are added up. */
import type { Tensors } from '../runtime/index.js';
import type { Tensor } from '../tensor.js';
import { type StepGraphOptions, stepGraph } from './stepGraph.js';
import { type RunOptions, StepSession, type StepSessionOptions } from './stepSession.js';

export type TrainingStepOptions = Extract<StepGraphOptions, { loss: unknown }> & StepSessionOptions;

/** `'name' (3 of 9408)` for every tensor with values that are not finite; the first ten of them. */
function nonFinite(tensors: Readonly<Record<string, Tensor>>): string {
  const found = Object.entries(tensors).flatMap(([name, { data }]) => {
    let count = 0;
    for (const x of data) if (!Number.isFinite(x)) count++;
    return count ? [`'${name}' (${count} of ${data.length})`] : [];
  });
  const more = found.length > 10 ? ` and ${found.length - 10} more` : '';
  return found.length ? found.slice(0, 10).join(', ') + more : 'none';
}

/** A step whose loss is NaN or infinite: names the step and the tensors it was made from that are not finite. */
export class NonFiniteLossError extends Error {
  override name = 'NonFiniteLossError';

  constructor(step: number, loss: number, tensors: Readonly<Record<string, Tensor>>) {
    super(
      `step ${step}: the loss is ${loss}; not finite: ${nonFinite(tensors)}. Mend the feeds named here, or else lower the learning rate or ` +
        'clipNorm; either way go back to a checkpoint, the weights are lost',
    );
  }
}

export class TrainingStep extends StepSession {
  /**
   * Builds the step's graph and loads it, with first weights drawn from the seed. Throws as `stepGraph` and `Session.create` do.
   */
  static async create(options: TrainingStepOptions): Promise<TrainingStep> {
    const graph = stepGraph(options);
    return new TrainingStep(
      await StepSession.open(options.scope, graph, options),
      options.scope,
      graph,
      options.microBatches ?? 1,
    );
  }

  /**
   * Trains on one (micro-)batch; resolves to the loss and the metrics by name. Runs are awaited one after the other. Throws
   * NonFiniteLossError, and SessionError for feeds that do not fit.
   */
  async run(feeds: Tensors, options: RunOptions = {}): Promise<Record<string, number> & { loss: number }> {
    const number = this.updates + 1;
    const { loss, ...metrics } = await this.runOnce(feeds, options);
    if (!Number.isFinite(loss)) throw new NonFiniteLossError(number, loss!, { ...feeds, ...(await this.session.getState()) });
    return { loss: loss!, ...metrics };
  }
}
