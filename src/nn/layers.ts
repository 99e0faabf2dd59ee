/** Layers: functions from values to a value that take their parameters from a scope. Names and defaults are PyTorch's. */
import type { Initializer, Pair, Value } from '../graph/ir.js';
import * as ops from '../graph/ops.js';
import { sizeOf } from '../tensor.js';
import type { Scope } from './scope.js';

const zeros: Initializer = { kind: 'constant', value: 0 };
const ones: Initializer = { kind: 'constant', value: 1 };

export interface ConvOptions extends ops.WindowOptions {
  /** Channels of the result. */
  channels: number;
  kernel: number | Pair;
  groups?: number;
  dilation?: number | Pair;
  /** Adds a bias per channel, zero at first; default true. */
  bias?: boolean;
  /** Of the weight; default Kaiming normal by fan out, as in ResNets. */
  init?: Initializer;
}

/** x [B, C, H, W] -> [B, channels, H', W']; parameters `weight` [channels, C / groups, kh, kw] and `bias` [channels]. */
export const conv2d = (scope: Scope, x: Value, { channels, kernel, bias = true, init, ...o }: ConvOptions): Value =>
  scope.within(() => {
    const [kh, kw] = typeof kernel === 'number' ? [kernel, kernel] : kernel;
    const shape = [channels, x.shape[1]! / (o.groups ?? 1), kh, kw];
    const weight = scope.parameter('weight', shape, init ?? { kind: 'kaimingNormal', fan: 'out' });
    const y = ops.conv2d(x, weight, o);
    return bias ? ops.bias(y, scope.parameter('bias', [channels], zeros)) : y;
  });

export interface LinearOptions {
  features: number;
  /** Default true; zero at first. */
  bias?: boolean;
  /** Of the weight; default Kaiming uniform by fan in. */
  init?: Initializer;
}

/** y = x W^T + b over the last axis: x [..., D] -> [..., features]; parameters `weight` [features, D] and `bias` [features]. */
export const linear = (scope: Scope, x: Value, { features, bias = true, init }: LinearOptions): Value =>
  scope.within(() => {
    const weight = scope.parameter('weight', [features, x.shape.at(-1)!], init ?? { kind: 'kaimingUniform', fan: 'in' });
    const y = ops.matMul(x, weight, { transposeB: true });
    return bias ? ops.bias(y, scope.parameter('bias', [features], zeros), -1) : y;
  });

/**
 * Batch normalization over axis 1 of x [B, C, ...]; parameters `weight`, `bias`, `running_mean`, `running_var`, each [C].
 *
 * In training y = (x - mean) / sqrt(variance + eps) * weight + bias with the batch's biased variance, and the running statistics
 * move by r <- (1 - momentum) r + momentum s, where s is the mean or the unbiased variance n / (n - 1) * variance. Otherwise the
 * running statistics take the batch's place.
 */
export const batchNorm = (scope: Scope, x: Value, { momentum = 0.1, eps = 1e-5 } = {}): Value =>
  scope.within(() => {
    const shape = [x.shape[1]!];
    const gamma = scope.parameter('weight', shape, ones);
    const beta = scope.parameter('bias', shape, zeros);
    const mean = scope.parameter('running_mean', shape, zeros, false);
    const variance = scope.parameter('running_var', shape, ones, false);
    if (!scope.training) return ops.batchNormInference(x, gamma, beta, mean, variance, eps);

    const y = ops.batchNorm(x, gamma, beta, eps);
    const n = sizeOf(x.shape) / x.shape[1]!;
    const moved = (running: Value, batch: Value, rate: number) => ops.add(ops.mul(running, 1 - momentum), ops.mul(batch, rate));
    scope.assign(mean, moved(scope.latest(mean), ops.batchMean(x), momentum));
    scope.assign(variance, moved(scope.latest(variance), ops.batchVariance(x), (momentum * n) / (n - 1)));
    return y;
  });

/** Normalizes over the last axis of x [..., D]; parameters `weight` and `bias`, both [D]. */
export const layerNorm = (scope: Scope, x: Value, { eps = 1e-5 } = {}): Value =>
  scope.within(() => {
    const shape = [x.shape.at(-1)!];
    return ops.layerNorm(x, scope.parameter('weight', shape, ones), scope.parameter('bias', shape, zeros), eps);
  });

/** In training sets elements to zero with probability `rate` and scales the others by 1 / (1 - rate); otherwise nothing. */
export const dropout = (scope: Scope, x: Value, rate: number): Value =>
  scope.training && rate > 0 ? scope.within(() => ops.dropout(x, rate, scope.uniqueName('mask'))) : x;
