/** Runs a lowered graph on ONNX Runtime in a worker thread, so that the caller's event loop stays free. */
import type { Lowered, Port } from '../graph/lower/lowered.js';
import { Channel } from './channel.js';
import { buffersOf, bytesOf, checkTensors, copyOf, SessionError, sameLayout, type Tensors } from './ports.js';
import type { ExecutionProvider, Failure, ModelSpec, RandomState, StatePort } from './protocol.js';

export interface SessionOptions {
  /** Names the model in messages. */
  name?: string;
  /** Threads within an operation; one per physical core when not given. */
  threads?: number;
  /** Where to run; the CPU, with one line of warning, when the provider is missing here. Default 'cpu'. */
  executionProvider?: ExecutionProvider;
  /** Gets one-line warnings; `console.warn` when not given. */
  onWarning?: (line: string) => void;
  /** ONNX Runtime's own graph rewriting; default 'all'. */
  graphOptimization?: ModelSpec['graphOptimization'];
  /** Plan all activations as one block; default false: a training step takes less memory and no more time without. */
  memoryPattern?: boolean;
  /** Keep freed activations for the next run instead of returning them to the system; default true. */
  memoryArena?: boolean;
  /**
   * Idle threads spin (busy-wait) instead of sleeping, default true: 3 to 5 % faster where nothing else runs, 3 % slower where threads of
   * the process decode the next batch.
   */
  spinning?: boolean;
  /**
   * Inputs kept in the worker -> outputs that hold their next values: after every successful run the two buffers change places.
   * The lowering's parameters are kept too, whether they are named here or not.
   */
  state?: Readonly<Record<string, string>>;
  /**
   * Names of state whose next value is written over the present one, saving the second buffer. Only right when every reader of the
   * present value comes before the operation that writes the next one, or is that operation and elementwise.
   */
  inPlace?: readonly string[];
  /** Seed of the random masks; default 0. */
  seed?: number;
}

const megabytes = (bytes: number) => `${(bytes / 2 ** 20).toFixed(1)} MB`;

function joined(chunks: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const whole = new Uint8Array(chunks.reduce((sum, chunk) => sum + chunk.length, 0));
  let offset = 0;
  for (const chunk of chunks) {
    whole.set(chunk, offset);
    offset += chunk.length;
  }
  return whole;
}

/** What is kept from run to run; throws SessionError when `state` or `inPlace` does not fit the model. */
function statePorts(model: string, lowered: Lowered, { state = {}, inPlace = [] }: SessionOptions): StatePort[] {
  const refuse = (message: string) => new SessionError(`${model}: ${message}`);
  const known = [...lowered.parameters, ...lowered.inputs];
  for (const [input, output] of Object.entries(state)) {
    const from = known.find((port) => port.name === input);
    const to = lowered.outputs.find((port) => port.name === output);
    if (!from) throw refuse(`state '${input}' is no input or parameter of the model`);
    if (!to) throw refuse(`state '${input}': its next value '${output}' is no output of the model`);
    if (!sameLayout(from, to))
      throw refuse(`state '${input}' and its next value '${output}' differ: ${describePort(from)} and ${describePort(to)}`);
  }
  for (const name of inPlace)
    if (!Object.hasOwn(state, name)) throw refuse(`inPlace names '${name}', which has no next value in state`);
  const kept = [...lowered.parameters, ...lowered.inputs.filter(({ name }) => Object.hasOwn(state, name))];
  return kept.map((port) => ({ port, next: state[port.name], inPlace: inPlace.includes(port.name) }));
}

const describePort = ({ dtype, shape, permutation }: Port) =>
  `${dtype} [${shape.join(', ')}]${permutation ? ` stored as axes [${permutation}]` : ''}`;

export class Session {
  /** The provider in use, which is 'cpu' when the one asked for is missing. */
  readonly provider: ExecutionProvider;
  /** The masks' seed and the number of the next run; read it to save, set it to resume. */
  randomState: RandomState;

  readonly #channel: Channel;
  readonly #model: string;
  readonly #inputs: readonly Port[];
  readonly #state: readonly Port[];

  private constructor(channel: Channel, spec: ModelSpec, provider: ExecutionProvider, seed: number) {
    this.#channel = channel;
    this.#model = spec.name;
    this.#inputs = spec.inputs;
    this.#state = spec.state.map(({ port }) => port);
    this.provider = provider;
    this.randomState = { seed, counter: 0 };
  }

