/** Elementwise operations keep the form of their operands: rows stay rows, taps stay taps. */
import { sameShape } from '../../../tensor.js';
import type { Op, Value } from '../../ir.js';
import { nchwRules } from '../nchw/index.js';
import { type Form, type Rows, type RowsContext, type RowsRule, shapeOf } from './context.js';
import { blockedLayout, canonical } from './geometry.js';
import { algebra } from './mapAlgebra.js';

const isScalar = (v: Value) => v.shape.length === 0;
/** [B or 1, C or 1, 1, 1] */
const isPerChannel = (v: Value) => v.shape.length === 4 && v.shape[2] === 1 && v.shape[3] === 1;

/** A per-channel value [B or 1, C or 1, 1, 1] repeated over every pixel of a map. */
function spread(c: RowsContext, v: Value, shape: readonly number[]): Rows {
  const [batch, channels, height, width] = shape as [number, number, number, number];
  const geometry = canonical(batch, [height, width]);
  const column = c.reshape(c.plain(v), [v.shape[0]!, 1, v.shape[1]!]);
  const all = c.op('Expand', [column, c.builder.ints([batch, height * width, channels])]);
  return { kind: 'rows', name: c.reshape(all, [geometry.rows, channels]), geometry };
}

const preference = { taps: 0, blocked: 1, rows: 2, plain: 3 } as const;

/** Any elementwise operation, through the plain rule on operands of one form: what a parameter meets becomes like it. */
function elementwise<K extends Op>(node: Value<K>, c: RowsContext): Form | undefined {
  if (node.shape.length !== 4) return undefined;
  const forms = node.inputs.filter((v) => sameShape(v.shape, node.shape)).map((v) => c.form(v));
  const leader = forms.toSorted((a, b) => preference[a.kind] - preference[b.kind])[0];
  if (!leader || leader.kind === 'plain') return undefined;
  const isMap = leader.kind !== 'taps';
  if (!node.inputs.every((v) => sameShape(v.shape, node.shape) || isScalar(v) || (isMap && isPerChannel(v)))) return undefined;
  const names = node.inputs.map((v) => {
    if (isScalar(v)) return c.plain(v);
    if (leader.kind === 'taps') return c.taps(v);
    const layout = leader.kind === 'rows' ? leader.geometry : blockedLayout(shapeOf(node), c.options.channelBlock);
    if (sameShape(v.shape, node.shape)) return c.in(v, layout);
    const rows = spread(c, v, node.shape);
    return c.reorder({ name: rows.name, layout: rows.geometry }, layout, node.shape[1]!);
  });
  return { ...leader, name: nchwRules[node.op](node, names, c.builder) };
}

const step: RowsRule<'step'> = (node, c) => {
  const x = c.form(node.inputs[0]!);
  if (x.kind === 'plain') return undefined;
  return { ...x, name: c.isPositive(x.name) };
};

const bias: RowsRule<'bias'> = (node, c) => {
  const [x, b] = node.inputs as [Value, Value];
  if (node.shape.length !== 4 || node.attributes.axis !== 1) return undefined;
  const form = c.form(x);
  if (form.kind === 'rows') {
    const wide = c.widened(x.shape[0]! * x.shape[2]! * x.shape[3]!, x.shape[1]!);
    return { ...form, name: wide.back(c.op('Add', [wide.matrix(form.name), wide.vector(c.plain(b))])) };
  }
  if (form.kind !== 'blocked') return undefined;
  const map = c.map(x);
  const ones = c.matrix(`1 x ${x.shape[1]}`, () => new Float32Array(x.shape[1]!).fill(1), [x.shape[1]!]);
  return { ...form, name: algebra(c, x, map).affine(map.name, ones, c.plain(b)) };
};

/** [B, C, 1, 1] -> every pixel: the gradient of a global average. */
const broadcastTo: RowsRule<'broadcastTo'> = (node, c) => {
  const [x] = node.inputs as [Value];
  if (node.shape.length !== 4 || !isPerChannel(x) || x.dtype !== 'float32') return undefined;
  return spread(c, x, node.shape);
};

export const elementwiseRules = {
  neg: elementwise,
  exp: elementwise,
  log: elementwise,
  sqrt: elementwise,
  abs: elementwise,
  sign: elementwise,
  erf: elementwise,
  relu: elementwise,
  step,
  gelu: elementwise,
  sigmoid: elementwise,
  tanh: elementwise,
  clamp: elementwise,
  cast: elementwise,
  stopGradient: elementwise,
  add: elementwise,
  sub: elementwise,
  mul: elementwise,
  div: elementwise,
  maximum: elementwise,
  minimum: elementwise,
  compare: elementwise,
  where: elementwise,
  bias,
  broadcastTo,
} satisfies { [K in Op]?: RowsRule<K> };
