/** The networks that are measured: a picture's and a sound's encoder, and the loss that brings them together. */
import type { Value } from '../src/graph/ir.js';
import * as ops from '../src/graph/ops.js';
import { resnet18 } from '../src/models/index.js';
import { Scope } from '../src/nn/index.js';
import { Random } from '../src/random.js';
import { float32, type Shape, type Tensor, tensor } from '../src/tensor.js';

export interface Encoders {
  scope: Scope;
  /** Unit vectors [B, 512]. */
  vision: Value;
  audio: Value;
  /** Standard normal inputs by name. */
  feeds: Record<string, Tensor>;
}

function standardNormal(name: string, shape: Shape): Tensor<'float32'> {
  const random = new Random(0, name);
  const values = tensor('float32', shape);
  values.data.forEach((_, i) => (values.data[i] = random.normal()));
  return values;
}

/**
 * Two ResNet-18: pictures [B, 3, 224, 224] through one whose last stage keeps its size, averaged over all positions; spectrograms
 * [B, 1, 257, frames] through an ordinary one, their largest value over all positions.
 */
export function encoders(batch: number, { training, frames = 200 }: { training: boolean; frames?: number }): Encoders {
  const scope = new Scope({ training });
  const shapes = { picture: [batch, 3, 224, 224], spectrogram: [batch, 1, 257, frames] } as const;
  const visionMap = resnet18(scope.child('vision'), ops.input('picture', shapes.picture), { lastStride: 1 });
  const audioMap = resnet18(scope.child('audio'), ops.input('spectrogram', shapes.spectrogram));
  return {
    scope,
    vision: ops.l2Normalize(ops.globalAveragePool(visionMap)),
    audio: ops.l2Normalize(ops.globalMaxPool(audioMap)),
    feeds: Object.fromEntries(Object.entries(shapes).map(([name, shape]) => [name, standardNormal(name, shape)])),
  };
}

/**
 * Symmetric InfoNCE: the mean of the cross entropies of the rows and of the columns of S = a v^T / tau, [B, B], each against its
 * diagonal; about ln(B) before training.
 */
export function infoNce(audio: Value, vision: Value, tau = 0.07): Value {
  const batch = audio.shape[0]!;
  const similarity = ops.mul(ops.matMul(audio, vision, { transposeB: true }), 1 / tau);
  const diagonal = float32(
    [batch, batch],
    Array.from({ length: batch ** 2 }, (_, i) => Number(i % (batch + 1) === 0)),
  );
  const logProbabilities = ops.add(ops.logSoftmax(similarity, 1), ops.logSoftmax(similarity, 0));
  return ops.mul(ops.sum(ops.mul(logProbabilities, ops.constant(diagonal))), -0.5 / batch);
}
