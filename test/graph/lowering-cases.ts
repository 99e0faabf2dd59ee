/**
 * For every operation, random graphs with that operation at the end and the tensors they are run with: what each lowering is
 * compared with the interpreter on. Values on a coarse grid are drawn where ties and zeros matter.
 */
import fc from 'fast-check';
import { type Attributes, make, type Op, type Padding, type Pair, type Value } from '../../src/graph/ir.js';
import * as ops from '../../src/graph/ops.js';
import { broadcastShapes } from '../../src/graph/shape.js';
import type { DType, Shape } from '../../src/tensor.js';
import { Draw, type LoweringCase } from './draw.js';

const seeds = fc.integer();
const size = (max: number, min = 1) => fc.integer({ min, max });
const shapes = (minRank = 0, maxRank = 4) => fc.array(size(4), { minLength: minRank, maxLength: maxRank });
const dtypes = fc.constantFrom<DType>('float32', 'int32', 'bool');
const numeric = fc.constantFrom<DType>('float32', 'int32');

/** The case of one value built from random inputs. */
const result = <T>(options: fc.Arbitrary<T>, build: (d: Draw, options: T) => Value): fc.Arbitrary<LoweringCase> =>
  fc.tuple(options, seeds).map(([o, seed]) => {
    const d = new Draw(seed);
    return d.case({ y: build(d, o) });
  });

/** A shape, an axis of it, and more that depends on both. */
const withAxis = <T>(more: (shape: number[], axis: number) => fc.Arbitrary<T>) =>
  shapes(1).chain((shape) =>
    fc.nat(shape.length - 1).chain((axis) => more(shape, axis).map((extra) => ({ shape, axis, extra }))),
  );
const anAxis = withAxis(() => fc.constant(undefined));

/** Two shapes that broadcast together. */
const broadcasting = shapes().chain((shape) => {
  const part = fc
    .tuple(fc.nat(shape.length), fc.array(fc.boolean(), { minLength: shape.length, maxLength: shape.length }))
    .map(([dropped, ones]) => shape.map((d, i) => (ones[i] ? 1 : d)).slice(dropped));
  return fc.tuple(part, part, part);
});

const unary = (build: (x: Value) => Value, [low, high]: Pair = [-2, 2]) =>
  result(shapes(), (d, shape) => build(d.uniform(shape, low, high)));
const unaryOnGrid = (build: (x: Value) => Value) => result(shapes(), (d, shape) => build(d.grid(shape)));
const binary = (build: (a: Value, b: Value) => Value, dtype = numeric) =>
  result(fc.tuple(broadcasting, dtype), (d, [[a, b], type]) => build(d.any(type, a), d.any(type, b)));

const reduction = (build: (x: Value, axes: number[], keepDims: boolean) => Value) =>
  result(
    shapes().chain((shape) => fc.tuple(fc.constant(shape), fc.subarray(shape.map((_, i) => i)), fc.boolean())),
    (d, [shape, axes, keepDims]) => build(d.grid(shape), axes, keepDims),
  );

export interface Convolution {
  x: Shape;
  weight: Shape;
  dy: Shape;
  attributes: Attributes['conv2d'];
}
const outputSize = (size: number, kernel: number, stride: number, padding: number, dilation: number) =>
  Math.floor((size + padding - (kernel - 1) * dilation - 1) / stride) + 1;

function convolution(o: {
  batch: number;
  groups: number;
  perGroup: Pair;
  kernel: Pair;
  stride: Pair;
  dilation: Pair;
  padding: Padding;
  extra: Pair;
}): Convolution {
  const { batch, groups, perGroup, kernel, stride, dilation, padding } = o;
  // The smallest picture that holds one window, and a bit.
  const picture = [0, 1].map((i) => {
    const smallest = Math.max(1, (kernel[i]! - 1) * dilation[i]! + 1 - padding[i]! - padding[i + 2]!);
    return smallest + o.extra[i]!;
  });
  const dy = picture.map((n, i) => outputSize(n, kernel[i]!, stride[i]!, padding[i]! + padding[i + 2]!, dilation[i]!));
  return {
    x: [batch, groups * perGroup[0], ...picture],
    weight: [groups * perGroup[1], perGroup[0], ...kernel],
    dy: [batch, groups * perGroup[1], ...dy],
    attributes: { stride, padding, dilation, groups },
  };
}

