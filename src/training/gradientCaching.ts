/**
 * Losses over batches that do not fit into memory, such as contrastive ones (Gao et al., "Scaling Deep Contrastive Learning Batch
 * Size under Memory Limited Setup", 2021): the embeddings of all micro-batches first, then the loss and its gradients with respect
 * to them, then each micro-batch again with its share of those gradients.
 */
import { gradients } from '../graph/gradient.js';
import { isOp, topological, type Value } from '../graph/ir.js';
import { parametersOf } from '../graph/lower/weights.js';
import { input } from '../graph/ops.js';
import { GraphError } from '../graph/shape.js';
import type { Parameter, Scope } from '../nn/scope.js';
import { Session, SessionError, type Tensors } from '../runtime/index.js';
import { type Shape, sizeOf, type Tensor, tensor } from '../tensor.js';
import type { Optimizer } from './optimizer.js';
import { NonFiniteLossError } from './step.js';
import { type StepGraph, stepGraph } from './stepGraph.js';
import { lowerFor, type RunOptions, StepSession, type StepSessionOptions, setFirst } from './stepSession.js';

type Outputs = Readonly<Record<string, Value>>;

export interface CachedTrainingStepOptions extends StepSessionOptions {
  scope: Scope;
  /** What the network makes of one micro-batch, each [b, ...]. */
  outputs: Outputs;
  /**
   * A scalar, from the outputs of all micro-batches joined along the first axis. It can have inputs of its own, but no parameters.
   */
  loss: (joined: Outputs) => Value;
  /** Further scalars to report, from the same; they have no parameters either. */
  metrics?: (joined: Outputs) => Outputs;
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

/** The loss and its gradients with respect to the joined outputs, those that the step is fed, under the same names. */
function criterionOutputs(
  { outputs, loss: lossOf, metrics: metricsOf, microBatches }: CachedTrainingStepOptions,
  fed: ReadonlySet<string>,
): Outputs {
  const joined = Object.entries(outputs).map(([name, y]) => [name, input(name, joinedShape(y.shape, microBatches))] as const);
  const loss = lossOf(Object.fromEntries(joined));
  const metrics = metricsOf?.(Object.fromEntries(joined)) ?? {};
  const parameter = topological([loss, ...Object.values(metrics)]).find((v) => isOp(v, 'parameter'));
  if (parameter)
    throw new GraphError(`gradient caching: the loss cannot have parameters, it uses '${parameter.attributes.name}'`);
  const wanted = joined.filter(([name]) => fed.has(`${name}.gradient`));
  const found = gradients(
    loss,
    wanted.map(([, y]) => y),
  );
  return { loss, ...metrics, ...Object.fromEntries(wanted.map(([name, y]) => [`${name}.gradient`, found.get(y)!])) };
}

/** The two sessions beside the step's own. */
interface Companions {
  encoder: Session;
  criterion: Session;
  /** The encoder's parameters: those the step has too, and those that only the encoder has, because no gradient depends on them. */
  shared: readonly string[];
  frozen: ReadonlyMap<string, Parameter>;
}

export class CachedTrainingStep extends StepSession {
  private constructor(
    session: Session,
    graph: StepGraph,
    private readonly fed: ReadonlySet<string>,
    private readonly companions: Companions,
    private readonly options: CachedTrainingStepOptions,
  ) {
    const parameters = new Map([...graph.parameters, ...companions.frozen]);
    super(session, options.scope, { ...graph, parameters }, options.microBatches);
  }

