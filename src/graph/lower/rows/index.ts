/**
 * The lowering for training on a CPU. A feature map is a matrix of rows, one a pixel, so that convolutions and their gradients are plain
 * matrix products, Winograd transforms are products too, and per-channel work is broadcasting along the rows. Filter banks are
 * kept taps first. Everything that is no feature map is lowered by the plain rules.
 */
import type { Graph, Op, Value } from '../../ir.js';
import { isOp, topological } from '../../ir.js';
import { OnnxBuilder } from '../../onnx/builder.js';
import { prepare } from '../checks.js';
import { type Lowered, type MaskPort, type Port, physicalShape } from '../lowered.js';
import type { Weights } from '../weights.js';
import { type Form, RowsContext, type RowsOptions, type RowsRule, tapsPermutation } from './context.js';
import { convolutionRules, convolveAtOnce } from './convolution.js';
import { elementwiseRules } from './elementwise.js';
import { type Epilogue, findEpilogues } from './epilogue.js';
import { movementRules } from './movement.js';
import { normalizationRules } from './normalization.js';
import { poolingRules } from './pooling.js';
import { findStems } from './stem.js';

const rules: { readonly [K in Op]?: RowsRule<K> } = {
  ...elementwiseRules,
  ...convolutionRules,
  ...normalizationRules,
  ...poolingRules,
  ...movementRules,
};

export interface LowerRowsOptions extends Partial<Omit<RowsOptions, 'inference'>> {
  /** When given, parameters are constants and batch normalization is folded; they must fit the graph's parameters exactly. */
  readonly weights?: Weights;
  /** Let the model's first output be `done`, see OnnxBuilder.doneOutput. */
  readonly done?: boolean;
  readonly name?: string;
}

/**
 * An ONNX model of the graph. Parameters of rank 4 travel taps first (Port.permutation), and so do the outputs made from them. Throws
 * as `prepare` does.
 */
export function lowerRows(
  original: Graph,
  { weights: given, done = false, name = 'graph', ...chosen }: LowerRowsOptions = {},
): Lowered {
  const { graph, weights } = prepare(original, given, done);
  const builder = new OnnxBuilder();
  const options: RowsOptions = { convolution: 'auto', channelBlock: 0, ...chosen, inference: weights !== undefined };
  const outputs = Object.values(graph.outputs);
  const values = topological(outputs);
  const stems = findStems(values, new Set(outputs), options.channelBlock);
  const epilogues = options.channelBlock ? findEpilogues(graph, values) : new Map<Value, Epilogue>();
  const lower = <K extends Op>(node: Value<K>, context: RowsContext): Form | undefined => {
    const stem = stems.find((s) => s.makes.has(node));
    if (stem) return stem.makes.get(node)!(context);
    const epilogue = epilogues.get(node);
    return (epilogue && convolveAtOnce(context, epilogue)) ?? rules[node.op]?.(node, context);
  };
  const c = new RowsContext(builder, options, lower);
  const ports = declareLeaves(values, c, weights);
  for (const port of Object.keys(graph.outputs)) builder.reserve(port);

  const epilogueParts = partsOf(epilogues);
  const isInside = (v: Value) => stems.some((s) => s.absorbs.has(v)) || epilogueParts.has(v);
  for (const value of values) if (!isInside(value)) c.form(value);
  // All conversions first: naming an output renames the value it is.
  const forms = outputs.map((value): Form => {
    const form = c.form(value);
    return form.kind === 'rows' || form.kind === 'blocked' ? { kind: 'plain', name: c.plain(value) } : form;
  });
  if (done) builder.doneOutput();
  const made = Object.entries(graph.outputs).map(([outputName, { dtype, shape }], i) => {
    const form = forms[i]!;
    const port: Port = { name: outputName, dtype, shape, ...(form.kind === 'taps' && { permutation: tapsPermutation }) };
    builder.outputAs(outputName, form.name, dtype, physicalShape(port));
    return port;
  });
  return { ...builder.build(name), ...ports, outputs: made };
}

/** Makes inputs, masks and parameters known to the builder and the context. */
function declareLeaves(values: readonly Value[], c: RowsContext, weights: Weights | undefined) {
  const inputs: Port[] = [];
  const parameters: Port[] = [];
  const masks: MaskPort[] = [];
  for (const value of values) {
    const { dtype, shape } = value;
    if (isOp(value, 'input') || isOp(value, 'randomMask')) {
      const port = { name: value.attributes.name, dtype, shape };
      if (isOp(value, 'randomMask')) masks.push({ ...port, rate: value.attributes.rate });
      else inputs.push(port);
      c.set(value, { kind: 'plain', name: c.builder.input(port.name, dtype, shape) });
    } else if (isOp(value, 'parameter')) {
      const { name } = value.attributes;
      if (weights) {
        c.set(value, { kind: 'plain', name: c.builder.constant(weights[name]!.data, shape, { name }) });
        continue;
      }
      const port: Port = { name, dtype, shape, ...(shape.length === 4 && { permutation: tapsPermutation }) };
      parameters.push(port);
      c.set(value, { kind: port.permutation ? 'taps' : 'plain', name: c.builder.input(name, dtype, physicalShape(port)) });
    }
  }
  return { inputs, parameters, masks };
}

/** What lies between a convolution and the end of its epilogue; lowered only when the two are not done at once. */
function partsOf(epilogues: ReadonlyMap<Value, Epilogue>): Set<Value> {
  const parts = new Set<Value>();
  for (const [end, { convolution }] of epilogues)
    for (let v = end; v !== convolution; ) {
      v = v.inputs.find((x) => epilogues.get(x)?.convolution === convolution) ?? convolution;
      parts.add(v);
    }
  return parts;
}
