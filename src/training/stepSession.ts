/** A training step's graph with its state, running in a session. */
import type { Graph } from '../graph/ir.js';
import type { Lowered } from '../graph/lower/lowered.js';
import { lowerNchw } from '../graph/lower/nchw/index.js';
import { lowerRows } from '../graph/lower/rows/index.js';
import { checkWeights } from '../graph/lower/weights.js';
import type { Parameter, Scope } from '../nn/scope.js';
import { channelBlock, type RandomState, Session, type SessionOptions, type Tensors } from '../runtime/index.js';
import { initialize } from './initialize.js';
import type { StepGraph } from './stepGraph.js';

/**
 * Makes the model of a graph: `lowerRows` or `lowerNchw`, or either with options of one's own. `channelBlock` is this CPU's, see
 * runtime/channelBlock.ts, and 0 for other execution providers, which have no such kernels.
 */
export type Lowering = (graph: Graph, options: { done: boolean; name: string; channelBlock: number }) => Lowered;

export interface StepSessionOptions {
  /** Of first weights and random masks. */
  seed: number;
  /** Default `lowerRows` on the CPU, `lowerNchw` on other execution providers, also where the CPU takes their place. */
  lowering?: Lowering;
  session?: Pick<SessionOptions, 'threads' | 'executionProvider' | 'onWarning' | 'memoryPattern' | 'memoryArena' | 'spinning'>;
}

/** Everything a later run depends on besides its feeds: a step restored to it goes on bit for bit. */
export interface Checkpoint {
  /** Weights, statistics, momentum copies and the optimizer's state by name. */
  parameters: Tensors;
  /** Runs so far; with micro-batches there are several to an update. */
  runs: number;
  random: RandomState;
}

export interface RunOptions {
  /** Scales every learning rate: the schedule's factor for this step. Default 1. */
  factor?: number;
  /** Ends the whole session when it aborts; see `Session.run`. */
  signal?: AbortSignal;
}

/** The model of a graph as the options want it. */
export async function lowerFor(graph: Graph, name: string, { lowering, session }: StepSessionOptions): Promise<Lowered> {
  const { executionProvider: provider = 'cpu' } = session ?? {};
  const lower = lowering ?? (provider === 'cpu' ? lowerRows : lowerNchw);
  return lower(graph, { done: true, name, channelBlock: provider === 'cpu' ? await channelBlock() : 0 });
}

/** Gives parameters of a session their first values, one at a time: all of them together would stand in memory twice. */
export async function setFirst(
  session: Session,
  parameters: ReadonlyMap<string, Parameter>,
  { copies }: Scope,
  seed: number,
): Promise<void> {
  for (const parameter of parameters) await session.setState(initialize(new Map([parameter]), seed, copies));
}

export class StepSession {
  protected readonly session: Session;
  /** The network's parameters; whatever is added to the scope later belongs to other graphs. */
  private readonly network: ReadonlyMap<string, Parameter>;
  private readonly step: StepGraph;
  private readonly microBatches: number;
  private runs = 0;

  protected constructor(session: Session, scope: Scope, step: StepGraph, microBatches: number) {
    this.session = session;
    this.network = new Map(scope.parameters);
    this.step = step;
    this.microBatches = microBatches;
  }

  /** A session of the graph with first values for all its parameters. */
  protected static async open(scope: Scope, step: StepGraph, options: StepSessionOptions): Promise<Session> {
    const { seed, session: settings } = options;
    const name = 'training step';
    const { state, inPlace } = step;
    const session = await Session.create(await lowerFor(step.graph, name, options), {
      ...settings,
      name,
      // The lowering leaves nothing worth rewriting, and looking for it takes longer than everything else.
      graphOptimization: 'basic',
      state,
      inPlace,
      seed,
    });
    try {
      await setFirst(session, step.parameters, scope, seed);
      return session;
    } catch (error) {
      await session.release();
      throw error;
    }
  }

  /** Updates of the weights so far. */
  get updates(): number {
    return Math.floor(this.runs / this.microBatches);
  }

  /** Micro-batches of an update that is not complete. */
  protected get pending(): number {
    return this.runs % this.microBatches;
  }

  /** Runs once; the scalars that the graph reports, by name. The last micro-batch of an update applies it. */
  protected async runOnce(feeds: Tensors, { factor = 1, signal }: RunOptions): Promise<Record<string, number>> {
    const last = this.pending === this.microBatches - 1;
    const results = await this.session.run({ ...feeds, ...this.step.scalars(this.updates + 1, factor, last) }, { signal });
    this.runs++;
    return Object.fromEntries(this.step.reported.map((name) => [name, results[name]!.data[0]!]));
  }

  /** Parameters by name, wherever they are kept. */
  protected getState(names: readonly string[]): Promise<Tensors> {
    return this.session.getState(names);
  }
  protected setState(parameters: Tensors): Promise<void> {
    return this.session.setState(parameters);
  }

  /** The network's weights, statistics and momentum copies, without the optimizer's state. */
  weights(): Promise<Tensors> {
    return this.getState([...this.network.keys()]);
  }

  /**
   * Replaces the network's weights, statistics and momentum copies, all of them; the optimizer's state stays. Throws an Error that
   * lists every missing, unknown, misshapen and not finite one, and changes nothing then.
   */
  async setWeights(weights: Tensors): Promise<void> {
    checkWeights(this.network, weights);
    await this.setState(weights);
  }

  async checkpoint(): Promise<Checkpoint> {
    const { runs, session, step } = this;
    const random = { ...session.randomState };
    return { parameters: await this.getState([...step.parameters.keys()]), runs, random };
  }

  /** Goes back, or on, to a checkpoint. Throws as `setWeights` when it is of another network or optimizer, and changes nothing. */
  async restore({ parameters, runs, random }: Checkpoint): Promise<void> {
    checkWeights(this.step.parameters, parameters);
    await this.setState(parameters);
    this.runs = runs;
    this.session.randomState = { ...random };
  }

  release(): Promise<void> {
    return this.session.release();
  }
}
