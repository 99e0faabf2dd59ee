import { expect, it } from 'vitest';
import { type LowerRowsOptions, lowerRows } from '../../src/graph/lower/rows/index.js';
import * as ops from '../../src/graph/ops.js';
import { resnet } from '../../src/models/index.js';
import { linear, Scope } from '../../src/nn/index.js';
import { Random } from '../../src/random.js';
import { float32 } from '../../src/tensor.js';
import { adam, TrainingStep } from '../../src/training/index.js';

const [batch, side, classes] = [8, 48, 4];

/** Gratings of four orientations at random phases, with noise. */
function gratings(index: number) {
  const random = new Random(3, index);
  const picture = new Float32Array(batch * 3 * side * side);
  const target = new Float32Array(batch * classes);
  let at = 0;
  for (let b = 0; b < batch; b++) {
    const k = Math.floor(random.uniform() * classes);
    target[b * classes + k] = 1;
    const [dx, dy, phase] = [Math.cos((k * Math.PI) / classes), Math.sin((k * Math.PI) / classes), 6 * random.uniform()];
    for (let c = 0; c < 3; c++)
      for (let y = 0; y < side; y++)
        for (let x = 0; x < side; x++) picture[at++] = Math.sin(0.8 * (dx * x + dy * y) + phase) + 0.8 * random.normal();
  }
  return { picture: float32([batch, 3, side, side], picture), class: float32([batch, classes], target) };
}

/** Losses of 200 steps of a small ResNet. */
async function curve(convolution: LowerRowsOptions['convolution']): Promise<number[]> {
  const scope = new Scope({ training: true });
  const map = resnet(scope.child('vision'), ops.input('picture', [batch, 3, side, side]), {
    widths: [16, 24, 32],
    blocks: [1, 1, 1],
  });
  const logits = linear(scope.child('fc'), ops.globalAveragePool(map), { features: classes });
  const loss = ops.neg(ops.mean(ops.sum(ops.mul(ops.logSoftmax(logits), ops.input('class', [batch, classes])), 1)));
  const step = await TrainingStep.create({
    scope,
    loss,
    optimizer: adam({ learningRate: 1e-3 }),
    seed: 1,
    lowering: (graph, options) => lowerRows(graph, { ...options, convolution }),
  });
  try {
    const losses: number[] = [];
    for (let i = 0; i < 200; i++) losses.push((await step.run(gratings(i))).loss);
    return losses;
  } finally {
    await step.release();
  }
}

it('200 training steps with F4 follow those with direct convolution', async () => {
  const [direct, f4] = [await curve('direct'), await curve('F4')];
  // Rounding differs, so the runs drift apart, but slowly: the first steps agree closely, averages over 20 steps throughout.
  for (let i = 0; i < 10; i++) expect(f4[i]).toBeCloseTo(direct[i]!, 2);
  const average = (losses: readonly number[], from: number) => losses.slice(from, from + 20).reduce((a, b) => a + b, 0) / 20;
  for (let from = 0; from < 200; from += 20) expect(Math.abs(average(f4, from) - average(direct, from))).toBeLessThan(0.1);
  expect(average(direct, 0)).toBeGreaterThan(0.8);
  expect(average(f4, 180)).toBeLessThan(0.3);
}, 180_000);
