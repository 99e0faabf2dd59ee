/**
 * One rule per operation: its translation into standard ONNX nodes (opset 21), every tensor in plain row-major layout. The rules
 * stand alone, so that another lowering can use them for the operations it has nothing better for.
 */
import { type DType, sizeOf, type TypedArrays } from '../../../tensor.js';
import type { Op, ReduceAttributes, Value } from '../../ir.js';
import type { OnnxBuilder } from '../../onnx/builder.js';
import { dataTypes, type OnnxType } from '../../onnx/encode.js';
import { conv2d, conv2dInputGrad, conv2dWeightGrad } from './convolution.js';
import {
  batchMean,
  batchNorm,
  batchNormInference,
  batchNormInputGrad,
  batchNormScaleGrad,
  batchVariance,
} from './normalization.js';
import { averagePool2d, averagePool2dGrad, maxPool2d, maxPool2dGrad } from './pooling.js';
import type { NchwRule } from './rule.js';

/** An operation that ONNX has under another name. */
const plain =
  (op: string) =>
  (_: Value, inputs: string[], b: OnnxBuilder): string =>
    b.op(op, inputs);

const cast = (x: string, dtype: OnnxType, b: OnnxBuilder) => b.op('Cast', [x], { to: dataTypes[dtype] });

const reduce =
  (op: string) =>
  ({ attributes: { axes, keepDims } }: { attributes: ReduceAttributes }, [x]: string[], b: OnnxBuilder): string =>
    // For ONNX no axes are all axes.
    axes.length === 0 ? b.op('Identity', [x!]) : b.op(op, [x!, b.ints(axes)], { keepdims: keepDims ? 1 : 0 });

const fills: { readonly [D in DType]: (value: number) => TypedArrays[D] } = {
  float32: (value) => Float32Array.of(value),
  int32: (value) => Int32Array.of(value),
  uint8: (value) => Uint8Array.of(value),
  bool: (value) => Uint8Array.of(value ? 1 : 0),
};

const comparisons = { greater: 'Greater', greaterEqual: 'GreaterOrEqual', equal: 'Equal' } as const;

/** [0, 1, ..., rank - 3, rank - 1, rank - 2] */
const lastTwoSwapped = ({ shape: { length } }: Value) =>
  Array.from({ length }, (_, i) => (i < length - 2 ? i : 2 * length - 3 - i));

