/** What every lowering asks of a graph before it begins. */
import { sizeOf } from '../../tensor.js';
import type { Graph, Value } from '../ir.js';
import { isOp } from '../ir.js';
import { builtAt, GraphError } from '../shape.js';

/** Kernels count elements, and gathers address them, in 32 bits. */
const mostElements = 2 ** 31 - 1;

/**
 * Throws GraphError when two inputs, parameters, masks or outputs have one name, or one is called like the output `done` where that is
 * asked for, and when a value has more elements than a kernel can count.
 */
export function checkGraph(graph: Graph, values: readonly Value[], done: boolean): void {
  const seen = new Map<string, string>(done ? [['done', "the lowering's own output"]] : []);
  const name = (what: string, called: string) => {
    const other = seen.get(called);
    if (other)
      throw new GraphError(`two things of the graph are called '${called}': ${other} and ${what}; their names must differ`);
    seen.set(called, what);
  };
  for (const value of values) {
    if (isOp(value, 'input') || isOp(value, 'parameter') || isOp(value, 'randomMask'))
      name(`the ${value.op} [${value.shape.join(', ')}] built at ${builtAt(value)}`, value.attributes.name);
    const size = sizeOf(value.shape);
    if (size > mostElements)
      throw new GraphError(
        `${value.op}${value.label && ` in '${value.label}'`} [${value.shape.join(', ')}] has ${size} elements, a kernel counts up to ` +
          `${mostElements}: take a smaller batch or input\n  built at ${builtAt(value)}`,
      );
  }
  for (const output of Object.keys(graph.outputs)) name('an output', output);
}
