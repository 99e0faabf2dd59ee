/**
 * Lowers a graph to standard ONNX operations in NCHW layout: for inference, GPUs and browsers. With weights given the parameters
 * become constants of the model and batch normalization is folded into the convolutions.
 */
import { type Graph, isOp, type Op, topological, type Value } from '../../ir.js';
import { OnnxBuilder } from '../../onnx/builder.js';
import { prepare } from '../checks.js';
import { usesOf } from '../fold.js';
import type { Lowered, Port } from '../lowered.js';
import type { Weights } from '../weights.js';
import { conv2d } from './convolution.js';
import { nchwRules } from './rules.js';

export { nchwRules } from './rules.js';

export interface NchwOptions {
  /** When given, parameters are constants; they must fit the graph's parameters exactly. */
  weights?: Weights;
  /** Adds the empty sequence `done` as the first output; see `OnnxBuilder.doneOutput`. */
  done?: boolean;
  /** The model's name, and of its external data. */
  name?: string;
  /** The model's `metadata_props`: whatever its users should know. */
  metadata?: Readonly<Record<string, string>>;
}

const lower = <K extends Op>(value: Value<K>, inputs: string[], b: OnnxBuilder) => nchwRules[value.op](value, inputs, b);

const isOf =
  <K extends Op>(op: K) =>
  (value: Value): value is Value<K> =>
    isOp(value, op);

const portOf = ({ attributes: { name }, dtype, shape }: Value<'input' | 'parameter' | 'randomMask'>): Port => ({
  name,
  dtype,
  shape,
});

/** Biases that a convolution can add itself: the convolution has no other reader. */
function biasedConvolutions(graph: Graph, values: readonly Value[]): Map<Value, Value<'conv2d'>> {
  const uses = usesOf(graph);
  const convolutions = new Map<Value, Value<'conv2d'>>();
  for (const value of values) {
    const [x] = value.inputs;
    if (isOp(value, 'bias') && value.attributes.axis === 1 && isOp(x!, 'conv2d') && uses.get(x) === 1) convolutions.set(value, x);
  }
  return convolutions;
}

/**
 * An ONNX model of the graph. Inputs, parameters (unless weights are given) and masks are inputs of the model under their own
 * names; every output has the name the graph gives it. Throws as `prepare` does.
 */
export function lowerNchw(
  original: Graph,
  { weights: given, done = false, name = 'graph', metadata }: NchwOptions = {},
): Lowered {
  const { graph, weights } = prepare(original, given, done);
  const values = topological(Object.values(graph.outputs));

  const inputs = values.filter(isOf('input')).map(portOf);
  const masks = values.filter(isOf('randomMask')).map((mask) => ({ ...portOf(mask), rate: mask.attributes.rate }));
  const parameters = weights ? [] : values.filter(isOf('parameter')).map(portOf);
  const outputs = Object.entries(graph.outputs).map(([name, { dtype, shape }]) => ({ name, dtype, shape }));

  const b = new OnnxBuilder();
  // The names of ports are fixed, those of nodes are not.
  for (const port of [...inputs, ...parameters, ...masks]) b.input(port.name, port.dtype, port.shape);
  for (const port of outputs) b.reserve(port.name);

  const names = new Map<Value, string>();
  const biased = biasedConvolutions(graph, values);
  const absorbed = new Set<Value>(biased.values());
  const translate = (value: Value): string => {
    if (isOp(value, 'parameter') && weights) {
      const { name } = value.attributes;
      return b.constant(weights[name]!.data, value.shape, { name });
    }
    if (isOp(value, 'input') || isOp(value, 'parameter') || isOp(value, 'randomMask')) return value.attributes.name;
    const convolution = biased.get(value);
    b.scope = (convolution ?? value).label || (convolution ?? value).op;
    if (!convolution) return lower(value, namesOf(value.inputs), b);
    return conv2d(convolution, namesOf([...convolution.inputs, value.inputs[1]!]), b);
  };
  const namesOf = (list: readonly Value[]) => list.map((v) => names.get(v)!);
  for (const value of values) if (!absorbed.has(value)) names.set(value, translate(value));

  if (done) b.doneOutput();
  for (const [name, value] of Object.entries(graph.outputs)) b.outputAs(name, names.get(value)!, value.dtype, value.shape);
  return { ...b.build(name, { metadata }), inputs, parameters, masks, outputs };
}
