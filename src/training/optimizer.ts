/**
 * Optimizers as fragments of the training graph. What changes from step to step (the learning rate with its schedule and the bias
 * corrections) are scalar inputs that the host computes; everything per weight happens in the graph, in as few passes as possible.
 */
import { make, onBehalfOf, type Value } from '../graph/ir.js';
import { add, div, input, minimum, mul, sqrt, sub, sum } from '../graph/ops.js';
import type { Parameter } from '../nn/scope.js';
import { float32, type Tensor } from '../tensor.js';

/** Settings for some of the parameters; of several groups that match, the first counts. */
export interface ParameterGroup {
  matches: (parameterName: string) => boolean;
  learningRate?: number;
  weightDecay?: number;
  /** No gradient, no state: the parameter stays what it is. */
  frozen?: boolean;
}

/** Rates and decays are finite and not negative, `clipNorm` is above 0; the optimizers throw RangeError otherwise. */
export interface OptimizerOptions {
  learningRate: number;
  /** Default 0. */
  weightDecay?: number;
  groups?: readonly ParameterGroup[];
  /** Scales the gradients so that the norm of all of them together is at most this. */
  clipNorm?: number;
}

/** What a step does to the optimized parameters. */
export interface Updates {
  /** What each weight, and each state parameter of the optimizer, becomes. */
  next: Map<Parameter, Value>;
  /** Norm of all gradients before clipping; only with `clipNorm`. */
  gradientNorm?: Value;
  /** The scalar inputs for a step, counted from 1; `factor` scales every learning rate (the schedule). */
  scalars: (step: number, factor: number) => Record<string, Tensor>;
}

export interface Optimizer {
  /** Whether the optimizer changes the parameter of this name; false for frozen ones. */
  trains: (parameterName: string) => boolean;
  update: (gradients: ReadonlyMap<Parameter, Value>) => Updates;
}

interface Hyperparameters {
  learningRate: number;
  weightDecay: number;
}

/** An update rule: which scalars it is fed, and what one weight becomes. */
interface Rule<S extends string> {
  scalars: (step: number, hyper: Hyperparameters) => Record<S, number>;
  update: (
    weight: Parameter,
    gradient: Value,
    fed: (scalar: S) => Value,
    hyper: Hyperparameters,
    /** A state parameter of the weight's shape, zero at first. */
    state: (name: string) => Parameter,
    next: Map<Parameter, Value>,
  ) => Value;
}

const withPenalty = (gradient: Value, weight: Value, weightDecay: number) =>
  weightDecay ? add(gradient, mul(weight, weightDecay)) : gradient;

export interface SgdOptions extends OptimizerOptions {
  /** Default 0: plain descent, without state. */
  momentum?: number;
}

/** g <- g + weightDecay w; b <- momentum b + g; w <- w - learningRate b, as torch.optim.SGD. */
export function sgd({ momentum = 0, ...options }: SgdOptions): Optimizer {
  return optimizer<'rate'>(options, {
    scalars: (_, { learningRate }) => ({ rate: learningRate }),
    update: (weight, gradient, fed, { weightDecay }, state, next) => {
      let direction = withPenalty(gradient, weight, weightDecay);
      if (momentum) {
        const buffer = state('momentum');
        direction = add(mul(buffer, momentum), direction);
        next.set(buffer, direction);
      }
      return sub(weight, mul(direction, fed('rate')));
    },
  });
}

export interface AdamOptions extends OptimizerOptions {
  /** Default [0.9, 0.999]. */
  betas?: readonly [number, number];
  /** Default 1e-8. */
  eps?: number;
}

/**
 * Adam (Kingma & Ba 2015, algorithm 1), with weight decay as an L2 penalty (g <- g + weightDecay w), as torch.optim.Adam:
 *
 *     m <- b1 m + (1 - b1) g;   v <- b2 v + (1 - b2) g^2;   w <- w - learningRate (m / c1) / (sqrt(v / c2) + eps),  ci = 1 - bi^t
 *
 * The state is kept scaled, M = m / (1 - b1) and V = v / (1 - b2), which saves two passes, and the constants of the quotient go
 * into two scalars: with r = sqrt(c2 / (1 - b2)), rate = learningRate r (1 - b1) / c1 and epsilon = eps r,
 *
 *     M <- b1 M + g;   V <- b2 V + g^2;   w <- w - rate M / (sqrt(V) + epsilon)
 */
