/**
 * The functions a network is written with: one per operation, with defaults, numbers accepted where values are, negative axes
 * counted from the end. Each returns a new value. All throw GraphError when shapes do not fit.
 */
import { type DType, float32, int32, type Shape, type Tensor } from '../tensor.js';
import { type Initializer, make, type Padding, type Pair, type Value } from './ir.js';

export type Operand = Value | number;

export const constant = (t: Tensor): Value => make('constant', [], { tensor: t });
export const scalar = (x: number): Value => constant(float32([], [x]));
export const vector = (values: readonly number[]): Value => constant(float32([values.length], values));
export const indices = (shape: Shape, values: ArrayLike<number>): Value => constant(int32(shape, values));
const value = (x: Operand): Value => (typeof x === 'number' ? scalar(x) : x);

/** A tensor fed at every run. */
export const input = (name: string, shape: Shape, dtype: DType = 'float32'): Value => make('input', [], { name, shape, dtype });
export const parameter = (name: string, shape: Shape, init: Initializer, trainable = true): Value =>
  make('parameter', [], { name, shape, init, trainable });
export const randomMask = (name: string, shape: Shape, rate: number): Value => make('randomMask', [], { name, shape, rate });

export const neg = (x: Value) => make('neg', [x], {});
export const exp = (x: Value) => make('exp', [x], {});
export const log = (x: Value) => make('log', [x], {});
export const sqrt = (x: Value) => make('sqrt', [x], {});
export const abs = (x: Value) => make('abs', [x], {});
export const sign = (x: Value) => make('sign', [x], {});
export const erf = (x: Value) => make('erf', [x], {});
export const relu = (x: Value) => make('relu', [x], {});
export const step = (x: Value) => make('step', [x], {});
/** x * Phi(x), Phi the normal distribution function (the exact form, not the tanh approximation). */
export const gelu = (x: Value) => make('gelu', [x], {});
export const sigmoid = (x: Value) => make('sigmoid', [x], {});
export const tanh = (x: Value) => make('tanh', [x], {});
export const clamp = (x: Value, min: number, max: number) => make('clamp', [x], { min, max });
export const cast = (x: Value, dtype: DType) => (x.dtype === dtype ? x : make('cast', [x], { dtype }));
/** The value itself, a constant to gradients. */
export const stopGradient = (x: Value) => make('stopGradient', [x], {});

export const add = (a: Operand, b: Operand) => make('add', [value(a), value(b)], {});
export const sub = (a: Operand, b: Operand) => make('sub', [value(a), value(b)], {});
export const mul = (a: Operand, b: Operand) => make('mul', [value(a), value(b)], {});
export const div = (a: Operand, b: Operand) => make('div', [value(a), value(b)], {});
export const maximum = (a: Operand, b: Operand) => make('maximum', [value(a), value(b)], {});
export const minimum = (a: Operand, b: Operand) => make('minimum', [value(a), value(b)], {});
export const greater = (a: Operand, b: Operand) => make('compare', [value(a), value(b)], { kind: 'greater' });
export const greaterEqual = (a: Operand, b: Operand) => make('compare', [value(a), value(b)], { kind: 'greaterEqual' });
export const equal = (a: Operand, b: Operand) => make('compare', [value(a), value(b)], { kind: 'equal' });
export const where = (condition: Value, a: Operand, b: Operand) => make('where', [condition, value(a), value(b)], {});

const axisIn = (x: Value, axis: number) => (axis < 0 ? axis + x.shape.length : axis);
const axesIn = (x: Value, axes: number | readonly number[] | undefined) =>
  axes === undefined ? x.shape.map((_, i) => i) : [axes].flat().map((a) => axisIn(x, a as number));
type Axes = number | readonly number[];
/** Sum over `axes`; over everything, to a scalar, when none are given. */
export const sum = (x: Value, axes?: Axes, keepDims = false) => make('sum', [x], { axes: axesIn(x, axes), keepDims });
export const mean = (x: Value, axes?: Axes, keepDims = false) => make('mean', [x], { axes: axesIn(x, axes), keepDims });
export const max = (x: Value, axes?: Axes, keepDims = false) => make('max', [x], { axes: axesIn(x, axes), keepDims });
export const softmax = (x: Value, axis = -1) => make('softmax', [x], { axis: axisIn(x, axis) });
export const logSoftmax = (x: Value, axis = -1) => make('logSoftmax', [x], { axis: axisIn(x, axis) });
/** The k-th largest value along an axis, kept with size 1: the threshold of "the top k". */
export const kthLargest = (x: Value, k: number, axis = -1) => make('kthLargest', [x], { axis: axisIn(x, axis), k });

