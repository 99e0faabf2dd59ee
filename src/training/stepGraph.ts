/** One graph for a whole training step: the network, its gradients, the optimizer and what else changes from step to step. */
import { gradients } from '../graph/gradient.js';
import { type Graph, isOp, topological, type Value } from '../graph/ir.js';
import { add, greater, input, scalar, where } from '../graph/ops.js';
import { GraphError } from '../graph/shape.js';
import type { Parameter, Scope } from '../nn/scope.js';
import { float32, type Tensor } from '../tensor.js';
import { type Optimizer, stateParameter } from './optimizer.js';

/**
 * What is minimized: a scalar `loss`; or, when the loss lies elsewhere (gradient caching), named `outputs` of the network: the
 * gradient of the loss with respect to each is then an input of the graph, called `<name>.gradient`, unless all below it is frozen.
 */
export type Objective = { loss: Value } | { outputs: Readonly<Record<string, Value>> };

export type StepGraphOptions = Objective & {
  scope: Scope;
  optimizer: Optimizer;
  /** Further scalars to report. */
  metrics?: Readonly<Record<string, Value>>;
  /**
   * Runs per update, default 1. With more, gradients are added up (those of a scalar loss: averaged) and the last run applies them;
   * running statistics move at every run.
   */
  microBatches?: number;
};

export interface StepGraph {
  graph: Graph;
  /**
   * Every parameter the graph has by name: weights, statistics, momentum copies, the optimizer's state. With `outputs` it lacks the
   * frozen ones that the gradients do not depend on.
   */
  parameters: ReadonlyMap<string, Parameter>;
  /** By the name of a parameter that changes, the name of the output that holds what it becomes. */
  state: Readonly<Record<string, string>>;
  /** Names of state that may be written over: every reader of the old value comes before the writer of the new one. */
  inPlace: readonly string[];
  /** Names of the scalars that are reported: `loss` where there is one, metrics, `gradientNorm` when it is clipped. */
  reported: readonly string[];
  /** The scalar inputs of update number `step` (from 1); `apply` says whether this run is its last. */
  scalars: (step: number, factor: number, apply: boolean) => Record<string, Tensor>;
}

/** Outputs with the gradient of each as an input. */
function givenGradients(outputs: Readonly<Record<string, Value>>): Map<Value, Value> {
  return new Map(Object.entries(outputs).map(([name, y]) => [y, input(`${name}.gradient`, y.shape)]));
}

function givenLoss(loss: Value, microBatches: number): Map<Value, Value> {
  if (loss.shape.length)
    throw new GraphError(`stepGraph: the loss must be a scalar, its shape is [${loss.shape.join(', ')}]; take its mean`);
  return new Map([[loss, scalar(1 / microBatches)]]);
}

function reportedScalars(values: readonly (readonly [string, Value])[]): Record<string, Value> {
  const scalars: Record<string, Value> = {};
  for (const [name, value] of values) {
    if (Object.hasOwn(scalars, name)) throw new GraphError(`stepGraph: two reported values are called '${name}'`);
    if (value.shape.length)
      throw new GraphError(`stepGraph: metric '${name}' must be a scalar, its shape is [${value.shape.join(', ')}]`);
    scalars[name] = value;
  }
  return scalars;
}

const parametersIn = (values: Iterable<Value>) => topological(values).filter((v) => isOp(v, 'parameter'));

/**
 * Builds the graph of a step. Throws GraphError when nothing is trained, when a parameter of the scope takes part in nothing, when
 * the loss is no scalar, or when two reported values, or one and what a parameter becomes, have one name.
 */
export function stepGraph(options: StepGraphOptions): StepGraph {
  const { scope, optimizer, metrics = {}, microBatches = 1 } = options;
  if (!(Number.isInteger(microBatches) && microBatches > 0))
    throw new RangeError(`stepGraph: microBatches must be a positive whole number, it is ${microBatches}`);
  const seeds = 'loss' in options ? givenLoss(options.loss, microBatches) : givenGradients(options.outputs);
  const trained = parametersIn(seeds.keys()).filter(({ attributes: { name, trainable } }) => trainable && optimizer.trains(name));
  if (!trained.length) throw new GraphError('stepGraph: the objective depends on no trainable parameter that is not frozen');
  const found = gradients(seeds, trained);

  const apply = microBatches > 1 ? greater(input('optimizer.apply', []), 0.5) : undefined;
  const accumulated = new Map<Parameter, Value>();
  const total = (weight: Parameter) => {
    const gradient = found.get(weight)!;
    if (!apply) return gradient;
    const before = stateParameter(`optimizer.accumulated.${weight.attributes.name}`, weight);
    const sum = add(before, gradient);
    accumulated.set(before, where(apply, 0, sum));
    return sum;
  };
  const updates = optimizer.update(new Map(trained.map((weight) => [weight, total(weight)])));
  const whenApplied = (parameter: Parameter, value: Value) => (apply ? where(apply, value, parameter) : value);

  const changes = new Map<Parameter, Value>();
  for (const [parameter, value] of updates.next) changes.set(parameter, whenApplied(parameter, value));
  for (const [parameter, value] of accumulated) changes.set(parameter, value);
  const next = (parameter: Parameter) => updates.next.get(parameter) ?? scope.latest(parameter);
  for (const [parameter, assigned] of scope.assignments)
    changes.set(parameter, typeof assigned === 'function' ? whenApplied(parameter, assigned(next)) : assigned);

  const outputs: Record<string, Value> = reportedScalars([
    ...('loss' in options ? [['loss', options.loss] as const] : []),
    ...Object.entries(metrics),
    ...(updates.gradientNorm ? [['gradientNorm', updates.gradientNorm] as const] : []),
  ]);
  const reported = Object.keys(outputs);
  const state: Record<string, string> = {};
  for (const [{ attributes }, value] of changes) {
    const output = `${attributes.name}.next`;
    if (Object.hasOwn(outputs, output))
      throw new GraphError(
        `stepGraph: metric '${output}' has the name of what '${attributes.name}' becomes; call it something else`,
      );
    state[attributes.name] = output;
    outputs[output] = value;
  }

  const parameters = new Map(parametersIn(Object.values(outputs)).map((p) => [p.attributes.name, p]));
  const used = new Set(parametersIn([...Object.values(outputs), ...seeds.keys()]));
  const idle = [...scope.parameters].flatMap(([name, parameter]) => (used.has(parameter) ? [] : [name]));
  if (idle.length) throw new GraphError(`stepGraph: parameters that take part in nothing: ${idle.join(', ')}`);
  return {
    graph: { outputs },
    parameters,
    state,
    inPlace: [...updates.next.keys(), ...accumulated.keys()].filter((p) => !trained.includes(p)).map((p) => p.attributes.name),
    reported,
    scalars: (step, factor, applied) => ({
      ...updates.scalars(step, factor),
      ...(apply && { 'optimizer.apply': float32([], [applied ? 1 : 0]) }),
    }),
  };
}
