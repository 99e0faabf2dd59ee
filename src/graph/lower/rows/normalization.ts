/** Batch normalization and per-channel sums on rows. Statistics and sums are made once per value and shared by every rule that needs them. */
import type { Op, Value } from '../../ir.js';
import { canonical } from './geometry.js';
import { matrixOf, type RowsContext, type RowsRule } from './context.js';

interface Statistics {
  mean: string;
  variance: string;
}

/** Mean and biased variance of a map's channels, as E[x] and E[x^2] - E[x]^2 over the rows, both [C]. */
export function statistics(c: RowsContext, x: Value): Statistics {
  const { name } = c.rows(x);
  const [n, channels] = matrixOf(x);
  const averages = (of: string) => {
    const weights = c.matrix(`1 / ${n}`, () => new Float32Array(n).fill(1 / n), [1, n]);
    return c.reshape(c.product(weights, of), [channels]);
  };
  const mean = c.once(`mean ${name}`, () => averages(name));
  const variance = c.once(`variance ${name}`, () => {
    const square = averages(c.op('Mul', [name, name]));
    // Rounding may leave a constant channel a little below zero.
    return c.op('Relu', [c.op('Sub', [square, c.op('Mul', [mean, mean])])]);
  });
  return { mean, variance };
}

export function inverseDeviation(c: RowsContext, variance: string, eps: number): string {
  return c.once(`1 / sqrt(${variance} + ${eps})`, () =>
    c.op('Reciprocal', [c.op('Sqrt', [c.op('Add', [variance, c.scalar(eps)])])]),
  );
}

/** x * scale + shift for per-channel vectors. */
function affine(c: RowsContext, x: Value, scale: string, shift: string) {
  const rows = c.rows(x);
  const w = c.widened(...matrixOf(x));
  const scaled = c.op('Mul', [w.matrix(rows.name), w.vector(scale)]);
  return { ...rows, name: w.back(c.op('Add', [scaled, w.vector(shift)])) };
}

const isRows = (c: RowsContext, x: Value) => x.shape.length === 4 && c.form(x).kind === 'rows';

const batchNorm: RowsRule<'batchNorm'> = (node, c) => {
  const [x, gamma, beta] = node.inputs as [Value, Value, Value];
  if (!isRows(c, x)) return undefined;
  const { mean, variance } = statistics(c, x);
  const scale = c.op('Mul', [c.plain(gamma), inverseDeviation(c, variance, node.attributes.eps)]);
  return affine(c, x, scale, c.op('Sub', [c.plain(beta), c.op('Mul', [mean, scale])]));
};

const batchNormInference: RowsRule<'batchNormInference'> = (node, c) => {
  const [x, gamma, beta, mean, variance] = node.inputs as [Value, Value, Value, Value, Value];
  if (!isRows(c, x)) return undefined;
  const scale = c.op('Mul', [c.plain(gamma), inverseDeviation(c, c.plain(variance), node.attributes.eps)]);
  return affine(c, x, scale, c.op('Sub', [c.plain(beta), c.op('Mul', [c.plain(mean), scale])]));
};

/** The two sums every gradient of batch normalization is made of: sum dy -> dbeta, sum dy (x - mean) / deviation -> dgamma. */
function sums(c: RowsContext, x: Value, dy: Value, eps: number) {
  const rows = c.rows(x);
  const g = c.rows(dy, rows.geometry).name;
  const [n, channels] = matrixOf(x);
  const { mean, variance } = statistics(c, x);
  const inverse = inverseDeviation(c, variance, eps);
  const beta = c.columnSums(g, n, channels);
  const gamma = c.once(`dgamma ${g} ${rows.name} ${eps}`, () => {
    const dot = c.columnSums(c.op('Mul', [g, rows.name]), n, channels);
    return c.op('Mul', [inverse, c.op('Sub', [dot, c.op('Mul', [mean, beta])])]);
  });
  return { beta, gamma, mean, inverse, g, rows, n, channels };
}

const batchNormScaleGrad: RowsRule<'batchNormScaleGrad'> = (node, c) => {
  const [x, dy] = node.inputs as [Value, Value];
  return isRows(c, x) ? { kind: 'plain', name: sums(c, x, dy, node.attributes.eps).gamma } : undefined;
};

/** dx = scale dy - scale / N (dbeta + xhat dgamma), arranged as scale dy + k x + l so that each map is read once. */
const batchNormInputGrad: RowsRule<'batchNormInputGrad'> = (node, c) => {
  const [x, gamma, dy] = node.inputs as [Value, Value, Value];
  if (!isRows(c, x)) return undefined;
  const s = sums(c, x, dy, node.attributes.eps);
  const scale = c.op('Mul', [c.plain(gamma), s.inverse]);
  const perRow = c.op('Mul', [scale, c.scalar(-1 / s.n)]);
  const k = c.op('Mul', [c.op('Mul', [perRow, s.inverse]), s.gamma]);
  const l = c.op('Sub', [c.op('Mul', [perRow, s.beta]), c.op('Mul', [k, s.mean])]);
  const w = c.widened(s.n, s.channels);
  const a = c.op('Mul', [w.matrix(s.g), w.vector(scale)]);
  const b = c.op('Mul', [w.matrix(s.rows.name), w.vector(k)]);
  return { ...s.rows, name: w.back(c.op('Add', [c.op('Add', [a, b]), w.vector(l)])) };
};

const isAxes = (axes: readonly number[], ...wanted: number[]) => axes.length === wanted.length && wanted.every((a) => axes.includes(a));

/** Sums over pictures and pixels (the gradient of a bias) and global pools, the reductions that rows do well. */
const reduction =
  (onnx: 'ReduceSum' | 'ReduceMean' | 'ReduceMax') =>
  (node: Value<'sum' | 'mean' | 'max'>, c: RowsContext) => {
    const [x] = node.inputs as [Value];
    const { axes } = node.attributes;
    if (!isRows(c, x)) return undefined;
    const [n, channels] = matrixOf(x);
    if (onnx === 'ReduceSum' && isAxes(axes, 0, 2, 3)) {
      const total = c.columnSums(c.rows(x).name, n, channels);
      return { kind: 'plain' as const, name: node.attributes.keepDims ? c.reshape(total, [...node.shape]) : total };
    }
    if (!isAxes(axes, 2, 3)) return undefined;
    const [batch, , height, width] = x.shape as [number, number, number, number];
    const { name } = c.rows(x, canonical(batch, [height, width]));
    const pooled = c.op(onnx, [c.reshape(name, [batch, height * width, channels]), c.builder.ints([1])], { keepdims: 0 });
    return { kind: 'plain' as const, name: node.attributes.keepDims ? c.reshape(pooled, [...node.shape]) : pooled };
  };

export const normalizationRules = {
  batchMean: (node, c) => (isRows(c, node.inputs[0]!) ? { kind: 'plain', name: statistics(c, node.inputs[0]!).mean } : undefined),
  batchVariance: (node, c) =>
    isRows(c, node.inputs[0]!) ? { kind: 'plain', name: statistics(c, node.inputs[0]!).variance } : undefined,
  batchNorm,
  batchNormInference,
  batchNormScaleGrad,
  batchNormInputGrad,
  sum: reduction('ReduceSum'),
  mean: reduction('ReduceMean'),
  max: reduction('ReduceMax'),
} satisfies { [K in Op]?: RowsRule<K> };