export const adam = (options: AdamOptions): Optimizer => adaptive(options, false);

/** Adam with decoupled weight decay, w <- (1 - learningRate weightDecay) w first (Loshchilov & Hutter 2019), as torch.optim.AdamW. */
export const adamW = (options: AdamOptions): Optimizer => adaptive(options, true);

function adaptive({ betas: [b1, b2] = [0.9, 0.999], eps = 1e-8, ...options }: AdamOptions, decoupled: boolean): Optimizer {
  return optimizer<'rate' | 'epsilon' | 'keep'>(options, {
    scalars: (step, { learningRate, weightDecay }) => {
      const r = Math.sqrt((1 - b2 ** step) / (1 - b2));
      const rate = (learningRate * r * (1 - b1)) / (1 - b1 ** step);
      return { rate, epsilon: eps * r, keep: 1 - learningRate * weightDecay };
    },
    update: (weight, gradient, fed, { weightDecay }, state, next) => {
      const g = decoupled ? gradient : withPenalty(gradient, weight, weightDecay);
      const [first, second] = [state('firstMoment'), state('secondMoment')];
      const m = add(mul(first, b1), g);
      const v = add(mul(second, b2), mul(g, g));
      next.set(first, m).set(second, v);
      const kept = decoupled && weightDecay ? mul(weight, fed('keep')) : weight;
      return sub(kept, mul(div(m, add(sqrt(v), fed('epsilon'))), fed('rate')));
    },
  });
}

function optimizer<S extends string>(
  { learningRate, weightDecay = 0, groups = [], clipNorm }: OptimizerOptions,
  rule: Rule<S>,
): Optimizer {
  const all: readonly ParameterGroup[] = [...groups, { matches: () => true }];
  const groupOf = (name: string) => all.findIndex((g) => g.matches(name));
  const hyper = all.map((g) => ({ learningRate: g.learningRate ?? learningRate, weightDecay: g.weightDecay ?? weightDecay }));
  for (const [name, value] of hyper.flatMap(Object.entries<number>))
    if (!(Number.isFinite(value) && value >= 0))
      throw new RangeError(`optimizer: ${name} must be a finite number, 0 or more, it is ${value}`);
  if (clipNorm !== undefined && !(clipNorm > 0))
    throw new RangeError(`optimizer: clipNorm must be above 0, it is ${clipNorm}; leave it out for no clipping`);

  return {
    trains: (name) => !all[groupOf(name)]!.frozen,
    update: (gradients) => {
      const next = new Map<Parameter, Value>();
      const gradientNorm = clipNorm === undefined ? undefined : globalNorm([...gradients.values()]);
      const scale = gradientNorm && minimum(div(clipNorm!, add(gradientNorm, 1e-6)), 1);
      const inputs = new Map<string, { scalar: S; group: number; value: Value }>();
      for (const [weight, gradient] of gradients) {
        const { name } = weight.attributes;
        const group = groupOf(name);
        const fed = (scalar: S) => {
          const inputName = `optimizer.${scalar}.${group}`;
          if (!inputs.has(inputName)) inputs.set(inputName, { scalar, group, value: input(inputName, []) });
          return inputs.get(inputName)!.value;
        };
        onBehalfOf(weight, 'optimizer', () => {
          const state = (kind: string) => stateParameter(`optimizer.${kind}.${name}`, weight);
          const clipped = scale ? mul(gradient, scale) : gradient;
          next.set(weight, rule.update(weight, clipped, fed, hyper[group]!, state, next));
        });
      }
      const scalars = (step: number, factor: number) => {
        const values = hyper.map((h) => rule.scalars(step, { ...h, learningRate: h.learningRate * factor }));
        return Object.fromEntries([...inputs].map(([name, { scalar, group }]) => [name, float32([], [values[group]![scalar]])]));
      };
      return { next, gradientNorm, scalars };
    },
  };
}

/** A parameter of a weight's shape that the optimizer keeps for itself. */
export const stateParameter = (name: string, weight: Parameter): Parameter =>
  make('parameter', [], { name, shape: weight.shape, init: { kind: 'constant', value: 0 }, trainable: false });

/** sqrt of the sum of all squares. */
const globalNorm = (values: readonly Value[]): Value =>
  sqrt(values.map((g): Value => sum(mul(g, g))).reduce((a, b) => add(a, b)));
