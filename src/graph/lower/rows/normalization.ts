/** Batch normalization, per-channel sums and global pools on feature maps. What several rules need of a map is made once and shared. */
import type { Op, Value } from '../../ir.js';
import { blockedDomain, type FeatureMap, type Form, type RowsContext, type RowsRule, shapeOf } from './context.js';
import { canonical, isBlocked } from './geometry.js';
import { algebra } from './mapAlgebra.js';

const isMap = (c: RowsContext, x: Value) => x.shape.length === 4 && ['rows', 'blocked'].includes(c.form(x).kind);
const pixels = (x: Value) => x.shape[0]! * x.shape[2]! * x.shape[3]!;
const formOf = ({ layout }: FeatureMap, name: string): Form =>
  isBlocked(layout) ? { kind: 'blocked', name } : { kind: 'rows', name, geometry: layout };

/** Mean and biased variance of a map's channels, E[x] and E[x^2] - E[x]^2, both [C]. */
function statistics(c: RowsContext, x: Value): { mean: string; variance: string } {
  const map = c.map(x);
  const { sum, dot } = algebra(c, x, map);
  const perPixel = c.scalar(1 / pixels(x));
  const mean = c.once(`mean ${map.name}`, () => c.op('Mul', [sum(map.name), perPixel]));
  const variance = c.once(`variance ${map.name}`, () => varianceFrom(c, c.op('Mul', [dot(map.name, map.name), perPixel]), mean));
  return { mean, variance };
}

/** E[x^2] - E[x]^2; rounding may leave a constant channel a little below zero. */
export const varianceFrom = (c: RowsContext, meanSquare: string, mean: string): string =>
  c.op('Relu', [c.op('Sub', [meanSquare, c.op('Mul', [mean, mean])])]);

export function inverseDeviation(c: RowsContext, variance: string, eps: number): string {
  return c.once(`1 / sqrt(${variance} + ${eps})`, () =>
    c.op('Reciprocal', [c.op('Sqrt', [c.op('Add', [variance, c.scalar(eps)])])]),
  );
}

const batchNorm: RowsRule<'batchNorm'> = (node, c) => {
  const [x, gamma, beta] = node.inputs as [Value, Value, Value];
  if (!isMap(c, x)) return undefined;
  const { mean, variance } = statistics(c, x);
  const scale = c.op('Mul', [c.plain(gamma), inverseDeviation(c, variance, node.attributes.eps)]);
  const map = c.map(x);
  return formOf(map, algebra(c, x, map).affine(map.name, scale, c.op('Sub', [c.plain(beta), c.op('Mul', [mean, scale])])));
};

const batchNormInference: RowsRule<'batchNormInference'> = (node, c) => {
  const [x, gamma, beta, mean, variance] = node.inputs as [Value, Value, Value, Value, Value];
  if (!isMap(c, x)) return undefined;
  const scale = c.op('Mul', [c.plain(gamma), inverseDeviation(c, c.plain(variance), node.attributes.eps)]);
  const map = c.map(x);
  const shift = c.op('Sub', [c.plain(beta), c.op('Mul', [c.plain(mean), scale])]);
  return formOf(map, algebra(c, x, map).affine(map.name, scale, shift));
};

/** dgamma = (sum dy x - mean sum dy) / deviation. */
export const dGammaFrom = (c: RowsContext, sumDy: string, dotDyX: string, mean: string, inverse: string): string =>
  c.op('Mul', [inverse, c.op('Sub', [dotDyX, c.op('Mul', [mean, sumDy])])]);

/** The vectors of one normalization and of its gradient. */
interface NormVectors {
  readonly scale: string;
  readonly inverse: string;
  readonly mean: string;
  readonly beta: string;
  readonly gamma: string;
}

/**
 * k and l of dx = scale dy + k x + l, which is dx = scale dy - scale / n (dbeta + xhat dgamma) arranged so that each map is read once; n
 * pixels, `beta` and `gamma` the gradients.
 */
export function inputCoefficients(c: RowsContext, n: number, { scale, inverse, mean, beta, gamma }: NormVectors) {
  const perPixel = c.op('Mul', [scale, c.scalar(-1 / n)]);
  const k = c.op('Mul', [c.op('Mul', [perPixel, inverse]), gamma]);
  return { k, l: c.op('Sub', [c.op('Mul', [perPixel, beta]), c.op('Mul', [k, mean])]) };
}

