/**
 * A naive float64 interpreter: one plain loop per operation, no kernels shared with any lowering. It is what gradients and
 * lowerings are tested against.
 */
import { type Graph, type Op, type RuleTable, topological, type Value } from '../ir.js';
import { builtAt } from '../shape.js';
import type { Dense, Fed, Given, Rule } from './dense.js';
import { elementwise } from './elementwise.js';
import { movement } from './movement.js';
import { products } from './products.js';
import { reductions } from './reductions.js';

export type { Dense, Fed } from './dense.js';

/** A leaf's elements from what the run was given. */
function given(node: Value, kind: string, values: Readonly<Record<string, Fed>>, name: string): Float64Array {
  const fed = values[name];
  const wanted = `${kind} '${name}' ${node.dtype}[${node.shape.join(', ')}]`;
  if (!fed) throw new Error(`interpret: nothing was given for ${wanted}, built at ${builtAt(node)}`);
  if (fed.shape.join() !== node.shape.join())
    throw new RangeError(`interpret: ${wanted} was given shape [${fed.shape.join(', ')}]`);
  return Float64Array.from(fed.data);
}

const rules: RuleTable<{ [K in Op]: Rule<K> }> = {
  input: (_, node, { feeds }) => given(node, 'input', feeds, node.attributes.name),
  parameter: (_, node, { parameters }) => given(node, 'parameter', parameters, node.attributes.name),
  randomMask: (_, node, { masks }) => given(node, 'mask', masks, node.attributes.name),
  constant: (_, node) => Float64Array.from(node.attributes.tensor.data),
  ...elementwise,
  ...reductions,
  ...products,
  ...movement,
};

const evaluate = <K extends Op>(node: Value<K>, inputs: readonly Dense[], run: Given) => rules[node.op](inputs, node, run);

/**
 * The graph's outputs in float64. `feeds`, `parameters` and `masks` (the dropout masks) are tensors by name, or anything with a
 * shape and numbers. Throws when one is missing or has another shape, and when an index is out of range.
 */
export function interpret(
  graph: Graph,
  feeds: Readonly<Record<string, Fed>>,
  parameters: Readonly<Record<string, Fed>> = {},
  masks: Readonly<Record<string, Fed>> = {},
): Record<string, Dense> {
  const run: Given = { feeds, parameters, masks };
  const results = new Map<Value, Dense>();
  for (const node of topological(Object.values(graph.outputs))) {
    const inputs = node.inputs.map((v) => results.get(v)!);
    results.set(node, { shape: node.shape, data: evaluate(node, inputs, run) });
  }
  return Object.fromEntries(Object.entries(graph.outputs).map(([name, value]) => [name, results.get(value)!]));
}
