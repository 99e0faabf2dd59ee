/** A model and its state inside the worker: everything that touches ONNX Runtime. */
import { env, InferenceSession, Tensor as OrtTensor } from 'onnxruntime-node';
import { type MaskPort, type Port, physicalShape } from '../graph/lower/lowered.js';
import { Random } from '../random.js';
import { type Tensor, tensor } from '../tensor.js';
import { checkFinite, SessionError, type Tensors, toLogical, toPhysical } from './ports.js';
import type { ExecutionProvider, ModelSpec, RandomState } from './protocol.js';

// Its errors reach the caller as exceptions; the log would print each of them a second time.
env.logLevel = 'fatal';

/** See `Execution.run`. */
const conversionRefused = 'Non tensor type is temporarily not supported.';

/** The first line of an error, without the C++ source line and condition it may begin with. */
const reasonOf = (error: unknown) =>
  (error instanceof Error ? error.message : String(error))
    .trim()
    .split('\n')[0]!
    .replace(/^\S+:\d+ .* was false\. /, '');

function ortTensor(port: Port, data: Tensor['data']): OrtTensor {
  const shape = physicalShape(port);
  if (port.dtype === 'bool' || port.dtype === 'uint8') return new OrtTensor(port.dtype, data as Uint8Array, shape);
  return port.dtype === 'int32'
    ? new OrtTensor('int32', data as Int32Array, shape)
    : new OrtTensor('float32', data as Float32Array, shape);
}
const emptyTensor = (port: Port) => ortTensor(port, tensor(port.dtype, port.shape).data);
const dataOf = (t: OrtTensor) => t.data as Tensor['data'];

/** 0 with probability `rate`, else 1 / (1 - rate). */
function drawMask(port: MaskPort, { seed, counter }: RandomState): OrtTensor {
  const random = new Random(seed, counter, port.name);
  const keep = 1 / (1 - port.rate);
  const mask = tensor('float32', port.shape).data;
  for (let i = 0; i < mask.length; i++) mask[i] = random.uniform() < port.rate ? 0 : keep;
  return ortTensor(port, toPhysical(port, mask));
}

export class Execution {
  readonly #spec: ModelSpec;
  readonly #session: InferenceSession;
  /** Present values of the state by input name, and the buffers their next values are written to. */
  readonly #state = new Map<string, OrtTensor>();
  readonly #spare = new Map<string, OrtTensor>();

  private constructor(spec: ModelSpec, session: InferenceSession) {
    // The serialised model is not kept: the runtime has made its own copy.
    this.#spec = { ...spec, model: new Uint8Array(), externalData: undefined };
    this.#session = session;
  }

  /** Loads the model; when the provider is missing here, `warn` gets one line and the CPU takes its place. */
  static async create(
    spec: ModelSpec,
    warn: (line: string) => void,
  ): Promise<{ execution: Execution; provider: ExecutionProvider }> {
    const load = (provider: ExecutionProvider) =>
      InferenceSession.create(spec.model, {
        executionProviders: [provider],
        // The binding takes an option that is present but undefined for a wrong one.
        ...(spec.threads !== undefined && { intraOpNumThreads: spec.threads }),
        graphOptimizationLevel: spec.graphOptimization,
        enableMemPattern: spec.memoryPattern,
        enableCpuMemArena: spec.memoryArena,
        logSeverityLevel: 4,
        ...(!spec.spinning && { extra: { session: { intra_op: { allow_spinning: '0' } } } }),
        ...(spec.externalData && { externalData: [spec.externalData] }),
      });
    if (spec.executionProvider !== 'cpu') {
      try {
        return { execution: new Execution(spec, await load(spec.executionProvider)), provider: spec.executionProvider };
      } catch (error) {
        warn(
          `${spec.name}: execution provider '${spec.executionProvider}' cannot be used here, running on the CPU (${reasonOf(error)})`,
        );
      }
    }
    return { execution: new Execution(spec, await load('cpu')), provider: 'cpu' };
  }

