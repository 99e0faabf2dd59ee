/** Networks as graphs of values: build them, differentiate them, print them, evaluate them slowly and exactly. */

export { einsum } from './einsum.js';
export { gradients } from './gradient.js';
export { type Dense, type Fed, interpret } from './interpret/index.js';
export type * from './ir.js';
export { isOp, labelled, topological } from './ir.js';
export type { Lowered, MaskPort, Port } from './lower/lowered.js';
export { lowerNchw, type NchwOptions } from './lower/nchw/index.js';
export { type LowerRowsOptions, lowerRows } from './lower/rows/index.js';
export { parametersOf, type Weights } from './lower/weights.js';
export * from './ops.js';
export { print } from './print.js';
export { type Interpolation, resize, resizeMatrix, type Sampling } from './resize.js';
export { builtAt, GraphError } from './shape.js';
export { type FrameOptions, framedDft, hannWindow, powerSpectrogram, type SpectrogramOptions, tukeyWindow } from './spectrum.js';
