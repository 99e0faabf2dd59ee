/** What cannot be built says which operation it was, from what, and on which line. */
import { describe, expect, it } from 'vitest';
import { GraphError, labelled } from '../../src/graph/index.js';
import { make, type Op, type Value } from '../../src/graph/ir.js';
import * as ops from '../../src/graph/ops.js';
import type { DType } from '../../src/tensor.js';

const x = (...shape: number[]) => ops.input('x', shape);
const whole = (...shape: number[]) => ops.input('i', shape, 'int32');
const bool = (...shape: number[]) => ops.input('b', shape, 'bool');
const unary = (op: Unary) => [() => make(op, [whole(2)], {}), 'input 0 must be float32, it is int32'] as const;
const apart = (op: Binary) =>
  [() => make(op, [x(2, 3), x(4)], {}), '[2, 3] and [4] do not broadcast (axis -1: 3 against 4)'] as const;
type Unary = 'neg' | 'exp' | 'log' | 'sqrt' | 'abs' | 'sign' | 'erf' | 'relu' | 'step' | 'gelu' | 'sigmoid' | 'tanh';
type Binary = 'add' | 'sub' | 'mul' | 'div' | 'maximum' | 'minimum';
const none = [0, 0, 0, 0] as const;
const window = { kernel: [3, 3], stride: [1, 1], padding: none } as const;
const convolution = { stride: [1, 1], padding: none, dilation: [1, 1], groups: 1 } as const;
const pooled = 'a window of 3 (dilation 1) does not fit into 2 + 0 padding';

type Misuse = readonly [build: () => Value, message: string];
/** A wrong use of every operation; null where there is none. */
const misuses: { readonly [K in Op]: Misuse | null } = {
  input: [() => ops.input('x', [-1]), 'the result would have shape [-1]'],
  parameter: [() => ops.parameter('w', [1.5], { kind: 'constant', value: 0 }), 'the result would have shape [1.5]'],
  constant: null,
  randomMask: [() => ops.dropout(x(2), 1, 'mask'), 'rate must be in [0, 1), it is 1'],
  neg: unary('neg'),
  exp: unary('exp'),
  log: unary('log'),
  sqrt: unary('sqrt'),
  abs: unary('abs'),
  sign: unary('sign'),
  erf: unary('erf'),
  relu: unary('relu'),
  step: unary('step'),
  gelu: unary('gelu'),
  sigmoid: unary('sigmoid'),
  tanh: unary('tanh'),
  clamp: [() => ops.clamp(x(2), 1, -1), 'min 1 is above max -1'],
  cast: null,
  stopGradient: null,
  add: apart('add'),
  sub: apart('sub'),
  mul: apart('mul'),
  div: apart('div'),
  maximum: apart('maximum'),
  minimum: apart('minimum'),
  compare: [() => ops.greater(x(2), whole(2)), 'the inputs differ in dtype: float32 and int32'],
  where: [() => ops.where(x(2), x(2), x(2)), 'the condition must be bool, it is float32'],
  sum: [() => ops.sum(x(2, 3), 2), 'axis 2 is outside [2, 3]'],
  mean: [() => ops.mean(x(2, 3), -3), 'axis -1 is outside [2, 3]'],
  max: [() => ops.max(bool(2)), 'input 0 must be float32, it is bool'],
  softmax: [() => ops.softmax(x()), 'axis -1 is outside []'],
  logSoftmax: [() => ops.logSoftmax(x(2), 1), 'axis 1 is outside [2]'],
  kthLargest: [() => ops.kthLargest(x(2, 3), 4), 'k must be in 1..3, it is 4'],
  matMul: [() => ops.matMul(x(2, 3), x(2, 3)), 'inner dimensions differ: [2, 3] x [2, 3]'],
  conv2d: [() => ops.conv2d(x(1, 4, 5, 5), x(6, 3, 3, 3)), 'weight [6, 3, 3, 3] with 1 group(s) takes 3 channels, x has 4'],
  conv2dInputGrad: [
    () => make('conv2dInputGrad', [x(6, 3, 3, 3), x(1, 6, 4, 4)], { ...convolution, inputSize: [5, 5] }),
    'dy must be [1, 6, 3, 3] for 6 filters over [1, 3, 5, 5], it is [1, 6, 4, 4]',
  ],
  conv2dWeightGrad: [
    () => make('conv2dWeightGrad', [x(1, 3, 5, 5), x(1, 6, 4, 4)], { ...convolution, kernel: [3, 3] }),
    'dy must be [1, 6, 3, 3] for weight [6, 3, 3, 3], it is [1, 6, 4, 4]',
  ],
  bias: [() => ops.bias(x(2, 3), x(2)), 'b must be [3], it is [2]'],
  batchMean: [() => ops.batchMean(x(2)), 'needs at least [batch, channels], got [2]'],
  batchVariance: [() => ops.batchVariance(x(2)), 'needs at least [batch, channels], got [2]'],
  batchNorm: [() => ops.batchNorm(x(1, 3), x(3), x(3)), '[1, 3] has one value per channel: nothing to normalize over'],
  batchNormInputGrad: [() => make('batchNormInputGrad', [x(2, 3), x(3), x(3, 2)], { eps: 0 }), 'dy must be [2, 3], it is [3, 2]'],
  batchNormScaleGrad: [() => make('batchNormScaleGrad', [x(2, 3), x(3, 2)], { eps: 0 }), 'dy must be [2, 3], it is [3, 2]'],
  batchNormInference: [() => ops.batchNormInference(x(2, 3), x(3), x(3), x(3), x(2)), 'variance must be [3], it is [2]'],
  layerNorm: [() => ops.layerNorm(x(2, 3), x(3), x(2)), 'beta must be [3], it is [2]'],
  l2Normalize: [() => ops.l2Normalize(x(2), 1), 'axis 1 is outside [2]'],
  maxPool2d: [() => ops.maxPool2d(x(1, 1, 2, 2), 3), pooled],
  maxPool2dGrad: [
    () => make('maxPool2dGrad', [x(1, 1, 3, 3), x(1, 1, 1, 1), x(1, 1, 2, 2)], window),
    'dy must be [1, 1, 1, 1], it is [1, 1, 2, 2]',
  ],
  averagePool2d: [
    () => ops.averagePool2d(x(1, 1, 9, 9), 3, { padding: 3 }),
    'padding [3,3,3,3] must be smaller than the kernel [3,3]',
  ],
  averagePool2dGrad: [
    () => make('averagePool2dGrad', [x(1, 1, 3, 3)], { ...window, countPadding: true, inputSize: [4, 4] }),
    'dy must be 2 x 2 for an input of 4 x 4, it is 3 x 3',
  ],
  gather: [() => ops.gather(x(3), x(2)), 'indices must be int32, they are float32'],
  scatterAdd: [() => make('scatterAdd', [x(2, 3), whole(3)], { axis: 0, size: 5 }), 'updates [2, 3] must hold [3] at axis 0'],
  slice: [() => ops.slice(x(2, 3), [0, 1], [2, 3]), '1..4 is outside axis 1 of [2, 3]'],
  pad: [() => ops.pad(x(2, 3), [1], [1]), 'needs one width per axis of [2, 3]'],
  concat: [() => ops.concat([x(2, 3), x(3, 3)], 1), '[3, 3] cannot follow [2, 3] along axis 1'],
  transpose: [() => ops.transpose(x(2, 3), [0, 0]), '[0,0] is no permutation of the axes of [2, 3]'],
  reshape: [() => ops.reshape(x(2, 3), [4, -1]), 'the result would have shape [4, 1.5]'],
  broadcastTo: [() => ops.broadcastTo(x(2, 3), [3]), '[2, 3] does not broadcast to [3]'],
};

