/** Elementwise operations, with NumPy broadcasting where there is more than one input. */
import { sizeOf } from '../../tensor.js';
import type { Op } from '../ir.js';
import { broadcastOffsets, type Rule } from './dense.js';

/** erf(x) = 2/sqrt(pi) exp(-x^2) sum over n of 2^n x^(2n+1) / (1 * 3 * ... * (2n+1)): every term has the same sign. */
export function erf(x: number): number {
  if (Math.abs(x) > 6) return Math.sign(x);
  let term = x;
  let sum = x;
  for (let n = 1; Math.abs(term) > 1e-17 * Math.abs(sum); n++) {
    term *= (2 * x * x) / (2 * n + 1);
    sum += term;
  }
  return (2 / Math.sqrt(Math.PI)) * Math.exp(-x * x) * sum;
}

const unary =
  (f: (x: number) => number): Rule<Op> =>
  ([x]) =>
    x!.data.map(f);

const binary =
  (f: (a: number, b: number) => number): Rule<Op> =>
  ([a, b], { shape }) => {
    const fromA = broadcastOffsets(a!.shape, shape);
    const fromB = broadcastOffsets(b!.shape, shape);
    return Float64Array.from({ length: sizeOf(shape) }, (_, i) => f(a!.data[fromA[i]!]!, b!.data[fromB[i]!]!));
  };

const comparisons = {
  greater: binary((a, b) => (a > b ? 1 : 0)),
  greaterEqual: binary((a, b) => (a >= b ? 1 : 0)),
  equal: binary((a, b) => (a === b ? 1 : 0)),
};

const casts = {
  float32: (x: number) => x,
  int32: Math.trunc,
  uint8: Math.trunc,
  bool: (x: number) => (x === 0 ? 0 : 1),
};

export const elementwise = {
  neg: unary((x) => -x),
  exp: unary(Math.exp),
  log: unary(Math.log),
  sqrt: unary(Math.sqrt),
  abs: unary(Math.abs),
  sign: unary(Math.sign),
  erf: unary(erf),
  relu: unary((x) => Math.max(x, 0)),
  step: unary((x) => (x > 0 ? 1 : 0)),
  gelu: unary((x) => 0.5 * x * (1 + erf(x / Math.SQRT2))),
  sigmoid: unary((x) => 1 / (1 + Math.exp(-x))),
  tanh: unary(Math.tanh),
  clamp: ([x], { attributes: { min, max } }) => x!.data.map((v) => Math.min(Math.max(v, min), max)),
  cast: ([x], { attributes }) => x!.data.map(casts[attributes.dtype]),
  stopGradient: unary((x) => x),
  add: binary((a, b) => a + b),
  sub: binary((a, b) => a - b),
  mul: binary((a, b) => a * b),
  div: binary((a, b) => a / b),
  maximum: binary(Math.max),
  minimum: binary(Math.min),
  compare: (inputs, node, given) => comparisons[node.attributes.kind](inputs, node, given),
  where: ([condition, a, b], { shape }) => {
    const [fromCondition, fromA, fromB] = [condition!, a!, b!].map((v) => broadcastOffsets(v.shape, shape));
    return Float64Array.from({ length: sizeOf(shape) }, (_, i) =>
      condition!.data[fromCondition![i]!] ? a!.data[fromA![i]!]! : b!.data[fromB![i]!]!,
    );
  },
} satisfies { [K in Op]?: Rule<K> };
