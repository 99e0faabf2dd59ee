/** Checks weights against the parameters a graph declares. */
import { type Shape, showShape, sizeOf, type Tensor } from '../../tensor.js';
import { type Graph, isOp, topological, type Value } from '../ir.js';

export type Weights = Readonly<Record<string, Tensor>>;

/** Every parameter of a graph by name. Throws when two different parameters have one name. */
export function parametersOf(graph: Graph): Map<string, Value<'parameter'>> {
  const parameters = new Map<string, Value<'parameter'>>();
  for (const value of topological(Object.values(graph.outputs))) {
    if (!isOp(value, 'parameter')) continue;
    const { name } = value.attributes;
    if (parameters.has(name)) throw new Error(`two parameters of the graph are called '${name}'; their names must differ`);
    parameters.set(name, value);
  }
  return parameters;
}

function faultOf(name: string, declared: Shape, given: Tensor | undefined): string | undefined {
  if (!given) return `'${name}' ${showShape(declared)} is missing`;
  if (given.dtype !== 'float32') return `'${name}' must be float32, it is ${given.dtype}`;
  if (showShape(given.shape) !== showShape(declared))
    return `'${name}' must be ${showShape(declared)}, it is ${showShape(given.shape)}`;
  if (given.data.length !== sizeOf(declared)) return `'${name}' ${showShape(declared)} holds ${given.data.length} values`;
  const at = given.data.findIndex((x) => !Number.isFinite(x));
  return at < 0 ? undefined : `'${name}' is ${given.data[at]} at element ${at}`;
}

/** Faults that are listed: of another network's weights all would be wrong. */
const listedAtMost = 8;

/** Throws an Error that lists missing, unknown, misshapen and not finite weights. */
export function checkWeights(parameters: ReadonlyMap<string, Value<'parameter'>>, weights: Weights): void {
  const faults = [...parameters].map(([name, { shape }]) => faultOf(name, shape, weights[name]));
  for (const name of Object.keys(weights)) if (!parameters.has(name)) faults.push(`'${name}' is no parameter of the graph`);
  const found = faults.filter((fault) => fault !== undefined);
  if (found.length === 0) return;
  const more = found.length > listedAtMost ? [`and ${found.length - listedAtMost} more`] : [];
  const lines = [...found.slice(0, listedAtMost), ...more].join('\n  ');
  throw new Error(`the weights do not fit the graph (${parameters.size} parameters):\n  ${lines}`);
}
