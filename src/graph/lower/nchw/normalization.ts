/** Batch normalization and its gradients from standard ONNX operations; statistics run over every axis but 1, in two passes. */
import type { Value } from '../../ir.js';
import type { OnnxBuilder } from '../../onnx/builder.js';
import type { NchwRule } from './rule.js';

const statisticsAxes = (x: Value) => x.shape.map((_, i) => i).filter((i) => i !== 1);
const reduceOver = (op: 'ReduceMean' | 'ReduceSum', value: string, x: Value, keepDims: 0 | 1, b: OnnxBuilder) =>
  b.op(op, [value, b.ints(statisticsAxes(x))], { keepdims: keepDims });

/** [C] shaped so that it broadcasts along axis 1 of x. */
const alongChannels = (vector: string, x: Value, b: OnnxBuilder) =>
  x.shape.length === 2 ? vector : b.op('Reshape', [vector, b.ints([-1, ...x.shape.slice(2).map(() => 1)])]);

const centred = (x: string, value: Value, b: OnnxBuilder) => b.op('Sub', [x, reduceOver('ReduceMean', x, value, 1, b)]);
const square = (x: string, b: OnnxBuilder) => b.op('Mul', [x, x]);

/** x - mean and 1 / sqrt(variance + eps), the mean taken off before squaring: E[x^2] - mean^2 loses everything when mean >> std. */
function standardizing(x: string, value: Value, eps: number, b: OnnxBuilder): { deviation: string; inverseStd: string } {
  const deviation = centred(x, value, b);
  const variance = reduceOver('ReduceMean', square(deviation, b), value, 1, b);
  return { deviation, inverseStd: b.op('Reciprocal', [b.op('Sqrt', [b.op('Add', [variance, b.scalar(eps)])])]) };
}

export const batchMean: NchwRule<'batchMean'> = ({ inputs: [value] }, [x], b) => reduceOver('ReduceMean', x!, value!, 0, b);

export const batchVariance: NchwRule<'batchVariance'> = ({ inputs: [value] }, [x], b) =>
  reduceOver('ReduceMean', square(centred(x!, value!, b), b), value!, 0, b);

export const batchNorm: NchwRule<'batchNorm'> = ({ attributes: { eps }, inputs: [value] }, [x, gamma, beta], b) => {
  const { deviation, inverseStd } = standardizing(x!, value!, eps, b);
  const scale = b.op('Mul', [inverseStd, alongChannels(gamma!, value!, b)]);
  return b.op('Add', [b.op('Mul', [deviation, scale]), alongChannels(beta!, value!, b)]);
};

/** dx = gamma / std * (dy - mean(dy) - xhat mean(dy xhat)), xhat = (x - mean) / std */
export const batchNormInputGrad: NchwRule<'batchNormInputGrad'> = (
  { attributes: { eps }, inputs: [value] },
  [x, gamma, dy],
  b,
) => {
  const { deviation, inverseStd } = standardizing(x!, value!, eps, b);
  const xhat = b.op('Mul', [deviation, inverseStd]);
  const projection = b.op('Mul', [xhat, reduceOver('ReduceMean', b.op('Mul', [dy!, xhat]), value!, 1, b)]);
  const scale = b.op('Mul', [inverseStd, alongChannels(gamma!, value!, b)]);
  return b.op('Mul', [b.op('Sub', [centred(dy!, value!, b), projection]), scale]);
};

/** dgamma = sum(dy xhat) */
export const batchNormScaleGrad: NchwRule<'batchNormScaleGrad'> = ({ attributes: { eps }, inputs: [value] }, [x, dy], b) => {
  const { deviation, inverseStd } = standardizing(x!, value!, eps, b);
  return reduceOver('ReduceSum', b.op('Mul', [dy!, b.op('Mul', [deviation, inverseStd])]), value!, 0, b);
};

export const batchNormInference: NchwRule<'batchNormInference'> = ({ attributes: { eps } }, inputs, b) =>
  b.op('BatchNormalization', inputs, { epsilon: { float: eps } });