describe('a wrong use names the operation, the inputs and the line', () => {
  for (const [op, misuse] of Object.entries(misuses))
    if (misuse)
      it(op, () => {
        const [build, message] = misuse;
        const inputs = /^(input|parameter|randomMask)$/.test(op) ? 'none' : '(input (float32|int32|bool)\\[.*\\])+';
        expect(build).toThrow(GraphError);
        expect(build).toThrow(`${op}: ${message}`);
        expect(build).toThrow(new RegExp(`\n  inputs: ${inputs}\n  built at .*test/graph/shape\\.test\\.ts:\\d+:\\d+`));
      });
});

describe('a message', () => {
  it('names the part of the network, and of its inputs', () => {
    const build = () => labelled('vision', () => labelled('layer1', () => ops.add(ops.relu(x(2)), x(3))));
    expect(build).toThrow(
      /^add in 'vision\/layer1': .*\n {2}inputs: relu 'vision\/layer1' float32\[2\], input 'vision\/layer1' float32\[3\]/,
    );
  });
  it('points past the library into the code that called it, also from within a loop', () => {
    const build = () => [1].map((n) => ops.sum(x(n), 3));
    expect(build).toThrow(/built at .*shape\.test\.ts/);
  });
});

describe('shapes and dtypes that follow', () => {
  it.each<[string, Value, number[], DType]>([
    ['broadcasting', ops.add(x(4, 1, 3), x(2, 1)), [4, 2, 3], 'float32'],
    ['a comparison', ops.greater(x(2), 0), [2], 'bool'],
    ['reduced axes', ops.sum(x(2, 3, 4), [0, -1]), [3], 'float32'],
    ['reduced axes that are kept', ops.max(x(2, 3, 4), [0, -1], true), [1, 3, 1], 'float32'],
    ['a product over a batch', ops.matMul(x(5, 1, 2, 3), x(4, 6, 3), { transposeB: true }), [5, 4, 2, 6], 'float32'],
    [
      'a strided, dilated convolution',
      ops.conv2d(x(2, 4, 9, 8), x(6, 2, 3, 3), { stride: 2, dilation: [2, 1], padding: [0, 1], groups: 2 }),
      [2, 6, 3, 4],
      'float32',
    ],
    ['a window whose stride defaults to its kernel', ops.averagePool2d(x(1, 2, 7, 6), [2, 3]), [1, 2, 3, 2], 'float32'],
    ['gathered integers', ops.gather(whole(4, 5), whole(2, 3), 1), [4, 2, 3], 'int32'],
    ['what is left over', ops.reshape(x(2, 3, 4), [4, -1]), [4, 6], 'float32'],
  ])('%s', (_, value, shape, dtype) => expect([value.shape, value.dtype]).toEqual([shape, dtype]));
});
