/** Reverse-mode differentiation, graph to graph: one rule per operation. */
import { int32, lowestFloat, sizeOf } from '../tensor.js';
import { make, type Op, onBehalfOf, type PoolAttributes, type RuleTable, topological, type Value } from './ir.js';
import * as ops from './ops.js';
import { misfit } from './shape.js';

/** From an operation's result and the gradient of it, the gradient of each input; null where there is none to speak of. */
type GradientRule<K extends Op> = (node: Value<K>, dy: Value) => readonly (Value | null)[];

const { add, sub, mul, div, neg, exp, sqrt, sum, mean, where, equal, greaterEqual, reshape, transpose, broadcastTo } = ops;

const square = (x: Value) => mul(x, x);
const axesBut = (x: Value, ...kept: number[]) => x.shape.map((_, i) => i).filter((i) => !kept.includes(i));
const keptDims = (x: Value, axes: readonly number[]) => x.shape.map((d, i) => (axes.includes(i) ? 1 : d));

/** Undoes broadcasting: sums what was repeated. */
function unbroadcast(dy: Value, x: Value): Value {
  const lead = dy.shape.length - x.shape.length;
  const repeated = dy.shape.map((_, i) => i).filter((i) => i < lead || (x.shape[i - lead] === 1 && dy.shape[i] !== 1));
  return repeated.length ? reshape(sum(dy, repeated), x.shape) : dy;
}
/** A reduction's result (or its gradient) as it was before the reduced axes were dropped. */
const unreduce = (y: Value, x: Value, axes: readonly number[]) => reshape(y, keptDims(x, axes));
/** Splits dy evenly among the elements of x that equal y; y and dy broadcast to x. */
function splitAmongTies(x: Value, y: Value, dy: Value, axes: readonly number[]): Value {
  const tied = equal(x, y);
  return where(tied, div(dy, sum(ops.cast(tied, 'float32'), axes, true)), 0);
}

/** A [C] vector so that it broadcasts along axis 1 of x. */
const alongChannels = (v: Value, x: Value) => reshape(v, [v.shape[0]!, ...x.shape.slice(2).map(() => 1)]);
const perChannel = (x: Value) => sizeOf(x.shape) / x.shape[1]!;
const channelSum = (x: Value) => sum(x, axesBut(x, 1));
const inverseStd = (variance: Value, eps: number) => div(1, sqrt(add(variance, eps)));
const centred = (x: Value, mean: Value) => sub(x, alongChannels(mean, x));
const standardized = (x: Value, eps: number) =>
  mul(centred(x, ops.batchMean(x)), alongChannels(inverseStd(ops.batchVariance(x), eps), x));

/** The windows of a picture padded with the lowest number: [B, C, H, W] -> [B, C, oh, kh, ow, kw]. */
function windows(x: Value, { kernel, stride, padding }: PoolAttributes, [oh, ow]: readonly number[]): Value {
  const taps = (out: number, k: number, s: number) =>
    ops.constant(
      int32(
        [out, k],
        Array.from({ length: out * k }, (_, i) => Math.floor(i / k) * s + (i % k)),
      ),
    );
  const padded = ops.pad(x, [0, 0, padding[0], padding[1]], [0, 0, padding[2], padding[3]], lowestFloat);
  return ops.gather(ops.gather(padded, taps(oh!, kernel[0], stride[0]), 2), taps(ow!, kernel[1], stride[1]), 4);
}

/** Differentiates an operation through a formula for it: for second derivatives, where speed does not matter. */
function through(node: Value, dy: Value, formula: (...inputs: Value[]) => Value): Value[] {
  // The same value may come in twice; each position needs a gradient of its own.
  const inputs = node.inputs.map((x) => reshape(x, x.shape));
  const found = gradients(new Map([[formula(...inputs), dy]]), inputs);
  return inputs.map((x) => found.get(x)!);
}

const none = () => [];