export const nchwRules: { readonly [K in Op]: NchwRule<K> } = {
  input: ({ attributes: { name, dtype, shape } }, _, b) => b.input(name, dtype, shape),
  parameter: ({ attributes: { name, shape } }, _, b) => b.input(name, 'float32', shape),
  randomMask: ({ attributes: { name, shape } }, _, b) => b.input(name, 'float32', shape),
  constant: ({ attributes: { tensor } }, _, b) => b.constant(tensor.data, tensor.shape, { type: tensor.dtype }),

  neg: plain('Neg'),
  exp: plain('Exp'),
  log: plain('Log'),
  sqrt: plain('Sqrt'),
  abs: plain('Abs'),
  sign: plain('Sign'),
  erf: plain('Erf'),
  relu: plain('Relu'),
  step: (_, [x], b) => cast(b.op('Greater', [x!, b.scalar(0)]), 'float32', b),
  gelu: plain('Gelu'),
  sigmoid: plain('Sigmoid'),
  tanh: plain('Tanh'),
  clamp: ({ attributes: { min, max } }, [x], b) => b.op('Clip', [x!, b.scalar(min), b.scalar(max)]),
  cast: ({ attributes: { dtype } }, [x], b) => cast(x!, dtype, b),
  stopGradient: (_, [x]) => x!,

  add: plain('Add'),
  sub: plain('Sub'),
  mul: plain('Mul'),
  div: plain('Div'),
  maximum: plain('Max'),
  minimum: plain('Min'),
  compare: ({ attributes: { kind }, inputs: [a] }, inputs, b) => {
    // ONNX orders numbers only.
    const ordered = a!.dtype === 'bool' && kind !== 'equal' ? inputs.map((x) => cast(x, 'int32', b)) : inputs;
    return b.op(comparisons[kind], ordered);
  },
  where: ({ dtype }, [condition, x, y], b) => {
    if (dtype !== 'bool') return b.op('Where', [condition!, x!, y!]);
    // The runtime has no Where for bool.
    const chosen = b.op('And', [condition!, x!]);
    return b.op('Or', [chosen, b.op('And', [b.op('Not', [condition!]), y!])]);
  },

  sum: reduce('ReduceSum'),
  mean: reduce('ReduceMean'),
  max: reduce('ReduceMax'),
  softmax: ({ attributes: { axis } }, inputs, b) => b.op('Softmax', inputs, { axis }),
  logSoftmax: ({ attributes: { axis } }, inputs, b) => b.op('LogSoftmax', inputs, { axis }),
  kthLargest: ({ attributes: { axis, k } }, [x], b) => {
    const [values] = b.ops('TopK', [x!, b.ints([k])], { axis }, 2);
    return b.op('Slice', [values!, b.ints([k - 1]), b.ints([k]), b.ints([axis])]);
  },

  matMul: ({ attributes: { transposeA, transposeB }, inputs: [aValue, bValue] }, [x, y], b) => {
    if ((transposeA || transposeB) && aValue!.shape.length === 2 && bValue!.shape.length === 2)
      return b.op('Gemm', [x!, y!], { transA: transposeA ? 1 : 0, transB: transposeB ? 1 : 0 });
    const swap = (name: string, value: Value) => b.op('Transpose', [name], { perm: lastTwoSwapped(value) });
    return b.op('MatMul', [transposeA ? swap(x!, aValue!) : x!, transposeB ? swap(y!, bValue!) : y!]);
  },
  conv2d,
  conv2dInputGrad,
  conv2dWeightGrad,
  bias: ({ attributes: { axis }, shape }, [x, vector], b) => {
    const trailing = shape.slice(axis + 1).map(() => 1);
    return b.op('Add', [x!, trailing.length ? b.op('Reshape', [vector!, b.ints([-1, ...trailing])]) : vector!]);
  },
  batchMean,
  batchVariance,
  batchNorm,
  batchNormInputGrad,
  batchNormScaleGrad,
  batchNormInference,
  layerNorm: ({ attributes: { eps } }, inputs, b) => b.op('LayerNormalization', inputs, { axis: -1, epsilon: { float: eps } }),
  l2Normalize: ({ attributes: { axis, eps } }, [x], b) => {
    const norm = b.op('ReduceL2', [x!, b.ints([axis])], { keepdims: 1 });
    return b.op('Div', [x!, b.op('Max', [norm, b.scalar(eps)])]);
  },
  maxPool2d,
  maxPool2dGrad,
  averagePool2d,
  averagePool2dGrad,

  gather: ({ attributes: { axis } }, inputs, b) => b.op('Gather', inputs, { axis }),
  scatterAdd: ({ attributes: { axis, size }, inputs: [, indexValue], shape }, [updates, indices], b) => {
    const before = shape.slice(0, axis);
    const after = shape.slice(axis + 1);
    const [outer, count, inner] = [sizeOf(before), sizeOf(indexValue!.shape), sizeOf(after)];
    const index = b.op('Reshape', [cast(indices!, 'int64', b), b.ints([count, 1])]);
    const zeros = b.op('Expand', [b.scalar(0), b.ints([size, outer, inner])]);
    // ScatterND wants the indexed axis first.
    const swapOuter = (x: string) => (outer === 1 ? x : b.op('Transpose', [x], { perm: [1, 0, 2] }));
    const grouped = outer === 1 ? [count, 1, inner] : [outer, count, inner];
    const rows = swapOuter(b.op('Reshape', [updates!, b.ints(grouped)]));
    const sums = b.op('ScatterND', [zeros, index, rows], { reduction: 'add' });
    return b.op('Reshape', [swapOuter(sums), b.ints(shape)]);
  },
  slice: ({ attributes: { starts, sizes } }, [x], b) =>
    starts.length === 0
      ? b.op('Identity', [x!])
      : b.op('Slice', [x!, b.ints(starts), b.ints(starts.map((s, i) => s + sizes[i]!))]),
  pad: ({ attributes: { before, after, value }, dtype }, [x], b) =>
    before.length === 0
      ? b.op('Identity', [x!])
      : b.op('Pad', [x!, b.ints([...before, ...after]), b.constant(fills[dtype](value), [], { type: dtype })]),
  concat: ({ attributes: { axis } }, inputs, b) => b.op('Concat', inputs, { axis }),
  transpose: ({ attributes: { permutation } }, inputs, b) => b.op('Transpose', inputs, { perm: permutation }),
  reshape: ({ attributes: { shape } }, [x], b) => b.op('Reshape', [x!, b.ints(shape)], { allowzero: 1 }),
  broadcastTo: ({ attributes: { shape } }, [x], b) => b.op('Expand', [x!, b.ints(shape)]),
};