function gradientsOf(c: RowsContext, x: Value, dy: Value, eps: number) {
  const map = c.map(x);
  const g = c.in(dy, map.layout);
  const { sum, dot } = algebra(c, x, map);
  const { mean, variance } = statistics(c, x);
  const inverse = inverseDeviation(c, variance, eps);
  const beta = sum(g);
  const gamma = c.once(`dgamma ${g} ${map.name} ${eps}`, () => dGammaFrom(c, beta, dot(g, map.name), mean, inverse));
  return { map, g, mean, inverse, beta, gamma };
}

const batchNormScaleGrad: RowsRule<'batchNormScaleGrad'> = (node, c) => {
  const [x, dy] = node.inputs as [Value, Value];
  return isMap(c, x) ? { kind: 'plain', name: gradientsOf(c, x, dy, node.attributes.eps).gamma } : undefined;
};

const batchNormInputGrad: RowsRule<'batchNormInputGrad'> = (node, c) => {
  const [x, gamma, dy] = node.inputs as [Value, Value, Value];
  if (!isMap(c, x)) return undefined;
  const s = gradientsOf(c, x, dy, node.attributes.eps);
  const scale = c.op('Mul', [c.plain(gamma), s.inverse]);
  const { k, l } = inputCoefficients(c, pixels(x), { ...s, scale });
  const a = algebra(c, x, s.map);
  return formOf(s.map, a.affine(s.map.name, k, l, a.scale(s.g, scale)));
};

const isAxes = (axes: readonly number[], ...wanted: number[]) =>
  axes.length === wanted.length && wanted.every((a) => axes.includes(a));

const global = { ReduceMean: 'GlobalAveragePool', ReduceMax: 'GlobalMaxPool' } as const;

/** Sums over pictures and pixels (the gradient of a bias) and global pools, the reductions that feature maps do well. */
const reduction =
  (onnx: 'ReduceSum' | 'ReduceMean' | 'ReduceMax') =>
  (node: Value<'sum' | 'mean' | 'max'>, c: RowsContext): Form | undefined => {
    const [x] = node.inputs as [Value];
    const { axes, keepDims } = node.attributes;
    const form = c.form(x);
    // Over everything the order of axes does not matter: the norm of a gradient.
    if (form.kind === 'taps' && axes.length === 4) {
      const total = c.op(onnx, [form.name], { keepdims: 0 });
      return { kind: 'plain', name: keepDims ? c.reshape(total, node.shape) : total };
    }
    if (!isMap(c, x)) return undefined;
    const map = c.map(x);
    if (onnx === 'ReduceSum' && isAxes(axes, 0, 2, 3)) {
      const total = algebra(c, x, map).sum(map.name);
      return { kind: 'plain', name: keepDims ? c.reshape(total, node.shape) : total };
    }
    if (!isAxes(axes, 2, 3)) return undefined;
    if (isBlocked(map.layout) && onnx !== 'ReduceSum')
      return { kind: 'plain', name: c.reshape(c.op(global[onnx], [map.name], {}, blockedDomain), node.shape) };
    const [batch, channels, height, width] = shapeOf(x);
    const { name } = c.rows(x, canonical(batch, [height, width]));
    const pooled = c.op(onnx, [c.reshape(name, [batch, height * width, channels]), c.builder.ints([1])], { keepdims: 0 });
    return { kind: 'plain', name: keepDims ? c.reshape(pooled, node.shape) : pooled };
  };

const statistic =
  (which: 'mean' | 'variance') =>
  (node: Value, c: RowsContext): Form | undefined =>
    isMap(c, node.inputs[0]!) ? { kind: 'plain', name: statistics(c, node.inputs[0]!)[which] } : undefined;

export const normalizationRules = {
  batchMean: statistic('mean'),
  batchVariance: statistic('variance'),
  batchNorm,
  batchNormInference,
  batchNormScaleGrad,
  batchNormInputGrad,
  sum: reduction('ReduceSum'),
  mean: reduction('ReduceMean'),
  max: reduction('ReduceMax'),
} satisfies { [K in Op]?: RowsRule<K> };
