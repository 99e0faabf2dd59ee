/**
 * The intermediate representation: a directed acyclic graph of immutable values. A value is the result of one operation on other
 * values; its shape and dtype are known when it is built. Pictures are logically NCHW whatever a lowering does with them.
 */
import type { DType, Shape, Tensor } from '../tensor.js';
import { inferShape } from './shape.js';

export type Pair = readonly [number, number];
/** top, left, bottom, right */
export type Padding = readonly [number, number, number, number];

export interface Window {
  stride: Pair;
  padding: Padding;
}
export interface ConvAttributes extends Window {
  dilation: Pair;
  groups: number;
}
export interface PoolAttributes extends Window {
  kernel: Pair;
}
export interface AveragePoolAttributes extends PoolAttributes {
  /** Whether padded zeros count in the divisor. */
  countPadding: boolean;
}
export interface ReduceAttributes {
  axes: readonly number[];
  keepDims: boolean;
}
type None = Record<never, never>;

/** How a parameter's first value is drawn; see `training/initialize.ts`. */
export type Initializer =
  | { kind: 'constant'; value: number }
  | { kind: 'kaimingNormal'; fan: 'in' | 'out' }
  | { kind: 'kaimingUniform'; fan: 'in' | 'out' }
  | { kind: 'xavierUniform' }
  | { kind: 'truncatedNormal'; std: number }
  | { kind: 'normal'; std: number };

/** Every operation and its attributes. The inputs, in order, are given in the comment. */
export interface Attributes {
  // leaves
  input: { name: string; shape: Shape; dtype: DType };
  /** `trainable: false` marks state that the optimizer leaves alone (running statistics, momentum copies). */
  parameter: { name: string; shape: Shape; init: Initializer; trainable: boolean };
  constant: { tensor: Tensor };
  /** Dropout mask drawn by the host from a seed at every run: 0 with probability `rate`, else 1 / (1 - rate). */
  randomMask: { name: string; shape: Shape; rate: number };
  // elementwise, one input
  neg: None;
  exp: None;
  log: None;
  sqrt: None;
  abs: None;
  sign: None;
  erf: None;
  relu: None;
  /** 1 where x > 0, else 0. */
  step: None;
  gelu: None;
  sigmoid: None;
  tanh: None;
  clamp: { min: number; max: number };
  cast: { dtype: DType };
  stopGradient: None;
  // elementwise, two inputs, NumPy broadcasting
  add: None;
  sub: None;
  mul: None;
  div: None;
  maximum: None;
  minimum: None;
  compare: { kind: 'greater' | 'greaterEqual' | 'equal' };
  /** condition, a, b */
  where: None;
  // reductions
  sum: ReduceAttributes;
  mean: ReduceAttributes;
  max: ReduceAttributes;
  softmax: { axis: number };
  logSoftmax: { axis: number };
  /** The k-th largest value along an axis (kept with size 1). */
  kthLargest: { axis: number; k: number };
  // products
  /** a [..., M, K], b [..., K, N]; leading dimensions broadcast. */
  matMul: { transposeA: boolean; transposeB: boolean };
  /** x [B, C, H, W], weight [Co, C / groups, kh, kw] */
  conv2d: ConvAttributes;
  /** weight, dy */
  conv2dInputGrad: ConvAttributes & { inputSize: Pair };
  /** x, dy */
  conv2dWeightGrad: ConvAttributes & { kernel: Pair };
  /** x, b [C] with C = x.shape[axis] */
  bias: { axis: number };
  // normalization; channels are axis 1, statistics run over every other axis, variances are biased
  /** x -> [C] */
  batchMean: None;
  /** x -> [C] */
  batchVariance: None;
  /** x, gamma, beta: (x - mean) / sqrt(variance + eps) * gamma + beta with the batch's own statistics. */
  batchNorm: { eps: number };
  /** x, gamma, dy */
  batchNormInputGrad: { eps: number };
  /** x, dy -> [C] */
  batchNormScaleGrad: { eps: number };
  /** x, gamma, beta, mean, variance: the same with given statistics. */
  batchNormInference: { eps: number };
  /** x, gamma, beta over the last axis */
  layerNorm: { eps: number };
  /** x / max(||x||, eps) along an axis */
  l2Normalize: { axis: number; eps: number };
  // pooling
  maxPool2d: PoolAttributes;
  /**
   * x, y, dy. Positions that tie for their window's maximum share its gradient evenly (PyTorch gives it to the first; before a convolution
   * whose inputs tie too the two mean the same).
   */
  maxPool2dGrad: PoolAttributes;
  averagePool2d: AveragePoolAttributes;
  /** dy */
  averagePool2dGrad: AveragePoolAttributes & { inputSize: Pair };
  // data movement
  /** x, indices int32 */
  gather: { axis: number };
  /** updates, indices: the adjoint of gather into an axis of the given size */
  scatterAdd: { axis: number; size: number };
  slice: { starts: readonly number[]; sizes: readonly number[] };
  pad: { before: readonly number[]; after: readonly number[]; value: number };
  concat: { axis: number };
  transpose: { permutation: readonly number[] };
  reshape: { shape: Shape };
  broadcastTo: { shape: Shape };
}