  /**
   * Runs the model once and moves the state on.
   *
   * onnxruntime-node writes outputs straight into the tensors given as `fetches`, and then converts every output to a *new* JavaScript
   * tensor all the same: a fresh ArrayBuffer and a copy, 45 ms for 90 MB of weights at every step. The conversion walks the outputs in
   * order and throws `conversionRefused` at the first one that is no tensor. A lowering can therefore declare an empty sequence
   * called `done` as its first output: by the time the binding refuses to convert it, the run is complete, every other output lies
   * in the buffer it was given, and nothing was copied. So for such a model exactly this message means success; every other error
   * is an error. A model without `done` runs too, with the copies.
   */
  async run(feeds: Tensors, random: RandomState): Promise<Tensors> {
    const { inputs, masks, state, outputs, name } = this.#spec;
    const given: Record<string, OrtTensor> = {};
    for (const port of inputs) given[port.name] = ortTensor(port, toPhysical(port, feeds[port.name]!.data));
    for (const port of masks) given[port.name] = drawMask(port, random);
    const unset = state.filter(({ port }) => !this.#state.has(port.name)).map(({ port }) => `'${port.name}'`);
    if (unset.length)
      throw new SessionError(
        `${name}: state ${unset.slice(0, 5).join(', ')}${unset.length > 5 ? ', ...' : ''} is not set; call setState`,
      );
    for (const { port } of state) given[port.name] = this.#state.get(port.name)!;

    const moving = state.filter(({ next }) => next !== undefined);
    const results: Record<string, OrtTensor> = {};
    for (const { port, next, inPlace } of moving) results[next!] = inPlace ? given[port.name]! : this.#spareOf(port);
    const own = outputs.filter((port) => !(port.name in results));
    for (const port of own) results[port.name] = emptyTensor(port);

    await this.#execute(given, results);

    for (const { port, next, inPlace } of moving) {
      if (inPlace) continue;
      this.#spare.set(port.name, given[port.name]!);
      this.#state.set(port.name, results[next!]!);
    }
    return Object.fromEntries(own.map((port) => [port.name, toLogical(port, dataOf(results[port.name]!))]));
  }

  async #execute(given: Record<string, OrtTensor>, results: Record<string, OrtTensor>): Promise<void> {
    const done = this.#session.outputNames[0] === 'done' && !('done' in results);
    try {
      await this.#session.run(given, done ? { done: null, ...results } : results);
    } catch (error) {
      if (done && error instanceof Error && error.message === conversionRefused) return;
      // The run may have stopped between two tensors: what was being overwritten is neither old nor new.
      for (const { port, inPlace } of this.#spec.state) if (inPlace) this.#state.delete(port.name);
      throw error;
    }
  }

  #spareOf(port: Port): OrtTensor {
    const spare = this.#spare.get(port.name) ?? emptyTensor(port);
    this.#spare.set(port.name, spare);
    return spare;
  }

  /** Takes over the tensors' buffers. All or none: throws SessionError when one of them holds NaN or an infinity. */
  setState(tensors: Tensors): void {
    const ports = this.#spec.state.map(({ port }) => port).filter((port) => port.name in tensors);
    for (const port of ports) checkFinite(this.#spec.name, 'state', port.name, tensors[port.name]!);
    const set = ports.map((port) => [port.name, ortTensor(port, toPhysical(port, tensors[port.name]!.data))] as const);
    for (const [name, value] of set) this.#state.set(name, value);
  }

  /** Copies, in the graph's own order of axes. */
  getState(names: readonly string[]): Tensors {
    const read = (name: string) => {
      const { port } = this.#spec.state.find((s) => s.port.name === name)!;
      const present = this.#state.get(name);
      if (!present) throw new SessionError(`${this.#spec.name}: state '${name}' is not set`);
      return toLogical(port, port.permutation ? dataOf(present) : dataOf(present).slice());
    };
    return Object.fromEntries(names.map((name) => [name, read(name)]));
  }

  release(): Promise<void> {
    return this.#session.release();
  }
}
