/** What the interpreter computes, against closed forms, by-hand examples and PyTorch. */
import { describe, expect, it } from 'vitest';
import { gradients, input, interpret, parameter } from '../../src/graph/index.js';
import { type Attributes, make, type Op, type Value } from '../../src/graph/ir.js';
import * as ops from '../../src/graph/ops.js';
import { float32, int32, tensor } from '../../src/tensor.js';
import { expectClose, golden, type Plain } from './golden.js';

const { vector } = ops;
const matrix = (...rows: number[][]) => ops.constant(float32([rows.length, rows[0]!.length], rows.flat()));
const picture = (...rows: number[][]) => ops.reshape(matrix(...rows), [1, 1, rows.length, rows[0]!.length]);
const rising = (...shape: number[]) =>
  ops.constant(
    float32(
      shape,
      Array.from({ length: shape.reduce((a, b) => a * b, 1) }, (_, i) => i),
    ),
  );
const bool = (...values: number[]) => ops.constant(tensor('bool', [values.length], Uint8Array.from(values)));
const window = { kernel: [2, 2], stride: [1, 1], padding: [0, 0, 0, 0] } as const;
const convolution = { stride: [1, 1], padding: [0, 0, 0, 0], dilation: [1, 1], groups: 1 } as const;
const { PI, E, SQRT2, log, sqrt, tanh, exp } = Math;

