/** Small networks and data for the tests of training. */
import type { Value } from '../../src/graph/ir.js';
import * as ops from '../../src/graph/ops.js';
import { batchNorm, conv2d, dropout, linear, projectionHead, Scope } from '../../src/nn/index.js';
import { Random } from '../../src/random.js';
import { float32, type Shape, sizeOf, type Tensor } from '../../src/tensor.js';

export const draw = (shape: Shape, ...stream: (number | string)[]): Tensor<'float32'> => {
  const random = new Random(1, ...stream);
  return float32(
    shape,
    Array.from({ length: sizeOf(shape) }, () => random.normal()),
  );
};

/** A two-layer perceptron [batch, 4] -> [batch, 2] without statistics, and its mean squared error against `target`. */
export function perceptron(batch: number, scope = new Scope({ training: true })): { scope: Scope; output: Value; loss: Value } {
  const output = projectionHead(scope.child('mlp'), ops.input('x', [batch, 4]), { hidden: 8, dimensions: 2 });
  const difference = ops.sub(output, ops.input('target', [batch, 2]));
  return { scope, output, loss: ops.mean(ops.mul(difference, difference)) };
}
export const perceptronFeeds = (batch: number, index: number) => {
  const x = draw([batch, 4], 'x', index);
  const target = Array.from({ length: batch * 2 }, (_, i) => {
    const [a, b, c] = [0, 1, 2].map((k) => x.data[Math.floor(i / 2) * 4 + k]!) as [number, number, number];
    return i % 2 ? Math.tanh(a - b) : Math.abs(c);
  });
  return { x, target: float32([batch, 2], target) };
};

/** Convolution, batch normalization, dropout, pooling, linear: everything with state. Classifies 8 x 8 pictures into 2 classes. */
export function classifier(batch: number): { scope: Scope; loss: Value; accuracy: Value } {
  const scope = new Scope({ training: true });
  const x = ops.input('picture', [batch, 1, 8, 8]);
  const map = ops.relu(
    batchNorm(scope.child('bn1'), conv2d(scope.child('conv1'), x, { channels: 8, kernel: 3, padding: 1, bias: false })),
  );
  const features = dropout(scope.child('head'), ops.globalAveragePool(ops.maxPool2d(map, 2)), 0.1);
  const logits = linear(scope.child('fc'), features, { features: 2 });
  const target = ops.input('class', [batch, 2]);
  const loss = ops.neg(ops.mean(ops.sum(ops.mul(ops.logSoftmax(logits), target), 1)));
  const chosen = ops.cast(ops.equal(logits, ops.max(logits, 1, true)), 'float32');
  return { scope, loss, accuracy: ops.mean(ops.sum(ops.mul(chosen, target), 1)) };
}
/** Vertical stripes are class 0, horizontal ones class 1, both with noise. */
export function classifierFeeds(batch: number, index: number) {
  const random = new Random(2, index);
  const picture = new Float32Array(batch * 64);
  const target = new Float32Array(batch * 2);
  for (let b = 0; b < batch; b++) {
    const [horizontal, phase] = [0, 0].map(() => Math.floor(2 * random.uniform())) as [number, number];
    target[b * 2 + horizontal] = 1;
    for (let i = 0; i < 64; i++) {
      const line = horizontal ? Math.floor(i / 8) : i % 8;
      picture[b * 64 + i] = ((line + phase) % 2) + 0.5 * random.normal();
    }
  }
  return { picture: float32([batch, 1, 8, 8], picture), class: float32([batch, 2], target) };
}
