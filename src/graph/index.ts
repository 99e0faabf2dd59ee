/** Networks as graphs of values: build them, differentiate them, print them, evaluate them slowly and exactly. */

export { gradients } from './gradient.js';
export { type Dense, type Fed, interpret } from './interpret/index.js';
export type * from './ir.js';
export { labelled, topological } from './ir.js';
export * from './ops.js';
export { GraphError } from './shape.js';
