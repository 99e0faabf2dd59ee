/** A graph as text. */
import { type Graph, type Op, topological, type Value } from './ir.js';

/** One attribute, short: tensors by their first elements. */
function show(attribute: unknown): string {
  if (Array.isArray(attribute)) return `[${attribute.map(show).join(', ')}]`;
  if (ArrayBuffer.isView(attribute)) {
    const data = attribute as unknown as ArrayLike<number>;
    return `[${Array.from({ length: Math.min(data.length, 4) }, (_, i) => +data[i]!.toPrecision(6)).join(', ')}${data.length > 4 ? ', ...' : ''}]`;
  }
  if (typeof attribute === 'object' && attribute !== null) {
    return Object.entries(attribute)
      .map(([name, value]) => `${name} ${show(value)}`)
      .join(', ');
  }
  return typeof attribute === 'string' ? `'${attribute}'` : String(attribute);
}

/** What the line's shape and dtype do not say already. */
function attributesOf(value: Value<Op>): string {
  if ('tensor' in value.attributes) return ` ${show(value.attributes.tensor.data)}`;
  const { shape: _, dtype: __, ...rest } = value.attributes as Record<string, unknown>;
  return Object.keys(rest).length ? ` (${show(rest)})` : '';
}

/**
 * A graph, one line per value in the order of evaluation, then its outputs:
 * `%12 relu [8, 64, 56, 56]  <- %11   vision/layer1.0`. A dtype is written where it is not float32.
 */
export function print(graph: Graph): string {
  const order = topological(Object.values(graph.outputs));
  const numbers = new Map(order.map((value, i) => [value, i]));
  const name = (value: Value) => `%${numbers.get(value)}`;
  const lines = order.map((value) => {
    const type = `${value.dtype === 'float32' ? '' : value.dtype}[${value.shape.join(', ')}]`;
    const from = value.inputs.length ? `  <- ${value.inputs.map(name).join(', ')}` : '';
    const label = value.label ? `   ${value.label}` : '';
    return `${name(value)} ${value.op} ${type}${attributesOf(value)}${from}${label}`;
  });
  return [...lines, ...Object.entries(graph.outputs).map(([output, value]) => `${output} = ${name(value)}`)].join('\n');
}
