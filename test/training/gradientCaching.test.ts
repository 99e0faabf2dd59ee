import { describe, expect, it } from 'vitest';
import type { Value } from '../../src/graph/ir.js';
import { lowerNchw } from '../../src/graph/lower/nchw/index.js';
import { lowerRows } from '../../src/graph/lower/rows/index.js';
import * as ops from '../../src/graph/ops.js';
import { dropout, linear, projectionHead, Scope } from '../../src/nn/index.js';
import type { Tensors } from '../../src/runtime/index.js';
import { float32 } from '../../src/tensor.js';
import { CachedTrainingStep } from '../../src/training/gradientCaching.js';
import { adam, sgd } from '../../src/training/optimizer.js';
import { TrainingStep } from '../../src/training/step.js';
import { draw } from './networks.js';

/** Two encoders, as in contrastive learning. */
function encoders(batch: number, rate = 0, last: (x: Value) => Value = ops.l2Normalize) {
  const scope = new Scope({ training: true });
  const encode = (name: string) => {
    const part = scope.child(name);
    const hidden = projectionHead(part.child('mlp'), ops.input(name, [batch, 5]), { hidden: 6, dimensions: 6 });
    return last(linear(part.child('out'), dropout(part, hidden, rate), { features: 4 }));
  };
  return { scope, outputs: { vision: encode('frame'), audio: encode('sound') } };
}
/** Every frame against every sound of the batch: a loss that does not fall apart into micro-batches. */
function infoNce({ vision, audio }: Readonly<Record<string, Value>>): Value {
  const similarity = ops.mul(ops.matMul(vision!, audio!, { transposeB: true }), ops.input('scale', []));
  const n = vision!.shape[0]!;
  const diagonal = float32(
    [n, n],
    Array.from({ length: n * n }, (_, i) => (i % (n + 1) ? 0 : 1)),
  );
  return ops.mul(ops.sum(ops.mul(ops.logSoftmax(similarity), ops.constant(diagonal))), -1 / n);
}
const scale = float32([], [5]);
const batchOf = (from: number, to: number, step: number): Tensors => {
  const rows = (name: string) => float32([to - from, 5], draw([6, 5], name, step).data.slice(from * 5, to * 5));
  return { frame: rows('frame'), sound: rows('sound') };
};
const parts = (step: number) => [0, 2, 4].map((from) => batchOf(from, from + 2, step));