const rules: RuleTable<{ [K in Op]: GradientRule<K> }> = {
  input: none,
  parameter: none,
  constant: none,
  randomMask: none,

  neg: (_, dy) => [neg(dy)],
  exp: (y, dy) => [mul(dy, y)],
  log: ({ inputs: [x] }, dy) => [div(dy, x!)],
  sqrt: (y, dy) => [div(mul(dy, 0.5), y)],
  abs: ({ inputs: [x] }, dy) => [mul(dy, ops.sign(x!))], // 0 at 0
  sign: () => [null],
  erf: ({ inputs: [x] }, dy) => [mul(dy, mul(exp(neg(square(x!))), 2 / Math.sqrt(Math.PI)))],
  relu: (y, dy) => [mul(dy, ops.step(y))], // 0 at 0; step(y) = step(x), and y is kept for the next layer anyway
  step: () => [null],
  gelu: ({ inputs: [x] }, dy) => [mul(dy, add(normalDistribution(x!), mul(x!, normalDensity(x!))))],
  sigmoid: (y, dy) => [mul(dy, mul(y, sub(1, y)))],
  tanh: (y, dy) => [mul(dy, sub(1, square(y)))],
  clamp: (y, dy) => [where(equal(y, y.inputs[0]!), dy, 0)], // 1 at the bounds themselves, as in PyTorch
  cast: (_, dy) => [dy],
  stopGradient: () => [null],

  add: ({ inputs: [a, b] }, dy) => [unbroadcast(dy, a!), unbroadcast(dy, b!)],
  sub: ({ inputs: [a, b] }, dy) => [unbroadcast(dy, a!), unbroadcast(neg(dy), b!)],
  mul: ({ inputs: [a, b] }, dy) => [unbroadcast(mul(dy, b!), a!), unbroadcast(mul(dy, a!), b!)],
  div: (y, dy) => {
    const [a, b] = y.inputs as [Value, Value];
    return [unbroadcast(div(dy, b), a), unbroadcast(neg(mul(dy, div(y, b))), b)];
  },
  // On ties the first input receives the gradient.
  maximum: ({ inputs: [a, b] }, dy) => choose(greaterEqual(a!, b!), a!, b!, dy),
  minimum: ({ inputs: [a, b] }, dy) => choose(greaterEqual(b!, a!), a!, b!, dy),
  compare: () => [null, null],
  where: ({ inputs: [condition, a, b] }, dy) => [null, ...choose(condition!, a!, b!, dy)],

  sum: ({ inputs: [x], attributes: { axes } }, dy) => [broadcastTo(unreduce(dy, x!, axes), x!.shape)],
  mean: (y, dy) => {
    const [x] = y.inputs as [Value];
    const each = mul(dy, sizeOf(y.shape) / sizeOf(x.shape));
    return [broadcastTo(unreduce(each, x, y.attributes.axes), x.shape)];
  },
  max: (y, dy) => {
    const [x] = y.inputs as [Value];
    const { axes } = y.attributes;
    return [splitAmongTies(x, unreduce(y, x, axes), unreduce(dy, x, axes), axes)];
  },
  softmax: (y, dy) => [mul(y, sub(dy, sum(mul(dy, y), y.attributes.axis, true)))],
  logSoftmax: (y, dy) => [sub(dy, mul(exp(y), sum(dy, y.attributes.axis, true)))],
  kthLargest: (y, dy) => [splitAmongTies(y.inputs[0]!, y, dy, [y.attributes.axis])],

  matMul: ({ inputs, attributes: { transposeA: ta, transposeB: tb } }, dy) => {
    const [a, b] = inputs as [Value, Value];
    const da = ta ? ops.matMul(b, dy, { transposeA: tb, transposeB: true }) : ops.matMul(dy, b, { transposeB: !tb });
    // One matrix shared by a batch of products: one product over all the rows instead of a batch of them and a sum.
    const shared = b.shape.length === 2 && !ta;
    const rows = (v: Value) => (shared && v.shape.length > 2 ? reshape(v, [-1, v.shape.at(-1)!]) : v);
    const [x, d] = [rows(a), rows(dy)];
    const db = tb ? ops.matMul(d, x, { transposeA: true, transposeB: ta }) : ops.matMul(x, d, { transposeA: !ta });
    return [unbroadcast(da, a), unbroadcast(db, b)];
  },
  // Convolution is bilinear: with two of x, weight and dy given, the third is one of these three operations.
  conv2d: ({ inputs: [x, weight], attributes }, dy) => [
    make('conv2dInputGrad', [weight!, dy], { ...attributes, inputSize: [x!.shape[2]!, x!.shape[3]!] }),
    make('conv2dWeightGrad', [x!, dy], { ...attributes, kernel: [weight!.shape[2]!, weight!.shape[3]!] }),
  ],
  conv2dInputGrad: ({ inputs: [weight, dy], attributes: { inputSize: _, ...attributes } }, x) => [
    make('conv2dWeightGrad', [x, dy!], { ...attributes, kernel: [weight!.shape[2]!, weight!.shape[3]!] }),
    make('conv2d', [x, weight!], attributes),
  ],
  conv2dWeightGrad: ({ inputs: [x, dy], attributes: { kernel: _, ...attributes } }, weight) => [
    make('conv2dInputGrad', [weight, dy!], { ...attributes, inputSize: [x!.shape[2]!, x!.shape[3]!] }),
    make('conv2d', [x!, weight], attributes),
  ],
  bias: (y, dy) => [dy, sum(dy, axesBut(y, y.attributes.axis))],

  batchMean: ({ inputs: [x] }, dy) => [broadcastTo(alongChannels(mul(dy, 1 / perChannel(x!)), x!), x!.shape)],
  batchVariance: ({ inputs: [x] }, dy) => [mul(centred(x!, ops.batchMean(x!)), alongChannels(mul(dy, 2 / perChannel(x!)), x!))],
  batchNorm: ({ inputs: [x, gamma], attributes }, dy) => [
    make('batchNormInputGrad', [x!, gamma!, dy], attributes),
    make('batchNormScaleGrad', [x!, dy], attributes),
    channelSum(dy),
  ],
  batchNormInputGrad: (node, d) =>
    through(node, d, (x, gamma, dy) => {
      const { eps } = node.attributes;
      const z = standardized(x!, eps);
      const inner = sub(sub(dy!, mean(dy!, axesBut(dy!, 1), true)), mul(z, mean(mul(dy!, z), axesBut(dy!, 1), true)));
      return mul(inner, alongChannels(mul(gamma!, inverseStd(ops.batchVariance(x!), eps)), x!));
    }),
  batchNormScaleGrad: (node, d) => through(node, d, (x, dy) => channelSum(mul(dy!, standardized(x!, node.attributes.eps)))),
  batchNormInference: ({ inputs, attributes: { eps } }, dy) => {
    const [x, gamma, , mean, variance] = inputs as [Value, Value, Value, Value, Value];
    const r = inverseStd(variance, eps);
    const scale = mul(gamma, r);
    const dGamma = mul(channelSum(mul(dy, centred(x, mean))), r);
    const dBeta = channelSum(dy);
    const dVariance = mul(mul(dGamma, gamma), mul(square(r), -0.5));
    return [mul(dy, alongChannels(scale, x)), dGamma, dBeta, neg(mul(dBeta, scale)), dVariance];
  },
  layerNorm: ({ inputs, attributes: { eps } }, dy) => {
    const [x, gamma] = inputs as [Value, Value, Value];
    const overLast = (v: Value) => mean(v, -1, true);
    const centre = sub(x, overLast(x));
    const r = inverseStd(overLast(square(centre)), eps);
    const z = mul(centre, r);
    const d = mul(dy, gamma);
    const rows = axesBut(x, x.shape.length - 1);
    return [mul(r, sub(sub(d, overLast(d)), mul(z, overLast(mul(d, z))))), sum(mul(dy, z), rows), sum(dy, rows)];
  },
  l2Normalize: (y, dy) => {
    const [x] = y.inputs as [Value];
    const { axis, eps } = y.attributes;
    const norm = sqrt(sum(square(x), axis, true));
    const radial = mul(y, sum(mul(dy, y), axis, true));
    // Below eps the operation is a plain division by eps.
    return [div(sub(dy, where(greaterEqual(norm, eps), radial, 0)), ops.maximum(norm, eps))];
  },

  maxPool2d: (y, dy) => [make('maxPool2dGrad', [y.inputs[0]!, y, dy], y.attributes)],
  // Piecewise constant in x and y, linear in dy: each window averages what lies on its maxima.
  maxPool2dGrad: ({ inputs: [x, y], attributes }, d) => {
    const size = y!.shape.slice(2);
    const [b, c, oh, ow] = y!.shape as [number, number, number, number];
    const tied = equal(windows(x!, attributes, size), reshape(y!, [b, c, oh, 1, ow, 1]));
    const count = sum(ops.cast(tied, 'float32'), [3, 5]);
    return [null, null, div(sum(where(tied, windows(d, attributes, size), 0), [3, 5]), count)];
  },
  averagePool2d: ({ inputs: [x], attributes }, dy) => [
    make('averagePool2dGrad', [dy], { ...attributes, inputSize: [x!.shape[2]!, x!.shape[3]!] }),
  ],
  averagePool2dGrad: ({ attributes: { inputSize: _, ...attributes } }, d) => [make('averagePool2d', [d], attributes)],

  gather: ({ inputs: [x, index], attributes: { axis } }, dy) => [
    make('scatterAdd', [dy, index!], { axis, size: x!.shape[axis]! }),
    null,
  ],
  scatterAdd: ({ inputs: [, index], attributes: { axis } }, dy) => [ops.gather(dy, index!, axis), null],
  slice: ({ inputs: [x], attributes: { starts, sizes } }, dy) => {
    const after = x!.shape.map((d, i) => d - starts[i]! - sizes[i]!);
    return [ops.pad(dy, starts, after)];
  },
  pad: ({ inputs: [x], attributes: { before } }, dy) => [ops.slice(dy, before, x!.shape)],
  concat: ({ inputs, attributes: { axis } }, dy) => {
    let start = 0;
    return inputs.map((x) => {
      const starts = x.shape.map((_, i) => (i === axis ? start : 0));
      start += x.shape[axis]!;
      return ops.slice(dy, starts, x.shape);
    });
  },
  transpose: ({ attributes: { permutation } }, dy) => [
    transpose(
      dy,
      permutation.map((_, i) => permutation.indexOf(i)),
    ),
  ],
  reshape: ({ inputs: [x] }, dy) => [reshape(dy, x!.shape)],
  broadcastTo: ({ inputs: [x] }, dy) => [unbroadcast(dy, x!)],
};

