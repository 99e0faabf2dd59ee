/** Reductions, and what normalizes over an axis or a channel. */
import { sizeOf, stridesOf } from '../../tensor.js';
import type { Op, ReduceAttributes } from '../ir.js';
import { broadcastOffsets, type Dense, lanes, offsets, type Rule } from './dense.js';

/** Folds every element into the element of the result it belongs to. */
function fold(x: Dense, { axes }: Pick<ReduceAttributes, 'axes'>, start: number, f: (accumulated: number, v: number) => number) {
  const kept = x.shape.map((d, i) => (axes.includes(i) ? 1 : d));
  const out = new Float64Array(sizeOf(kept)).fill(start);
  const target = broadcastOffsets(kept, x.shape);
  x.data.forEach((v, i) => {
    out[target[i]!] = f(out[target[i]!]!, v);
  });
  return out;
}
const plus = (a: number, b: number) => a + b;

/** Applies `f` to each lane of numbers along an axis; the lane it returns may be shorter. */
function mapLanes(x: Dense, axis: number, length: number, f: (lane: Float64Array) => ArrayLike<number>): Float64Array {
  const from = lanes(x.shape, axis);
  const to = lanes(x.shape.with(axis, length), axis);
  const out = new Float64Array(from.starts.length * length);
  from.starts.forEach((start, i) => {
    const lane = Float64Array.from({ length: from.size }, (_, j) => x.data[start + j * from.stride]!);
    const result = f(lane);
    for (let j = 0; j < length; j++) out[to.starts[i]! + j * to.stride] = result[j]!;
  });
  return out;
}

function logSoftmax(lane: Float64Array): Float64Array {
  const largest = Math.max(...lane);
  const logSum = Math.log(lane.reduce((sum, v) => sum + Math.exp(v - largest), 0));
  return lane.map((v) => v - largest - logSum);
}

const allButChannels = (x: Dense) => ({ axes: x.shape.map((_, i) => i).filter((i) => i !== 1) });
const perChannel = (x: Dense) => sizeOf(x.shape) / x.shape[1]!;
/** For every element of x: its channel. */
const channels = (x: Dense) =>
  offsets(
    x.shape,
    x.shape.map((_, i) => (i === 1 ? 1 : 0)),
  );

function statistics(x: Dense) {
  const mean = fold(x, allButChannels(x), 0, plus).map((sum) => sum / perChannel(x));
  const channel = channels(x);
  const squares = { shape: x.shape, data: x.data.map((v, i) => (v - mean[channel[i]!]!) ** 2) };
  return { mean, variance: fold(squares, allButChannels(x), 0, plus).map((sum) => sum / perChannel(x)) };
}

/** (x - mean) / sqrt(variance + eps), per channel. */
function standardize(x: Dense, mean: Float64Array, variance: Float64Array, eps: number): Float64Array {
  const channel = channels(x);
  return x.data.map((v, i) => (v - mean[channel[i]!]!) / Math.sqrt(variance[channel[i]!]! + eps));
}

function batchStandardized(x: Dense, eps: number) {
  const { mean, variance } = statistics(x);
  return { standardized: standardize(x, mean, variance, eps), variance };
}

/** y * gamma + beta, per element of the given axis. */
function affine(y: Dense, axis: number, gamma: Float64Array, beta: Float64Array): Float64Array {
  const stride = stridesOf(y.shape)[axis]!;
  const along = (i: number) => Math.floor(i / stride) % y.shape[axis]!;
  return y.data.map((v, i) => v * gamma[along(i)]! + beta[along(i)]!);
}

export const reductions = {
  sum: ([x], { attributes }) => fold(x!, attributes, 0, plus),
  mean: ([x], { attributes, shape }) => fold(x!, attributes, 0, plus).map((sum) => (sum * sizeOf(shape)) / sizeOf(x!.shape)),
  max: ([x], { attributes }) => fold(x!, attributes, -Infinity, Math.max),
  softmax: ([x], { attributes: { axis } }) => mapLanes(x!, axis, x!.shape[axis]!, (lane) => logSoftmax(lane).map(Math.exp)),
  logSoftmax: ([x], { attributes: { axis } }) => mapLanes(x!, axis, x!.shape[axis]!, logSoftmax),
  kthLargest: ([x], { attributes: { axis, k } }) => mapLanes(x!, axis, 1, (lane) => [lane.toSorted().at(-k)!]),
  bias: ([x, b], { attributes: { axis } }) => affine(x!, axis, new Float64Array(x!.shape[axis]!).fill(1), b!.data),
  batchMean: ([x]) => statistics(x!).mean,
  batchVariance: ([x]) => statistics(x!).variance,
  batchNorm: ([x, gamma, beta], { attributes: { eps }, shape }) =>
    affine({ shape, data: batchStandardized(x!, eps).standardized }, 1, gamma!.data, beta!.data),
  // With z the standardized x and m the mean over a channel: gamma / sqrt(variance + eps) * (dy - m(dy) - z m(dy z)).
  batchNormInputGrad: ([x, gamma, dy], { attributes: { eps } }) => {
    const { standardized, variance } = batchStandardized(x!, eps);
    const channel = channels(x!);
    const products = { shape: x!.shape, data: dy!.data.map((d, i) => d * standardized[i]!) };
    const meanOf = (v: Dense) => fold(v, allButChannels(v), 0, plus).map((sum) => sum / perChannel(v));
    const [meanDy, meanProduct] = [meanOf(dy!), meanOf(products)];
    return dy!.data.map((d, i) => {
      const c = channel[i]!;
      return (gamma!.data[c]! / Math.sqrt(variance[c]! + eps)) * (d - meanDy[c]! - standardized[i]! * meanProduct[c]!);
    });
  },
  batchNormScaleGrad: ([x, dy], { attributes: { eps } }) => {
    const { standardized } = batchStandardized(x!, eps);
    return fold({ shape: x!.shape, data: dy!.data.map((d, i) => d * standardized[i]!) }, allButChannels(x!), 0, plus);
  },
  batchNormInference: ([x, gamma, beta, mean, variance], { attributes: { eps }, shape }) =>
    affine({ shape, data: standardize(x!, mean!.data, variance!.data, eps) }, 1, gamma!.data, beta!.data),
  layerNorm: ([x, gamma, beta], { attributes: { eps }, shape }) => {
    const last = shape.length - 1;
    const standardized = mapLanes(x!, last, shape[last]!, (lane) => {
      const mean = lane.reduce(plus, 0) / lane.length;
      const variance = lane.reduce((sum, v) => sum + (v - mean) ** 2, 0) / lane.length;
      return lane.map((v) => (v - mean) / Math.sqrt(variance + eps));
    });
    return affine({ shape, data: standardized }, last, gamma!.data, beta!.data);
  },
  l2Normalize: ([x], { attributes: { axis, eps } }) =>
    mapLanes(x!, axis, x!.shape[axis]!, (lane) => {
      const norm = Math.sqrt(lane.reduce((sum, v) => sum + v * v, 0));
      return lane.map((v) => v / Math.max(norm, eps));
    }),
} satisfies { [K in Op]?: Rule<K> };
