/**
 * Losses over batches that do not fit into memory, such as contrastive ones (Gao et al., "Scaling Deep Contrastive Learning Batch
 * Size under Memory Limited Setup", 2021): the embeddings of all micro-batches first, then the loss and its gradients with respect
 * to them, then each micro-batch again with its share of those gradients.
 */
import { gradients } from '../graph/gradient.js';
import { isOp, topological, type Value } from '../graph/ir.js';
import { lowerRows } from '../graph/lower/rows/index.js';
import { input } from '../graph/ops.js';
import { GraphError } from '../graph/shape.js';
import type { Scope } from '../nn/scope.js';
import { channelBlock, Session, SessionError, type Tensors } from '../runtime/index.js';
import { type Shape, sizeOf, type Tensor, tensor } from '../tensor.js';
import type { Optimizer } from './optimizer.js';
import { NonFiniteLossError } from './step.js';
import { type StepGraph, stepGraph } from './stepGraph.js';
import { type RunOptions, StepSession, type StepSessionOptions } from './stepSession.js';

type Outputs = Readonly<Record<string, Value>>;

export interface CachedTrainingStepOptions extends StepSessionOptions {
  scope: Scope;
  /** What the network makes of one micro-batch, each [b, ...]. */
  outputs: Outputs;
  /**
   * A scalar, from the outputs of all micro-batches joined along the first axis. It can have inputs of its own, but no parameters.
   */
  loss: (joined: Outputs) => Value;
  optimizer: Optimizer;
  microBatches: number;
}

const joinedShape = (shape: Shape, parts: number): Shape => [shape[0]! * parts, ...shape.slice(1)];

/** Tensors joined along the first axis. */
function join(parts: readonly Tensor[]): Tensor {
  const whole = tensor('float32', joinedShape(parts[0]!.shape, parts.length));
  parts.forEach(({ data }, i) => whole.data.set(data, i * data.length));
  return whole;
}
/** The index-th of the parts, each of the given shape, that a tensor was joined from. */
function partOf({ data }: Tensor, shape: Shape, index: number): Tensor {
  const size = sizeOf(shape);
  return tensor('float32', shape, (data as Float32Array).subarray(index * size, (index + 1) * size));
}

/** The loss and its gradients with respect to the joined outputs, named as the step's graph calls its inputs. */
function criterionOutputs({ outputs, loss: lossOf, microBatches }: CachedTrainingStepOptions): Outputs {
  const joined = Object.entries(outputs).map(([name, y]) => [name, input(name, joinedShape(y.shape, microBatches))] as const);
  const loss = lossOf(Object.fromEntries(joined));
  const parameter = topological([loss]).find((v) => isOp(v, 'parameter'));
  if (parameter)
    throw new GraphError(`gradient caching: the loss cannot have parameters, it uses '${parameter.attributes.name}'`);
  const found = gradients(
    loss,
    joined.map(([, y]) => y),
  );
  return { loss, ...Object.fromEntries(joined.map(([name, y]) => [`${name}.gradient`, found.get(y)!])) };
}

export class CachedTrainingStep extends StepSession {
  private constructor(
    session: Session,
    graph: StepGraph,
    private readonly encoder: Session,
    private readonly encoderParameters: readonly string[],
    private readonly criterion: Session,
    private readonly options: CachedTrainingStepOptions,
  ) {
    super(session, options.scope, graph, options.microBatches);
  }

  /** Builds and loads the graphs. Throws as `stepGraph` and `Session.create` do, and GraphError when the loss has parameters. */
  static async create(options: CachedTrainingStepOptions): Promise<CachedTrainingStep> {
    const { scope, outputs, optimizer, microBatches, lowering = lowerRows, session: settings } = options;
    const criterion = criterionOutputs(options);
    const graph = stepGraph({ scope, outputs, optimizer, microBatches });
    const sessions: Session[] = [];
    const load = async (name: string, values: Outputs) => {
      const lowered = lowering({ outputs: values }, { done: true, name, channelBlock: await channelBlock() });
      const session = await Session.create(lowered, { ...settings, name });
      sessions.push(session);
      return { session, parameters: lowered.parameters.map((port) => port.name) };
    };
    try {
      const encoder = await load('encoder', outputs);
      const loss = await load('loss', criterion);
      const step = await StepSession.open(scope, graph, options);
      return new CachedTrainingStep(step, graph, encoder.session, encoder.parameters, loss.session, options);
    } catch (error) {
      await Promise.all(sessions.map((session) => session.release()));
      throw error;
    }
  }

  /**
   * One update from `microBatches` feeds of the network; `lossFeeds` are the loss's own. Resolves to the loss of the whole batch (and
   * `gradientNorm`, when it is clipped). The encoder's session takes a copy of the weights first. Throws RangeError for another number
   * of feeds, NonFiniteLossError, and SessionError for feeds that do not fit; after an error half-way, restore a checkpoint.
   */
  async run(batches: readonly Tensors[], lossFeeds: Tensors = {}, options: RunOptions = {}): Promise<Record<string, number>> {
    const { outputs, microBatches } = this.options;
    if (batches.length !== microBatches)
      throw new RangeError(`gradient caching: expected the feeds of ${microBatches} micro-batches, got ${batches.length}`);
    if (this.pending) throw new SessionError('gradient caching: the update before stopped half-way; restore a checkpoint');
    const { signal } = options;
    await this.encoder.setState(await this.session.getState(this.encoderParameters));
    // The same dropout masks in both passes.
    this.encoder.randomState = { ...this.session.randomState };
    const embedded: Tensors[] = [];
    for (const feeds of batches) embedded.push(await this.encoder.run(feeds, { signal }));

    const joined = Object.fromEntries(Object.keys(outputs).map((name) => [name, join(embedded.map((e) => e[name]!))]));
    const { loss, ...found } = await this.criterion.run({ ...joined, ...lossFeeds }, { signal });
    const value = loss!.data[0]!;
    if (!Number.isFinite(value)) throw new NonFiniteLossError(this.updates + 1, value, { ...joined, ...lossFeeds });

    let report: Record<string, number> = {};
    for (const [i, feeds] of batches.entries()) {
      const share = Object.entries(outputs).map(([name, { shape }]) => [
        `${name}.gradient`,
        partOf(found[`${name}.gradient`]!, shape, i),
      ]);
      report = await this.runOnce({ ...feeds, ...Object.fromEntries(share) }, options);
    }
    return { loss: value, ...report };
  }

  override async release(): Promise<void> {
    await Promise.all([super.release(), this.encoder.release(), this.criterion.release()]);
  }
}