export type Op = keyof Attributes;

export interface Value<K extends Op = Op> {
  readonly id: number;
  readonly op: K;
  readonly inputs: readonly Value[];
  readonly attributes: Attributes[K];
  readonly shape: Shape;
  readonly dtype: DType;
  /** Where in the network it stands, e.g. `vision/layer1.0/conv1`; names ONNX nodes and appears in errors. */
  readonly label: string;
  /** Captured where the value was built; its stack is formatted only when an error needs it. */
  readonly site: { readonly stack?: string };
}

/** A graph is its named results; everything else is reached from them. */
export interface Graph {
  readonly outputs: Readonly<Record<string, Value>>;
}

/** A rule per operation: leaving one out does not compile. */
export type RuleTable<R extends { [K in Op]: unknown }> = { readonly [K in Op]: R[K] };

let nextId = 0;
let labels: string[] = [];
let inheritedSite: Value['site'] | undefined;

/** Runs `build` with `part` appended to the label of every value it creates. */
export function labelled<T>(part: string, build: () => T): T {
  const before = labels;
  labels = [...labels, part];
  try {
    return build();
  } finally {
    labels = before;
  }
}

/** Runs `build` so that the values it creates are reported as built where `origin` was (gradients point at the forward line). */
export function onBehalfOf<T>(origin: Value, part: string, build: () => T): T {
  const before = { labels, inheritedSite };
  labels = origin.label ? [part, origin.label] : [part];
  inheritedSite = origin.site;
  try {
    return build();
  } finally {
    ({ labels, inheritedSite } = before);
  }
}

/** Creates a value; shape and dtype follow from the operation. Throws GraphError when the inputs do not fit it. */
export function make<K extends Op>(op: K, inputs: readonly Value[], attributes: Attributes[K]): Value<K> {
  let site = inheritedSite;
  if (!site) {
    const holder: { stack?: string } = {};
    Error.captureStackTrace(holder, make);
    site = holder;
  }
  const label = labels.join('/');
  const { shape, dtype } = inferShape(op, inputs, attributes, { label, site });
  return { id: nextId++, op, inputs, attributes, shape, dtype, label, site };
}

/** True when the value was made by the given operation; narrows its attributes. */
export const isOp = <K extends Op>(value: Value, op: K): value is Value<K> => (value.op as Op) === op;

/** Every value the given ones depend on (themselves included), each after its inputs. */
export function topological(roots: Iterable<Value>): Value[] {
  const order: Value[] = [];
  const seen = new Set<Value>();
  // Depth first with an explicit stack: networks are deeper than the call stack likes.
  const stack: { value: Value; next: number }[] = [];
  for (const root of roots) {
    if (!seen.has(root)) stack.push({ value: root, next: 0 });
    seen.add(root);
    while (stack.length) {
      const top = stack[stack.length - 1]!;
      const input = top.value.inputs[top.next++];
      if (input === undefined) {
        order.push(top.value);
        stack.pop();
      } else if (!seen.has(input)) {
        seen.add(input);
        stack.push({ value: input, next: 0 });
      }
    }
  }
  return order;
}
