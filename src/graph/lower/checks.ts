/** What every lowering does with a graph before it begins. */
import { showShape, sizeOf } from '../../tensor.js';
import { type Graph, isOp, topological, type Value } from '../ir.js';
import { builtAt, GraphError } from '../shape.js';
import { foldBatchNorm } from './fold.js';
import { checkWeights, parametersOf, type Weights } from './weights.js';

/** Kernels count elements, and gathers address them, in 32 bits. */
const mostElements = 2 ** 31 - 1;

/**
 * Throws GraphError when two inputs, parameters, masks or outputs have one name, or one is called like the output `done` where that is
 * asked for, and when a value has more elements than a kernel can count.
 */
function checkGraph(graph: Graph, values: readonly Value[], done: boolean): void {
  const seen = new Map<string, string>(done ? [['done', "the lowering's own output"]] : []);
  const name = (what: string, called: string) => {
    const other = seen.get(called);
    if (other)
      throw new GraphError(`two things of the graph are called '${called}': ${other} and ${what}; their names must differ`);
    seen.set(called, what);
  };
  for (const value of values) {
    if (isOp(value, 'input') || isOp(value, 'parameter') || isOp(value, 'randomMask'))
      name(`the ${value.op} ${showShape(value.shape)} built at ${builtAt(value)}`, value.attributes.name);
    const size = sizeOf(value.shape);
    if (size > mostElements)
      throw new GraphError(
        `${value.op}${value.label && ` in '${value.label}'`} ${showShape(value.shape)} has ${size} elements, a kernel counts up to ` +
          `${mostElements}: take a smaller batch or input\n  built at ${builtAt(value)}`,
      );
  }
  for (const output of Object.keys(graph.outputs)) name('an output', output);
}

/**
 * The graph as a lowering takes it: as it is, or with batch normalization folded into given weights. Throws as `checkGraph` does, and
 * an Error that lists weights which do not fit.
 */
export function prepare(
  graph: Graph,
  weights: Weights | undefined,
  done: boolean,
): { graph: Graph; weights: Weights | undefined } {
  checkGraph(graph, topological(Object.values(graph.outputs)), done);
  if (!weights) return { graph, weights };
  checkWeights(parametersOf(graph), weights);
  return foldBatchNorm(graph, weights);
}