/** Phi(x) and phi(x) of the standard normal distribution. */
const normalDistribution = (x: Value) => mul(add(ops.erf(mul(x, Math.SQRT1_2)), 1), 0.5);
const normalDensity = (x: Value) => mul(exp(mul(square(x), -0.5)), 1 / Math.sqrt(2 * Math.PI));

/** dy to a where the condition holds, to b elsewhere. */
const choose = (condition: Value, a: Value, b: Value, dy: Value): [Value, Value] => [
  unbroadcast(where(condition, dy, 0), a),
  unbroadcast(where(condition, 0, dy), b),
];

const differentiate = <K extends Op>(node: Value<K>, dy: Value) => rules[node.op](node, dy);

/**
 * The gradient of a loss with respect to each of `wrt`, as values of the same shapes.
 *
 * `of` is a scalar loss; or, where the loss lies elsewhere (gradient caching), the gradient of that loss with respect to each of
 * some values: the result is then sum over them of J^T given. A value of `wrt` that the loss does not depend on gets zeros.
 * Throws GraphError when the loss is no scalar, a given gradient does not fit its value, or a value is not float32.
 */
export function gradients(of: Value | ReadonlyMap<Value, Value>, wrt: readonly Value[]): Map<Value, Value> {
  const found = new Map<Value, Value>(of instanceof Map ? of : [[of as Value, seed(of as Value)]]);
  for (const [y, dy] of found)
    if (dy.shape.join() !== y.shape.join())
      throw misfit('gradients', `a given gradient must have its value's shape [${y.shape.join(', ')}]`, [y, dy]);
  for (const x of wrt) if (x.dtype !== 'float32') throw misfit('gradients', 'only float32 values have a gradient', [x]);

  const order = topological(found.keys());
  const needed = new Set<Value>(wrt);
  for (const node of order) if (node.dtype === 'float32' && node.inputs.some((x) => needed.has(x))) needed.add(node);

  for (const node of order.toReversed()) {
    const dy = found.get(node);
    if (!dy || !needed.has(node)) continue;
    onBehalfOf(node, 'grad', () => {
      differentiate(node, dy).forEach((dx, i) => {
        const x = node.inputs[i]!;
        if (!dx || !needed.has(x)) return;
        const before = found.get(x);
        found.set(x, before ? add(before, dx) : dx);
      });
    });
  }
  return new Map(wrt.map((x) => [x, found.get(x) ?? onBehalfOf(x, 'grad', () => broadcastTo(ops.scalar(0), x.shape))]));
}

function seed(loss: Value): Value {
  if (loss.shape.length !== 0)
    throw misfit('gradients', 'the loss must be a scalar; sum it, or give the gradient of each output', [loss]);
  return onBehalfOf(loss, 'grad', () => ops.scalar(1));
}
