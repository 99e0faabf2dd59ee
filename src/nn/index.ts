export {
  batchNorm,
  type ConvOptions,
  conv2d,
  dropout,
  type LinearOptions,
  layerNorm,
  linear,
} from './layers.js';
export { type ProjectionOptions, projectionHead } from './projection.js';
export { type Assignment, type Parameter, Scope, type ScopeOptions } from './scope.js';
