/** Projection heads: from an encoder's features into the space where sounds and pictures are compared. */
import type { Value } from '../graph/ir.js';
import * as ops from '../graph/ops.js';
import { conv2d, linear } from './layers.js';
import type { Scope } from './scope.js';

export interface ProjectionOptions {
  /** Dimensions of the result. */
  dimensions: number;
  /** Width of the hidden layer of an MLP, linear - relu - linear; one linear map when left out. */
  hidden?: number;
}

/**
 * Projects an embedding [B, D] -> [B, dimensions], or every position of a feature map [B, D, h, w] -> [B, dimensions, h, w] (as
 * 1x1 convolutions). The layers are called `0` and, in an MLP, `2`, as in PyTorch's Sequential.
 */
export const projectionHead = (scope: Scope, x: Value, { dimensions, hidden }: ProjectionOptions): Value =>
  scope.within(() => {
    const layer = (name: string, input: Value, features: number) =>
      input.shape.length === 4
        ? conv2d(scope.child(name), input, { channels: features, kernel: 1, init: { kind: 'kaimingUniform', fan: 'in' } })
        : linear(scope.child(name), input, { features });
    if (hidden === undefined) return layer('0', x, dimensions);
    return layer('2', ops.relu(layer('0', x, hidden)), dimensions);
  });
