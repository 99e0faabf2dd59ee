/**
 * Lowers a graph to standard ONNX operations in NCHW layout: for inference, GPUs and browsers. With weights given the parameters
 * become constants of the model and batch normalization is folded into the convolutions.
 */
import type { Tensor } from '../../../tensor.js';
import { type Graph, isOp, type Op, topological, type Value } from '../../ir.js';
import { OnnxBuilder } from '../../onnx/builder.js';
import { foldBatchNorm, usesOf } from '../fold.js';
import type { Lowered, MaskPort, Port } from '../lowered.js';
import { checkWeights, parametersOf, type Weights } from '../weights.js';
import { conv2d } from './convolution.js';
import { nchwRules } from './rules.js';

export type { NchwRule } from './rule.js';
export { nchwRules } from './rules.js';

export interface NchwOptions {
  /** When given, parameters are constants; they must fit the graph's parameters exactly. */
  weights?: Weights;
  /** Adds the empty sequence `done` as the first output; see `OnnxBuilder.doneOutput`. */
  done?: boolean;
  /** The model's name, and of its external data. */
  name?: string;
}

function lowerValue<K extends Op>(value: Value<K>, inputs: string[], b: OnnxBuilder): string {
  b.scope = value.label || value.op;
  return nchwRules[value.op](value, inputs, b);
}

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
 * names; every output has the name the graph gives it. Throws an Error that lists weights which do not fit, and when two inputs,
 * parameters, masks or outputs have one name.
 */
export function lowerNchw(original: Graph, { weights: given, done = false, name = 'graph' }: NchwOptions = {}): Lowered {
  const declared = parametersOf(original);
  if (given) checkWeights(declared, given);
  const { graph, weights } = given ? foldBatchNorm(original, given) : { graph: original, weights: undefined };

  const b = new OnnxBuilder();
  const names = new Map<Value, string>();
  const inputs: Port[] = [];
  const parameters: Port[] = [];
  const masks: MaskPort[] = [];
  const values = topological(Object.values(graph.outputs));
  const port = (value: Value, name: string): Port => ({ name, dtype: value.dtype, shape: value.shape });
  const constantWeight = (name: string, { data, shape }: Tensor) => b.constant(data, shape, { name });

  // Ports first: their names are fixed, those of nodes are not.
  for (const value of values) {
    if (isOp(value, 'input')) inputs.push(port(value, value.attributes.name));
    else if (isOp(value, 'randomMask')) masks.push({ ...port(value, value.attributes.name), rate: value.attributes.rate });
    else if (isOp(value, 'parameter') && !weights) parameters.push(port(value, value.attributes.name));
    else if (isOp(value, 'parameter')) {
      names.set(value, constantWeight(value.attributes.name, weights![value.attributes.name]!));
      continue;
    } else continue;
    names.set(value, lowerValue(value, [], b));
  }

  const biased = biasedConvolutions(graph, values);
  const absorbed = new Set<Value>(biased.values());
  for (const value of values) {
    if (names.has(value) || absorbed.has(value)) continue;
    const convolution = biased.get(value);
    if (!convolution) {
      names.set(
        value,
        lowerValue(
          value,
          value.inputs.map((v) => names.get(v)!),
          b,
        ),
      );
      continue;
    }
    b.scope = convolution.label || convolution.op;
    names.set(
      value,
      conv2d(
        convolution,
        [...convolution.inputs, value.inputs[1]!].map((v) => names.get(v)!),
        b,
      ),
    );
  }

  b.scope = '';
  if (done) b.doneOutput();
  const outputs = Object.entries(graph.outputs).map(([name, value]) => {
    b.output(b.op('Identity', [names.get(value)!], {}, { label: `outputs/${name}`, output: name }), value.dtype, value.shape);
    return port(value, name);
  });
  return { ...b.build(name), inputs, parameters, masks, outputs };
}
