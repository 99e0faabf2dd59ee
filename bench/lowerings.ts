/** Ways to lower a network for inference on a CPU; the first is the library's choice. */
import type { Graph } from '../src/graph/ir.js';
import type { Lowered } from '../src/graph/lower/lowered.js';
import { lowerNchw } from '../src/graph/lower/nchw/index.js';
import { lowerRows } from '../src/graph/lower/rows/index.js';
import type { Weights } from '../src/graph/lower/weights.js';

/** What a lowering is told: the network's weights, and the CPU's block of channels (`runtime/channelBlock.ts`). */
export interface LoweringSettings {
  weights: Weights;
  channelBlock: number;
}

export const lowerings = {
  rows: (graph: Graph, { weights, channelBlock }: LoweringSettings): Lowered => lowerRows(graph, { weights, channelBlock }),
  nchw: (graph: Graph, { weights }: LoweringSettings): Lowered => lowerNchw(graph, { weights }),
};

export type LoweringName = keyof typeof lowerings;
export const loweringNames = Object.keys(lowerings) as LoweringName[];