const anyConvolution = fc
  .record({
    batch: size(3),
    groups: size(3),
    perGroup: fc.tuple(size(3), size(3)),
    kernel: fc.tuple(size(4), size(4)),
    stride: fc.tuple(size(3), size(3)),
    dilation: fc.tuple(size(2), size(2)),
    padding: fc.tuple(fc.nat(2), fc.nat(2), fc.nat(2), fc.nat(2)),
    extra: fc.tuple(fc.nat(7), fc.nat(7)),
  })
  .map(convolution);

/** Kernel, stride and padding of ResNets, and pictures with whole and cut tiles. */
const commonConvolution = fc
  .record({
    batch: size(3),
    channels: fc.tuple(size(8), size(8)),
    kind: fc.constantFrom([1, 1], [1, 2], [3, 1], [3, 2], [7, 2]),
    extra: fc.tuple(size(13, 3), size(13, 3)),
  })
  .map(({ batch, channels, kind: [k, s], extra }) => {
    const p = (k! - 1) / 2;
    return convolution({
      batch,
      groups: 1,
      perGroup: channels,
      kernel: [k!, k!],
      stride: [s!, s!],
      dilation: [1, 1],
      padding: [p, p, p, p],
      extra,
    });
  });

export const convolutions: fc.Arbitrary<Convolution> = fc.oneof(anyConvolution, commonConvolution);

interface Pooling {
  x: Shape;
  y: Shape;
  attributes: Attributes['maxPool2d'];
}
const pooling: fc.Arbitrary<Pooling> = fc
  .record({
    batch: size(2),
    channels: size(3),
    kernel: fc.tuple(size(3), size(3)),
    stride: fc.tuple(size(3), size(3)),
    extra: fc.tuple(fc.nat(7), fc.nat(7)),
  })
  .chain((o) =>
    fc.tuple(...[0, 1, 0, 1].map((i) => fc.nat(o.kernel[i]! - 1))).map((padding) =>
      convolution({
        ...o,
        groups: 1,
        perGroup: [o.channels, o.channels],
        dilation: [1, 1],
        padding: padding as unknown as Padding,
      }),
    ),
  )
  .map(({ x, weight, dy, attributes: { stride, padding } }) => ({
    x,
    y: dy,
    attributes: { kernel: weight.slice(2) as unknown as Pair, stride, padding },
  }));

const pictureSize = (shape: Shape) => shape.slice(2) as unknown as Pair;

/** [B, C] or a picture, with enough values per channel that their variance is not tiny. */
const normalizable = fc.oneof(fc.tuple(size(12, 6), size(4)), fc.tuple(size(3), size(4), size(5, 3), size(5, 3)));
const matrices = fc.record({
  lead: fc.constantFrom<[Shape, Shape]>([[], []], [[3], [3]], [[2, 1], [3]], [[], [2, 2]]),
  m: size(5),
  k: size(5),
  n: size(5),
  transposeA: fc.boolean(),
  transposeB: fc.boolean(),
});
const indexing = withAxis(() => shapes(0, 2));