/** An example or two of every operation that can be checked by hand: [value, its elements]. */
const facts: { readonly [K in Op]: readonly (readonly [Value, readonly number[]])[] } = {
  input: [[input('x', [2]), [5, 7]]],
  parameter: [[parameter('w', [1], { kind: 'constant', value: 0 }), [11]]],
  constant: [[ops.indices([2], [3, -4]), [3, -4]]],
  randomMask: [[ops.dropout(vector([3, 4]), 0.5, 'mask'), [0, 8]]],
  neg: [[ops.neg(vector([1, -2])), [-1, 2]]],
  exp: [[ops.exp(vector([0, 1, -1])), [1, E, 1 / E]]],
  log: [[ops.log(vector([1, 2])), [0, log(2)]]],
  sqrt: [[ops.sqrt(vector([0, 2])), [0, SQRT2]]],
  abs: [[ops.abs(vector([-3, 0, 3])), [3, 0, 3]]],
  sign: [[ops.sign(vector([-3, 0, 3])), [-1, 0, 1]]],
  // Abramowitz and Stegun, table 7.1; beyond 6 it is 1 to the last digit.
  erf: [[ops.erf(vector([0, 0.5, -1, 2, 7])), [0, 0.5204998778130465, -0.8427007929497149, 0.9953222650189527, 1]]],
  relu: [[ops.relu(vector([-3, 0, 3])), [0, 0, 3]]],
  step: [[ops.step(vector([-3, 0, 3])), [0, 0, 1]]],
  gelu: [[ops.gelu(vector([0, 1, -1])), [0, 0.8413447460685429, -0.15865525393145707]]],
  sigmoid: [[ops.sigmoid(vector([0, 1])), [0.5, 1 / (1 + exp(-1))]]],
  tanh: [[ops.tanh(vector([0, 1])), [0, tanh(1)]]],
  clamp: [[ops.clamp(vector([-3, 0, 3]), -1, 2), [-1, 0, 2]]],
  cast: [
    [ops.cast(vector([-1.7, 0, 1.7]), 'int32'), [-1, 0, 1]],
    [ops.cast(vector([-1.7, 0, 0.2]), 'bool'), [1, 0, 1]],
    [ops.cast(bool(0, 1), 'float32'), [0, 1]],
  ],
  stopGradient: [[ops.stopGradient(vector([2])), [2]]],
  add: [[ops.add(matrix([1], [2]), vector([10, 20])), [11, 21, 12, 22]]],
  sub: [[ops.sub(matrix([1], [2]), vector([10, 20])), [-9, -19, -8, -18]]],
  mul: [[ops.mul(3, vector([10, 20])), [30, 60]]],
  div: [[ops.div(vector([1, 2]), matrix([2], [4])), [0.5, 1, 0.25, 0.5]]],
  maximum: [[ops.maximum(vector([1, 5]), 3), [3, 5]]],
  minimum: [[ops.minimum(vector([1, 5]), 3), [1, 3]]],
  compare: [
    [ops.greater(vector([1, 2, 3]), 2), [0, 0, 1]],
    [ops.greaterEqual(vector([1, 2, 3]), 2), [0, 1, 1]],
    [ops.equal(vector([1, 2, 3]), 2), [0, 1, 0]],
  ],
  where: [[ops.where(bool(1, 0), matrix([1, 2], [3, 4]), 9), [1, 9, 3, 9]]],
  sum: [
    [ops.sum(rising(2, 3)), [15]],
    [ops.sum(rising(2, 3), 0), [3, 5, 7]],
    [ops.sum(rising(2, 2, 2), [0, 2]), [10, 18]],
  ],
  mean: [[ops.mean(rising(2, 3), -1), [1, 4]]],
  max: [[ops.max(matrix([1, 5], [-2, -1]), 1), [5, -1]]],
  softmax: [
    [ops.softmax(vector([0, log(3)])), [0.25, 0.75]],
    [ops.softmax(vector([1000, -1000])), [1, 0]],
  ],
  logSoftmax: [[ops.logSoftmax(vector([0, log(3)])), [log(1 / 4), log(3 / 4)]]],
  kthLargest: [[ops.kthLargest(matrix([3, 1, 2], [10, 9, 9]), 2), [2, 9]]],
  matMul: [
    [ops.matMul(matrix([1, 2], [3, 4]), matrix([5, 6], [7, 8])), [19, 22, 43, 50]],
    [ops.matMul(matrix([1, 3], [2, 4]), matrix([5, 6], [7, 8]), { transposeA: true }), [19, 22, 43, 50]],
    [ops.matMul(matrix([1, 2], [3, 4]), matrix([5, 7], [6, 8]), { transposeB: true }), [19, 22, 43, 50]],
  ],
  conv2d: [[ops.conv2d(picture([1, 2, 3], [4, 5, 6]), picture([1, 10]), { padding: [0, 0, 0, 1] }), [21, 32, 3, 54, 65, 6]]],
  conv2dInputGrad: [
    [make('conv2dInputGrad', [picture([1, 10]), picture([1, 2])], { ...convolution, inputSize: [1, 3] }), [1, 12, 20]],
  ],
  conv2dWeightGrad: [
    [make('conv2dWeightGrad', [picture([1, 2, 3]), picture([1, 10])], { ...convolution, kernel: [1, 2] }), [21, 32]],
  ],
  bias: [[ops.bias(rising(2, 2), vector([10, 20])), [10, 21, 12, 23]]],
  batchMean: [[ops.batchMean(rising(2, 2, 2)), [2.5, 4.5]]],
  batchVariance: [[ops.batchVariance(rising(2, 2, 2)), [4.25, 4.25]]],
  batchNorm: [[ops.batchNorm(matrix([1, 5], [3, 9]), vector([1, 2]), vector([0, 10]), 0), [-1, 8, 1, 12]]],
  // Two values of a channel are standardized to -1 and 1 whatever they are.
  batchNormInputGrad: [[make('batchNormInputGrad', [matrix([1], [3]), vector([1]), matrix([1], [5])], { eps: 0 }), [0, 0]]],
  batchNormScaleGrad: [[make('batchNormScaleGrad', [matrix([1], [3]), matrix([1], [5])], { eps: 0 }), [4]]],
  batchNormInference: [
    [
      ops.batchNormInference(matrix([4, 8]), vector([3, 1]), vector([1, 0]), vector([2, 4]), vector([4, 15]), 1),
      [1 + 6 / sqrt(5), 1],
    ],
  ],
  layerNorm: [[ops.layerNorm(matrix([1, 3], [2, 10]), vector([1, 2]), vector([0, 10]), 0), [-1, 12, -1, 12]]],
  l2Normalize: [
    [ops.l2Normalize(matrix([3, 4], [0, 0])), [0.6, 0.8, 0, 0]],
    [ops.l2Normalize(vector([3, 4]), 0, 10), [0.3, 0.4]],
  ],
  maxPool2d: [[ops.maxPool2d(picture([1, 2, 3], [6, 5, 4]), [2, 2], { stride: 1 }), [6, 5]]],
  maxPool2dGrad: [
    [
      make('maxPool2dGrad', [picture([1, 2, 2], [0, 2, 1]), picture([2, 2]), picture([1, 10])], window),
      [0, 0.5 + 10 / 3, 10 / 3, 0, 0.5 + 10 / 3, 0],
    ],
  ],
  averagePool2d: [
    [ops.averagePool2d(picture([1, 2], [3, 4]), 2, { padding: [0, 0, 0, 1], stride: 1 }), [2.5, 1.5]],
    [ops.averagePool2d(picture([1, 2], [3, 4]), 2, { padding: [0, 0, 0, 1], stride: 1, countPadding: false }), [2.5, 3]],
  ],
  averagePool2dGrad: [
    [make('averagePool2dGrad', [picture([4, 8])], { ...window, countPadding: true, inputSize: [2, 3] }), [1, 3, 2, 1, 3, 2]],
  ],
  gather: [
    [ops.gather(rising(3, 2), ops.indices([2], [2, 0])), [4, 5, 0, 1]],
    [ops.gather(rising(2, 2), ops.indices([1, 3], [1, 1, 0]), 1), [1, 1, 0, 3, 3, 2]],
  ],
  scatterAdd: [[make('scatterAdd', [rising(3, 2), ops.indices([3], [2, 0, 2])], { axis: 0, size: 3 }), [2, 3, 0, 0, 4, 6]]],
  slice: [[ops.slice(rising(3, 3), [1, 0], [2, 2]), [3, 4, 6, 7]]],
  pad: [[ops.pad(vector([1, 2]), [1], [2], 7), [7, 1, 2, 7, 7]]],
  concat: [[ops.concat([rising(2, 1), matrix([5, 6], [7, 8])], 1), [0, 5, 6, 1, 7, 8]]],
  transpose: [[ops.transpose(rising(1, 2, 3), [2, 0, 1]), [0, 3, 1, 4, 2, 5]]],
  reshape: [[ops.reshape(rising(2, 3), [3, -1]), [0, 1, 2, 3, 4, 5]]],
  broadcastTo: [[ops.broadcastTo(matrix([1], [2]), [2, 2, 2]), [1, 1, 2, 2, 1, 1, 2, 2]]],
};