  /**
   * Loads the model in a new worker. `lowered` is copied, not kept. Throws SessionError when the options do not fit the model, when
   * ONNX Runtime refuses it, or when there is not enough memory.
   */
  static async create(lowered: Lowered, options: SessionOptions = {}): Promise<Session> {
    const { name = 'model', onWarning = console.warn, seed = 0 } = options;
    const state = statePorts(name, lowered, options);
    const { externalData } = lowered;
    const spec: ModelSpec = {
      name,
      model: joined([lowered.model]),
      externalData: externalData && { path: externalData.path, data: joined(externalData.data) },
      inputs: lowered.inputs.filter((port) => !state.some((s) => s.port === port)),
      state,
      masks: lowered.masks,
      outputs: lowered.outputs,
      executionProvider: options.executionProvider ?? 'cpu',
      threads: options.threads,
      graphOptimization: options.graphOptimization ?? 'all',
      memoryPattern: options.memoryPattern ?? false,
      memoryArena: options.memoryArena ?? true,
      spinning: options.spinning ?? true,
    };
    const modelBytes = spec.model.length + (spec.externalData?.data.length ?? 0);
    const stateBytes = state.reduce((sum, s) => sum + bytesOf(s.port) * (s.next === undefined || s.inPlace ? 1 : 2), 0);
    const explain = ({ message, outOfMemory }: Failure) => {
      if (!outOfMemory) return new SessionError(message.startsWith(`${name}:`) ? message : `${name}: ${message}`);
      const sizes = `model ${megabytes(modelBytes)}, state ${megabytes(stateBytes)}, and its activations`;
      return new SessionError(`not enough memory for ${name} (${sizes}); a smaller batch or input needs less\n  ${message}`);
    };
    const channel = new Channel(explain, onWarning);
    try {
      const buffers = [spec.model.buffer, ...(spec.externalData ? [spec.externalData.data.buffer] : [])];
      return new Session(channel, spec, await channel.call('create', spec, buffers), seed);
    } catch (error) {
      await channel.close(new SessionError(`${name} could not be loaded`));
      throw error;
    }
  }

  /**
   * Runs the model once; runs that are asked for together happen one after the other, in order. Resolves to the outputs that are not
   * state. The feeds are copied before the call returns: the caller may change them at once.
   *
   * Throws SessionError when a feed is missing, unknown, or of another dtype or shape, when state is not set, and when the run fails
   * (the state then is what it was before, except that state written in place is lost and must be set again). When `signal` aborts, the
   * run rejects with the signal's reason and the whole session is terminated, since a run cannot be stopped half-way.
   */
  async run(feeds: Tensors, { signal }: { signal?: AbortSignal } = {}): Promise<Tensors> {
    signal?.throwIfAborted();
    checkTensors(this.#model, 'input', feeds, this.#inputs);
    const copies = mapTensors(feeds, copyOf);
    const { seed, counter } = this.randomState;
    const running = this.#channel.call('run', { feeds: copies, random: { seed, counter } }, buffersOf(copies));
    this.randomState = { seed, counter: counter + 1 };
    if (!signal) return running;
    const onAbort = () => void this.terminate();
    signal.addEventListener('abort', onAbort, { once: true });
    try {
      return await running;
    } catch (error) {
      throw signal.aborted ? signal.reason : error;
    } finally {
      signal.removeEventListener('abort', onAbort);
    }
  }

  /**
   * Sets some or all of the state, by input name, in the graph's own shapes; the tensors are copied. All or none: throws SessionError
   * on an unknown name, a wrong dtype or shape, NaN or an infinity.
   */
  async setState(tensors: Tensors): Promise<void> {
    checkTensors(this.#model, 'state', tensors, this.#state, true);
    const copies = mapTensors(tensors, copyOf);
    await this.#channel.call('setState', copies, buffersOf(copies));
  }

  /** Copies of the state after the runs asked for so far, all of it or the names given. Throws SessionError where it is not set. */
  async getState(names: readonly string[] = this.#state.map((port) => port.name)): Promise<Tensors> {
    const unknown = names.find((name) => !this.#state.some((port) => port.name === name));
    if (unknown !== undefined) throw new SessionError(`${this.#model} has no state '${unknown}'`);
    return this.#channel.call('getState', names);
  }

  /** Lets what was asked for finish, frees the model and ends the worker. Calling it again does nothing. */
  async release(): Promise<void> {
    await this.#channel.finish(new SessionError(`${this.#model}: the session was released`));
  }

  /**
   * Ends the session: whatever is waiting rejects with SessionError at once, and no further run begins. Resolves when the worker has
   * ended, which is when the run it is in, which nothing can interrupt, returns; the process exits only then.
   */
  async terminate(): Promise<void> {
    await this.#channel.close(new SessionError(`${this.#model}: the session was terminated`));
  }
}

const mapTensors = (tensors: Tensors, f: (t: Tensors[string]) => Tensors[string]): Tensors =>
  Object.fromEntries(Object.entries(tensors).map(([name, t]) => [name, f(t)]));