export const cases: { readonly [K in Op]: fc.Arbitrary<LoweringCase> } = {
  input: result(fc.tuple(shapes(), dtypes), (d, [shape, dtype]) => d.any(dtype, shape)),
  parameter: result(shapes(), (d, shape) => d.parameter('weight', shape)),
  constant: result(fc.tuple(shapes(), dtypes), (d, [shape, dtype]) => {
    d.any(dtype, shape);
    return ops.constant(d.feeds.x0!);
  }),
  randomMask: result(shapes(), (d, shape) => d.mask('mask', shape, 0.25)),

  neg: unary(ops.neg),
  exp: unary(ops.exp),
  log: unary(ops.log, [0.1, 3]),
  sqrt: unary(ops.sqrt, [0.1, 3]),
  abs: unary(ops.abs),
  sign: unaryOnGrid(ops.sign),
  erf: unary(ops.erf, [-4, 4]),
  relu: unaryOnGrid(ops.relu),
  step: unaryOnGrid(ops.step),
  gelu: unary(ops.gelu, [-4, 4]),
  sigmoid: unary(ops.sigmoid, [-6, 6]),
  tanh: unary(ops.tanh, [-4, 4]),
  clamp: result(fc.tuple(shapes(), fc.constantFrom([-1, 1], [0, 0.5], [-Infinity, 1], [0, Infinity])), (d, [shape, [min, max]]) =>
    ops.clamp(d.grid(shape), min!, max!),
  ),
  cast: result(fc.tuple(shapes(), fc.oneof(dtypes, fc.constant<DType>('uint8')), dtypes), (d, [shape, from, to]) =>
    make('cast', [d.any(from, shape)], { dtype: to }),
  ),
  stopGradient: unary(ops.stopGradient),

  add: binary(ops.add),
  sub: binary(ops.sub),
  mul: binary(ops.mul),
  div: result(broadcasting, (d, [a, b]) => ops.div(d.uniform(a), d.uniform(b, 0.5, 2))),
  maximum: binary(ops.maximum, fc.constant('float32')),
  minimum: binary(ops.minimum, fc.constant('float32')),
  compare: result(
    fc.tuple(broadcasting, dtypes, fc.constantFrom(ops.greater, ops.greaterEqual, ops.equal)),
    (d, [[a, b], dtype, build]) => build(d.any(dtype, a), d.any(dtype, b)),
  ),
  where: result(fc.tuple(broadcasting, dtypes), (d, [[c, a, b], dtype]) =>
    ops.where(d.any('bool', c), d.any(dtype, a), d.any(dtype, b)),
  ),

  sum: reduction(ops.sum),
  mean: reduction(ops.mean),
  max: reduction(ops.max),
  softmax: result(anAxis, (d, { shape, axis }) => ops.softmax(d.uniform(shape, -5, 5), axis)),
  logSoftmax: result(anAxis, (d, { shape, axis }) => ops.logSoftmax(d.uniform(shape, -5, 5), axis)),
  kthLargest: result(
    withAxis((shape, axis) => size(shape[axis]!)),
    (d, { shape, axis, extra: k }) => ops.kthLargest(d.grid(shape), k, axis),
  ),

  matMul: result(matrices, (d, { lead, m, k, n, transposeA, transposeB }) => {
    const a = d.uniform([...lead[0], ...(transposeA ? [k, m] : [m, k])]);
    const b = d.uniform([...lead[1], ...(transposeB ? [n, k] : [k, n])]);
    return ops.matMul(a, b, { transposeA, transposeB });
  }),
  conv2d: result(convolutions, (d, { x, weight, attributes }) =>
    make('conv2d', [d.uniform(x), d.parameter('weight', weight)], attributes),
  ),
  conv2dInputGrad: result(convolutions, (d, { x, weight, dy, attributes }) =>
    make('conv2dInputGrad', [d.parameter('weight', weight), d.uniform(dy)], { ...attributes, inputSize: pictureSize(x) }),
  ),
  conv2dWeightGrad: result(convolutions, (d, { x, weight, dy, attributes }) =>
    make('conv2dWeightGrad', [d.uniform(x), d.uniform(dy)], { ...attributes, kernel: pictureSize(weight) }),
  ),
  bias: result(anAxis, (d, { shape, axis }) => ops.bias(d.uniform(shape), d.parameter('b', [shape[axis]!]), axis)),

  batchMean: result(normalizable, (d, shape) => ops.batchMean(d.uniform(shape))),
  batchVariance: result(normalizable, (d, shape) => ops.batchVariance(d.uniform(shape))),
  batchNorm: result(normalizable, (d, shape) =>
    ops.batchNorm(d.uniform(shape), d.parameter('gamma', [shape[1]!]), d.parameter('beta', [shape[1]!]), 1e-3),
  ),
  batchNormInputGrad: result(normalizable, (d, shape) =>
    make('batchNormInputGrad', [d.uniform(shape), d.parameter('gamma', [shape[1]!]), d.uniform(shape)], { eps: 1e-3 }),
  ),
  /** dy follows x, so that sum(dy xhat) does not cancel: what is left of a sum that does is rounding. */
  batchNormScaleGrad: result(normalizable, (d, shape) => {
    const x = d.uniform(shape);
    return make('batchNormScaleGrad', [x, ops.add(x, d.uniform(shape, -0.5, 0.5))], { eps: 1e-3 });
  }),
  batchNormInference: result(normalizable, (d, shape) => {
    const c = [shape[1]!];
    const [gamma, beta, mean] = ['gamma', 'beta', 'mean'].map((name) => d.parameter(name, c));
    return ops.batchNormInference(d.uniform(shape), gamma!, beta!, mean!, d.parameter('variance', c, 0.2, 2), 1e-3);
  }),
  layerNorm: result(fc.tuple(shapes(0, 3), size(8, 4)), (d, [lead, c]) =>
    ops.layerNorm(d.uniform([...lead, c]), d.parameter('gamma', [c]), d.parameter('beta', [c]), 1e-3),
  ),
  l2Normalize: result(fc.tuple(anAxis, fc.constantFrom(1e-12, 3)), (d, [{ shape, axis }, eps]) =>
    ops.l2Normalize(d.uniform(shape, 0.1, 2), axis, eps),
  ),

  maxPool2d: result(pooling, (d, { x, attributes }) => make('maxPool2d', [d.grid(x)], attributes)),
  maxPool2dGrad: result(pooling, (d, { x: shape, y, attributes }) => {
    const x = d.grid(shape);
    return make('maxPool2dGrad', [x, make('maxPool2d', [x], attributes), d.uniform(y)], attributes);
  }),
  averagePool2d: result(fc.tuple(pooling, fc.boolean()), (d, [{ x, attributes }, countPadding]) =>
    make('averagePool2d', [d.uniform(x)], { ...attributes, countPadding }),
  ),
  averagePool2dGrad: result(fc.tuple(pooling, fc.boolean()), (d, [{ x, y, attributes }, countPadding]) =>
    make('averagePool2dGrad', [d.uniform(y)], { ...attributes, countPadding, inputSize: pictureSize(x) }),
  ),

  gather: result(fc.tuple(indexing, dtypes), (d, [{ shape, axis, extra: index }, dtype]) =>
    ops.gather(d.any(dtype, shape), d.indices(index, shape[axis]!), axis),
  ),
  scatterAdd: result(indexing, (d, { shape, axis, extra: index }) => {
    const updates = [...shape.slice(0, axis), ...index, ...shape.slice(axis + 1)];
    return make('scatterAdd', [d.uniform(updates), d.indices(index, shape[axis]!)], { axis, size: shape[axis]! });
  }),
  slice: result(fc.tuple(fc.array(fc.tuple(fc.nat(2), size(3), fc.nat(2)), { maxLength: 4 }), dtypes), (d, [axes, dtype]) => {
    const shape = axes.map(([before, n, after]) => before + n + after);
    return ops.slice(
      d.any(dtype, shape),
      axes.map(([before]) => before),
      axes.map(([, n]) => n),
    );
  }),
  pad: result(
    fc.tuple(fc.array(fc.tuple(fc.nat(2), size(3), fc.nat(2)), { maxLength: 4 }), dtypes, fc.constantFrom(0, 1)),
    (d, [axes, dtype, value]) => {
      const shape = axes.map(([, n]) => n);
      return ops.pad(
        d.any(dtype, shape),
        axes.map(([before]) => before),
        axes.map(([, , after]) => after),
        value,
      );
    },
  ),
  concat: result(
    fc.tuple(
      withAxis(() => fc.array(size(3), { minLength: 1, maxLength: 3 })),
      dtypes,
    ),
    (d, [{ shape, axis, extra }, dtype]) =>
      ops.concat(
        extra.map((n) => d.any(dtype, shape.with(axis, n))),
        axis,
      ),
  ),
  transpose: result(
    fc.tuple(
      shapes().chain((shape) =>
        fc.tuple(
          fc.constant(shape),
          fc.shuffledSubarray(
            shape.map((_, i) => i),
            { minLength: shape.length },
          ),
        ),
      ),
      dtypes,
    ),
    (d, [[shape, permutation], dtype]) => ops.transpose(d.any(dtype, shape), permutation),
  ),
  reshape: result(fc.tuple(shapes(), dtypes, fc.boolean()), (d, [shape, dtype, flat]) =>
    ops.reshape(d.any(dtype, shape), flat ? [-1] : [...shape, 1].toReversed()),
  ),
  broadcastTo: result(fc.tuple(broadcasting, shapes(0, 1), dtypes), (d, [[part, , whole], lead, dtype]) => {
    return ops.broadcastTo(d.any(dtype, part), [...lead, ...broadcastShapes(part, whole)]);
  }),
};