describe('the interpreter computes by-hand examples of every operation', () => {
  for (const [op, examples] of Object.entries(facts))
    it.each(examples)(op, (value, expected) => {
      const { y } = interpret(
        { outputs: { y: value } },
        { x: float32([2], [5, 7]) },
        { w: float32([1], [11]) },
        { mask: float32([2], [0, 2]) },
      );
      expect(y!.shape).toEqual(value.shape);
      expectClose(y!, { shape: [...value.shape], data: [...expected] }, 1e-7);
    });
});

interface GoldenOperation {
  op: Op;
  attributes: Attributes[Op];
  inputs: Plain[];
  output: Plain;
  dy: Plain;
  gradients: Plain[];
}

describe('the interpreter and the gradients agree with PyTorch', () => {
  it.each(golden<GoldenOperation[]>('operations'))('$op $attributes', (example) => {
    const inputs = example.inputs.map(({ shape }, i) => input(`x${i}`, shape));
    const dy = input('dy', example.dy.shape);
    const y = make(example.op, inputs, example.attributes);
    const found = gradients(new Map([[y, dy]]), inputs);
    const outputs = { y, ...Object.fromEntries(inputs.map((x, i) => [`d${i}`, found.get(x)!])) };
    const feeds = { dy: example.dy, ...Object.fromEntries(example.inputs.map((x, i) => [`x${i}`, x])) };
    const values = interpret({ outputs }, feeds);
    expectClose(values.y!, example.output, 1e-10);
    // The gradients hold constants such as 2 / n, which are float32.
    example.gradients.forEach((g, i) => expectClose(values[`d${i}`]!, g, 2e-7));
  });
});

describe('interpret', () => {
  const x = input('x', [2]);
  it('computes in float64', () => {
    const { y } = interpret({ outputs: { y: ops.mul(x, x) } }, { x: { shape: [2], data: [1 / 3, PI] } });
    expect([...y!.data]).toEqual([(1 / 3) ** 2, PI ** 2]);
  });
  it('takes and gives int32 and bool as numbers', () => {
    const i = input('i', [3], 'int32');
    expect([...interpret({ outputs: { y: ops.equal(i, i) } }, { i: int32([3], [1, 2, 3]) }).y!.data]).toEqual([1, 1, 1]);
  });
  it('names what is missing and what does not fit', () => {
    expect(() => interpret({ outputs: { x } }, {})).toThrow(/nothing was given for input 'x' float32\[2\].*interpret\.test\.ts/);
    expect(() => interpret({ outputs: { x } }, { x: float32([3]) })).toThrow(/input 'x' float32\[2\] was given shape \[3\]/);
    const w = parameter('w', [1], { kind: 'constant', value: 0 });
    expect(() => interpret({ outputs: { w } }, {})).toThrow(/parameter 'w'/);
    expect(() => interpret({ outputs: { m: ops.randomMask('m', [1], 0.5) } }, {})).toThrow(/mask 'm'/);
  });
  it('refuses an index out of range', () => {
    const y = ops.gather(x, ops.indices([1], [2]));
    expect(() => interpret({ outputs: { y } }, { x: float32([2]) })).toThrow(/gather: index 2 is outside 0\.\.1 of axis 0/);
  });
});