  /** Builds and loads the graphs. Throws as `stepGraph` and `Session.create` do, and GraphError when the loss has parameters. */
  static async create(options: CachedTrainingStepOptions): Promise<CachedTrainingStep> {
    const { scope, outputs, optimizer, microBatches, session: settings, seed } = options;
    const graph = stepGraph({ scope, outputs, optimizer, microBatches });
    const fed = new Set(
      topological(Object.values(graph.graph.outputs)).flatMap((v) => (isOp(v, 'input') ? [v.attributes.name] : [])),
    );
    const sessions: Session[] = [];
    const load = async (name: string, values: Outputs) => {
      const session = await Session.create(await lowerFor({ outputs: values }, name, options), { ...settings, name });
      sessions.push(session);
      return session;
    };
    try {
      const criterionValues = criterionOutputs(options, fed);
      const encoder = await load('encoder', outputs);
      const criterion = await load('loss', criterionValues);
      const parameters = [...parametersOf({ outputs })];
      const shared = parameters.flatMap(([name]) => (graph.parameters.has(name) ? [name] : []));
      const frozen = new Map(parameters.filter(([name]) => !graph.parameters.has(name)));
      await setFirst(encoder, frozen, scope, seed);
      const step = await StepSession.open(scope, graph, options);
      return new CachedTrainingStep(step, graph, fed, { encoder, criterion, shared, frozen }, options);
    } catch (error) {
      await Promise.all(sessions.map((session) => session.release()));
      throw error;
    }
  }

  /**
   * One update from `microBatches` feeds of the network; `lossFeeds` are the loss's own. Resolves to the loss and the metrics of the whole batch
   * (and `gradientNorm`, when it is clipped). The encoder's session takes a copy of the weights first. Throws RangeError for another number
   * of feeds, NonFiniteLossError, and SessionError for feeds that do not fit; after an error half-way, restore a checkpoint.
   */
  async run(
    batches: readonly Tensors[],
    lossFeeds: Tensors = {},
    options: RunOptions = {},
  ): Promise<Record<string, number> & { loss: number }> {
    const { outputs, microBatches } = this.options;
    const { encoder, criterion, shared } = this.companions;
    if (batches.length !== microBatches)
      throw new RangeError(`gradient caching: expected the feeds of ${microBatches} micro-batches, got ${batches.length}`);
    if (this.pending) throw new SessionError('gradient caching: the update before stopped half-way; restore a checkpoint');
    const { signal } = options;
    await encoder.setState(await this.session.getState(shared));
    // The same dropout masks in both passes.
    encoder.randomState = { ...this.session.randomState };
    const embedded: Tensors[] = [];
    for (const feeds of batches) embedded.push(await encoder.run(feeds, { signal }));

    const joined = Object.fromEntries(Object.keys(outputs).map((name) => [name, join(embedded.map((e) => e[name]!))]));
    const { loss, ...found } = await criterion.run({ ...joined, ...lossFeeds }, { signal });
    const value = loss!.data[0]!;
    if (!Number.isFinite(value)) throw new NonFiniteLossError(this.updates + 1, value, { ...joined, ...lossFeeds });

    let report: Record<string, number> = {};
    for (const [i, feeds] of batches.entries()) {
      const share = Object.entries(outputs).flatMap(([name, { shape }]) => {
        const gradient = found[`${name}.gradient`];
        return gradient ? [[`${name}.gradient`, partOf(gradient, shape, i)] as const] : [];
      });
      // What only frozen parts are fed has no place in the step; the encoder has seen that all names are right.
      const own = Object.entries(feeds).filter(([name]) => this.fed.has(name));
      report = await this.runOnce(Object.fromEntries([...own, ...share]), options);
    }
    const scalars = Object.entries(found).flatMap(([name, { shape, data }]) => (shape.length ? [] : [[name, data[0]!] as const]));
    return { loss: value, ...Object.fromEntries(scalars), ...report };
  }

  protected override async getState(names: readonly string[]): Promise<Tensors> {
    const { encoder, frozen } = this.companions;
    const own = await super.getState(names.filter((name) => !frozen.has(name)));
    return { ...own, ...(await encoder.getState(names.filter((name) => frozen.has(name)))) };
  }

  protected override async setState(parameters: Tensors): Promise<void> {
    const { encoder, frozen } = this.companions;
    const part = (isFrozen: boolean) =>
      Object.fromEntries(Object.entries(parameters).filter(([name]) => frozen.has(name) === isFrozen));
    await super.setState(part(false));
    await encoder.setState(part(true));
  }

  override async release(): Promise<void> {
    await Promise.all([super.release(), this.companions.encoder.release(), this.companions.criterion.release()]);
  }
}
