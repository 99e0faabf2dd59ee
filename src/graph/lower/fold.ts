/**
 * Folds batch normalization into the convolution before it, for a graph whose weights are known:
 * with s = gamma / sqrt(variance + eps), norm(conv(x, w) + c) = conv(x, w s) + (beta + (c - mean) s).
 */
import { float32, type Tensor } from '../../tensor.js';
import { type Graph, isOp, make, topological, type Value } from '../ir.js';
import type { Weights } from './weights.js';

export interface Folded {
  graph: Graph;
  weights: Weights;
}

/** A normalization after a convolution that nothing else reads, with or without a bias in between. */
interface Match {
  convolution: Value<'conv2d'>;
  bias: Tensor | undefined;
  weight: Tensor;
  gamma: Tensor;
  beta: Tensor;
  mean: Tensor;
  variance: Tensor;
  eps: number;
}

/** How many values read each value; being an output counts too. */
export function usesOf(graph: Graph): Map<Value, number> {
  const uses = new Map<Value, number>();
  const count = (value: Value) => uses.set(value, (uses.get(value) ?? 0) + 1);
  const outputs = Object.values(graph.outputs);
  outputs.forEach(count);
  for (const value of topological(outputs)) value.inputs.forEach(count);
  return uses;
}

function match(value: Value, uses: ReadonlyMap<Value, number>, known: (value: Value) => Tensor | undefined): Match | undefined {
  if (!isOp(value, 'batchNormInference')) return undefined;
  const [x, ...vectors] = value.inputs;
  const [gamma, beta, mean, variance] = vectors.map(known);
  const biased = isOp(x!, 'bias') && x.attributes.axis === 1 && uses.get(x) === 1;
  const convolution = biased ? x.inputs[0]! : x!;
  if (!isOp(convolution, 'conv2d') || uses.get(convolution) !== 1) return undefined;
  const weight = known(convolution.inputs[1]!);
  const bias = biased ? known(x.inputs[1]!) : undefined;
  if (!gamma || !beta || !mean || !variance || !weight || (biased && !bias)) return undefined;
  return { convolution, bias, weight, gamma, beta, mean, variance, eps: value.attributes.eps };
}

/** The weight [Co, Ci, kh, kw] and bias [Co] that convolve and normalize at once; computed in float64. */
function foldedFilters({ weight, bias, gamma, beta, mean, variance, eps }: Match): { weight: Tensor; bias: Tensor } {
  const channels = weight.shape[0]!;
  const perChannel = weight.data.length / channels;
  const scale = Float64Array.from(gamma.data, (g, i) => g / Math.sqrt(variance.data[i]! + eps));
  const shift = Float64Array.from(scale, (s, i) => beta.data[i]! + ((bias?.data[i] ?? 0) - mean.data[i]!) * s);
  const scaled = Float32Array.from(weight.data, (w, i) => w * scale[Math.floor(i / perChannel)]!);
  return { weight: float32(weight.shape, scaled), bias: float32([channels], shift) };
}

/**
 * The graph with every foldable normalization gone, and its weights: folded filters are parameters named after the convolution's
 * own weight, `NAME.folded` and `NAME.folded.bias`. Weights that no output depends on any more are left out.
 */
export function foldBatchNorm(graph: Graph, weights: Weights): Folded {
  const uses = usesOf(graph);
  const rewritten = new Map<Value, Value>();
  const filters: Record<string, Tensor> = {};
  const known = (value: Value) => {
    if (isOp(value, 'constant')) return value.attributes.tensor;
    return isOp(value, 'parameter') ? weights[value.attributes.name] : undefined;
  };
  const parameterOf = (name: string, tensor: Tensor): Value => {
    let unique = name;
    for (let n = 1; unique in filters || unique in weights; n++) unique = `${name}_${n}`;
    filters[unique] = tensor;
    return make('parameter', [], { name: unique, shape: tensor.shape, init: { kind: 'constant', value: 0 }, trainable: false });
  };

  for (const value of topological(Object.values(graph.outputs))) {
    const found = match(value, uses, known);
    if (!found) {
      const inputs = value.inputs.map((v) => rewritten.get(v)!);
      rewritten.set(value, inputs.every((v, i) => v === value.inputs[i]) ? value : { ...value, inputs });
      continue;
    }
    const { convolution } = found;
    const source = convolution.inputs[1]!;
    const name = isOp(source, 'parameter') ? source.attributes.name : `${convolution.label}/weight`;
    const { weight, bias } = foldedFilters(found);
    const inputs = [rewritten.get(convolution.inputs[0]!)!, parameterOf(`${name}.folded`, weight)];
    const shift = parameterOf(`${name}.folded.bias`, bias);
    const biased: Value<'bias'> = { ...value, op: 'bias', inputs: [{ ...convolution, inputs }, shift], attributes: { axis: 1 } };
    rewritten.set(value, biased);
  }
  const outputs = Object.fromEntries(Object.entries(graph.outputs).map(([name, value]) => [name, rewritten.get(value)!]));
  const reached = topological(Object.values(outputs)).filter((value) => isOp(value, 'parameter'));
  const names = reached.map((value) => (value as Value<'parameter'>).attributes.name);
  return { graph: { outputs }, weights: Object.fromEntries(names.map((n) => [n, filters[n] ?? weights[n]!])) };
}