describe('CachedTrainingStep', () => {
  it.each([
    { name: 'rows', lowering: lowerRows },
    { name: 'nchw', lowering: lowerNchw },
  ])('takes the steps of the whole batch ($name)', async ({ lowering }) => {
    const optimizer = adam({ learningRate: 0.01, clipNorm: 0.2 });
    const common = { optimizer, seed: 3, lowering, session: { threads: 1 } };
    const whole = encoders(6);
    const one = await TrainingStep.create({ scope: whole.scope, loss: infoNce(whole.outputs), ...common });
    const three = await CachedTrainingStep.create({ ...encoders(2), loss: infoNce, microBatches: 3, ...common });
    try {
      for (let step = 0; step < 4; step++) {
        const expected = await one.run({ ...batchOf(0, 6, step), scale });
        const actual = await three.run(parts(step), { scale });
        expect(actual.loss).toBeCloseTo(expected.loss, 5);
        expect(actual.gradientNorm).toBeCloseTo(expected.gradientNorm!, 5);
        expect(expected.gradientNorm).toBeGreaterThan(0.2);
      }
      expect([one.updates, three.updates]).toEqual([4, 4]);
      const [a, b] = [await one.weights(), await three.weights()];
      for (const name of Object.keys(a)) a[name]!.data.forEach((x, i) => expect(b[name]!.data[i]).toBeCloseTo(x, 5));
    } finally {
      await Promise.all([one.release(), three.release()]);
    }
  });

  it.each([
    { what: 'a bias', frozen: /^sound\.out\.bias$/ },
    { what: 'an encoder', frozen: /^sound\./ },
  ])('takes the steps of the whole batch with $what frozen', async ({ frozen }) => {
    const groups = [{ matches: (name: string) => frozen.test(name), frozen: true }];
    // Adam would make steps of the rounding errors of gradients that are 0.
    const common = { optimizer: sgd({ learningRate: 0.01, momentum: 0.9, groups }), seed: 3, session: { threads: 1 } };
    // Without normalization, no gradient depends on the last bias.
    const network = (batch: number) => encoders(batch, 0, (x) => x);
    const whole = network(6);
    const open = () => CachedTrainingStep.create({ ...network(2), loss: infoNce, microBatches: 3, ...common });
    const one = await TrainingStep.create({ scope: whole.scope, loss: infoNce(whole.outputs), ...common });
    const [three, resumed] = [await open(), await open()];
    try {
      const first = await three.weights();
      expect(first).toEqual(await one.weights());
      const weights = Object.fromEntries(
        Object.entries(first).map(([name, { shape }]) => [
          name,
          float32(
            shape,
            draw(shape, name).data.map((x) => x / 4),
          ),
        ]),
      );
      for (const step of [one, three]) await step.setWeights(weights);
      for (let i = 0; i < 3; i++) {
        const { loss } = await one.run({ ...batchOf(0, 6, i), scale });
        expect((await three.run(parts(i), { scale })).loss).toBeCloseTo(loss, 4);
      }
      const [a, b] = [await one.weights(), await three.weights()];
      for (const name of Object.keys(a)) a[name]!.data.forEach((x, i) => expect(b[name]!.data[i]).toBeCloseTo(x, 4));
      const kept = Object.keys(b).filter((name) => b[name]!.data.join() === weights[name]!.data.join());
      expect(kept).toEqual(expect.arrayContaining(Object.keys(b).filter((name) => frozen.test(name))));
      expect(kept).not.toContain('frame.out.weight');
      expect(kept.includes('sound.out.weight')).toBe(frozen.test('sound.out.weight'));

      await resumed.restore(await three.checkpoint());
      expect(await resumed.run(parts(3), { scale })).toEqual(await three.run(parts(3), { scale }));
      expect(await resumed.checkpoint()).toEqual(await three.checkpoint());
      await expect(three.setWeights({ ...weights, 'sound.out.bias': float32([1], [1]) })).rejects.toThrow(/must be \[4\]/);
      const misspelt = parts(3).map(({ sound, ...feeds }) => ({ ...feeds, sonud: sound! }));
      await expect(three.run(misspelt, { scale })).rejects.toThrow(/encoder has no input 'sonud'/);
    } finally {
      await Promise.all([one, three, resumed].map((step) => step.release()));
    }
  });

  it('draws the same dropout masks in both passes: one micro-batch is the whole batch', async () => {
    const common = { optimizer: adam({ learningRate: 0.01 }), seed: 3, session: { threads: 1 } };
    const network = encoders(6, 0.5);
    const direct = await TrainingStep.create({ scope: network.scope, loss: infoNce(network.outputs), ...common });
    const cached = await CachedTrainingStep.create({ ...encoders(6, 0.5), loss: infoNce, microBatches: 1, ...common });
    try {
      for (let step = 0; step < 3; step++) {
        const { loss } = await direct.run({ ...batchOf(0, 6, step), scale });
        expect((await cached.run([batchOf(0, 6, step)], { scale })).loss).toBeCloseTo(loss, 5);
      }
    } finally {
      await Promise.all([direct.release(), cached.release()]);
    }
  });

  it('goes on from a checkpoint bit for bit', async () => {
    const optimizer = adam({ learningRate: 0.01 });
    const options = { loss: infoNce, optimizer, microBatches: 3, seed: 3, session: { threads: 1 } };
    const [a, b] = await Promise.all([0, 1].map(() => CachedTrainingStep.create({ ...encoders(2, 0.5), ...options })));
    try {
      for (let step = 0; step < 2; step++) await a!.run(parts(step), { scale });
      await b!.restore(await a!.checkpoint());
      expect(await b!.run(parts(2), { scale })).toEqual(await a!.run(parts(2), { scale }));
      expect(await b!.checkpoint()).toEqual(await a!.checkpoint());
    } finally {
      await Promise.all([a!.release(), b!.release()]);
    }
  });

  it('refuses parameters in the loss, too few micro-batches and outputs that are not finite', async () => {
    const network = encoders(2);
    const options = { ...network, optimizer: adam({ learningRate: 0.01 }), microBatches: 3, seed: 3, session: { threads: 1 } };
    const temperature = () => network.scope.parameter('temperature', [], { kind: 'constant', value: 1 });
    await expect(
      CachedTrainingStep.create({ ...options, loss: (joined) => ops.mul(infoNce(joined), temperature()) }),
    ).rejects.toThrow(/loss cannot have parameters, it uses 'temperature'/);

    const step = await CachedTrainingStep.create({ ...options, ...encoders(2), loss: infoNce });
    try {
      const before = await step.checkpoint();
      await expect(step.run(parts(0).slice(1), { scale })).rejects.toThrow(/feeds of 3 micro-batches, got 2/);
      await expect(step.run(parts(0), { scale: float32([], [Number.NaN]) })).rejects.toThrow(
        /step 1: the loss is NaN; not finite: 'scale' \(1 of 1\)/,
      );
      expect(await step.checkpoint()).toEqual(before);
    } finally {
      await step.release();
    }
  });
});