export const matMul = (a: Value, b: Value, { transposeA = false, transposeB = false } = {}) =>
  make('matMul', [a, b], { transposeA, transposeB });

const pair = (n: number | Pair): Pair => (typeof n === 'number' ? [n, n] : n);
const padded = (p: number | Pair | Padding): Padding => {
  if (typeof p === 'number') return [p, p, p, p];
  return p.length === 2 ? [p[0], p[1], p[0], p[1]] : p;
};
export interface WindowOptions {
  stride?: number | Pair;
  /** one number, [vertical, horizontal], or [top, left, bottom, right] */
  padding?: number | Pair | Padding;
}
/** Cross-correlation, as in every deep-learning library: x [B, C, H, W], weight [Co, C / groups, kh, kw]. */
export const conv2d = (x: Value, weight: Value, o: WindowOptions & { dilation?: number | Pair; groups?: number } = {}) =>
  make('conv2d', [x, weight], {
    stride: pair(o.stride ?? 1),
    padding: padded(o.padding ?? 0),
    dilation: pair(o.dilation ?? 1),
    groups: o.groups ?? 1,
  });
export const bias = (x: Value, b: Value, axis = 1) => make('bias', [x, b], { axis: axisIn(x, axis) });

export const batchMean = (x: Value) => make('batchMean', [x], {});
export const batchVariance = (x: Value) => make('batchVariance', [x], {});
export const batchNorm = (x: Value, gamma: Value, beta: Value, eps = 1e-5) => make('batchNorm', [x, gamma, beta], { eps });
export const batchNormInference = (x: Value, gamma: Value, beta: Value, mean: Value, variance: Value, eps = 1e-5) =>
  make('batchNormInference', [x, gamma, beta, mean, variance], { eps });
export const layerNorm = (x: Value, gamma: Value, beta: Value, eps = 1e-5) => make('layerNorm', [x, gamma, beta], { eps });
/** x / max(||x||, eps) along an axis. */
export const l2Normalize = (x: Value, axis = 1, eps = 1e-12) => make('l2Normalize', [x], { axis: axisIn(x, axis), eps });

export const maxPool2d = (x: Value, kernel: number | Pair, o: WindowOptions = {}) =>
  make('maxPool2d', [x], { kernel: pair(kernel), stride: pair(o.stride ?? kernel), padding: padded(o.padding ?? 0) });
export const averagePool2d = (x: Value, kernel: number | Pair, o: WindowOptions & { countPadding?: boolean } = {}) =>
  make('averagePool2d', [x], {
    kernel: pair(kernel),
    stride: pair(o.stride ?? kernel),
    padding: padded(o.padding ?? 0),
    countPadding: o.countPadding ?? true,
  });
/** [B, C, H, W] -> [B, C] */
export const globalAveragePool = (x: Value) => mean(x, [2, 3]);
export const globalMaxPool = (x: Value) => max(x, [2, 3]);

export const gather = (x: Value, index: Value, axis = 0) => make('gather', [x, index], { axis: axisIn(x, axis) });
/** x[starts[i] .. starts[i] + sizes[i]] on every axis. */
export const slice = (x: Value, starts: readonly number[], sizes: readonly number[]) => make('slice', [x], { starts, sizes });
export const pad = (x: Value, before: readonly number[], after: readonly number[], fill = 0) =>
  make('pad', [x], { before, after, value: fill });
export const concat = (values: readonly Value[], axis = 0) =>
  make('concat', values, { axis: values[0] ? axisIn(values[0], axis) : axis });
export const transpose = (x: Value, permutation: readonly number[]) => make('transpose', [x], { permutation });
/** One dimension may be -1: whatever is left. */
export const reshape = (x: Value, shape: Shape) => {
  const known = shape.reduce((n, d) => (d === -1 ? n : n * d), 1);
  const total = x.shape.reduce((n, d) => n * d, 1);
  return make('reshape', [x], { shape: shape.map((d) => (d === -1 ? total / known : d)) });
};
export const broadcastTo = (x: Value, shape: Shape) => make('broadcastTo', [x], { shape });

/** x * randomMask: training-time dropout; `name` must be unique, the runtime draws the mask from its seed at every run. */
export const dropout = (x: Value, rate: number, name: string) => mul(x, randomMask(name, x.shape, rate));
