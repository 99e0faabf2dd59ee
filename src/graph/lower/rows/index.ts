/**
 * The lowering for training on a CPU. A feature map is a matrix of rows, one a pixel, so that convolutions and their gradients are plain
 * matrix products, Winograd transforms are products too, and per-channel work is broadcasting along the rows. Filter banks are
 * kept taps first. Everything that is no feature map is lowered by the plain rules.
 */
import type { Graph, Op, Value } from '../../ir.js';
import { isOp, topological } from '../../ir.js';
import { OnnxBuilder } from '../../onnx/builder.js';
import type { Lowered, MaskPort, Port } from '../lowered.js';
import { type Form, RowsContext, type RowsOptions, type RowsRule, tapsPermutation } from './context.js';
import { convolutionRules } from './convolution.js';
import { elementwiseRules } from './elementwise.js';
import { normalizationRules } from './normalization.js';
import { poolingRules } from './pooling.js';
import { findStems } from './stem.js';

const rules: { readonly [K in Op]?: RowsRule<K> } = {
  ...elementwiseRules,
  ...convolutionRules,
  ...normalizationRules,
  ...poolingRules,
};

export interface LowerRowsOptions extends Partial<RowsOptions> {
  /** Let the model's first output be `done`, see OnnxBuilder.doneOutput. */
  readonly done?: boolean;
  readonly name?: string;
}

/** Parameters of rank 4 travel taps first (Port.permutation), and so do the outputs made from them. */
export function lowerRows(graph: Graph, { done = false, name = 'earshot', ...chosen }: LowerRowsOptions = {}): Lowered {
  const builder = new OnnxBuilder();
  const options: RowsOptions = { convolution: 'auto', channelBlock: 0, ...chosen };
  const values = topological(Object.values(graph.outputs));
  const stems = findStems(values, new Set(Object.values(graph.outputs)), options.channelBlock);
  const lower = <K extends Op>(node: Value<K>, context: RowsContext) => {
    const stem = stems.find((s) => s.makes.has(node));
    return stem ? stem.makes.get(node)!(context) : rules[node.op]?.(node, context);
  };
  const c = new RowsContext(builder, options, lower);
  const inputs: Port[] = [];
  const parameters: Port[] = [];
  const masks: MaskPort[] = [];

  for (const value of values) {
    if (isOp(value, 'input') || isOp(value, 'randomMask')) {
      const port = { name: value.attributes.name, dtype: value.dtype, shape: value.shape };
      if (isOp(value, 'randomMask')) masks.push({ ...port, rate: value.attributes.rate });
      else inputs.push(port);
      c.set(value, { kind: 'plain', name: builder.input(port.name, port.dtype, port.shape) });
    } else if (isOp(value, 'parameter')) {
      const permutation = value.shape.length === 4 ? tapsPermutation : undefined;
      const { name: own } = value.attributes;
      const port: Port = { name: own, dtype: value.dtype, shape: value.shape, ...(permutation && { permutation }) };
      parameters.push(port);
      c.set(value, { kind: permutation ? 'taps' : 'plain', name: builder.input(own, value.dtype, physicalShape(port)) });
    }
  }
  for (const value of values) if (!stems.some((s) => s.absorbs.has(value))) c.form(value);
  if (done) builder.doneOutput();
  // All conversions first: naming an output renames the value it is.
  const forms = Object.values(graph.outputs).map((value): Form => {
    const form = c.form(value);
    return form.kind === 'rows' ? { kind: 'plain', name: c.plain(value) } : form;
  });
  const renamed = new Map<string, string>();
  const outputs = Object.entries(graph.outputs).map(([outputName, value], i) => {
    const form = forms[i]!;
    const port: Port = {
      name: outputName,
      dtype: value.dtype,
      shape: value.shape,
      ...(form.kind === 'taps' && { permutation: tapsPermutation }),
    };
    builder.outputAs(outputName, renamed.get(form.name) ?? form.name, value.dtype, physicalShape(port));
    if (!renamed.has(form.name)) renamed.set(form.name, outputName);
    return port;
  });
  return { ...builder.build(name), inputs, parameters, masks, outputs };
}

const physicalShape = (port: Port) => (port.permutation ? port.permutation.map((axis) => port.shape[axis]!) : port.shape);
