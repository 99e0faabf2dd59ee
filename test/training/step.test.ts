import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { lowerNchw } from '../../src/graph/lower/nchw/index.js';
import { lowerRows } from '../../src/graph/lower/rows/index.js';
import { channelBlock, Session, saveSafetensors, type Tensors } from '../../src/runtime/index.js';
import { float32 } from '../../src/tensor.js';
import { loadCheckpoint, saveCheckpoint } from '../../src/training/checkpoint.js';
import { adam, adamW, sgd } from '../../src/training/optimizer.js';
import { TrainingStep, type TrainingStepOptions } from '../../src/training/step.js';
import type { Lowering } from '../../src/training/stepSession.js';
import { classifier, classifierFeeds, perceptron, perceptronFeeds } from './networks.js';

const opened: TrainingStep[] = [];
async function create(options: Omit<TrainingStepOptions, 'seed'>): Promise<TrainingStep> {
  const step = await TrainingStep.create({ seed: 5, ...options, session: { threads: 1 } } as TrainingStepOptions);
  opened.push(step);
  return step;
}
afterEach(async () => {
  await Promise.all(opened.splice(0).map((step) => step.release()));
});

describe.each([
  { name: 'rows', lowering: lowerRows },
  { name: 'nchw', lowering: lowerNchw },
])('training lowered to $name', ({ lowering }) => {
  it('learns to tell stripes apart', async () => {
    const { scope, loss, accuracy } = classifier(16);
    const step = await create({ scope, loss, metrics: { accuracy }, optimizer: adam({ learningRate: 0.02 }), lowering });
    const records: { loss: number; accuracy: number }[] = [];
    for (let i = 0; i < 60; i++) records.push((await step.run(classifierFeeds(16, i))) as (typeof records)[number]);
    const average = (of: 'loss' | 'accuracy', from: number) => records.slice(from, from + 10).reduce((n, r) => n + r[of] / 10, 0);
    expect(average('loss', 0)).toBeGreaterThan(0.4);
    expect(average('loss', 50)).toBeLessThan(0.15);
    expect(average('accuracy', 50)).toBeGreaterThan(0.95);
    expect(step.updates).toBe(60);
  });

  it('goes on from a file bit for bit: weights, moments, running statistics, dropout', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'earshot-'));
    try {
      const build = () => {
        const { scope, loss } = classifier(4);
        const optimizer = adamW({ learningRate: 0.02, weightDecay: 0.1, clipNorm: 1 });
        return create({ scope, loss, optimizer, microBatches: 2, lowering });
      };
      const losses = async (step: TrainingStep, from: number, to: number) => {
        const found: number[] = [];
        for (let i = from; i < to; i++) found.push((await step.run(classifierFeeds(4, i), { factor: 1 / (i + 1) })).loss);
        return found;
      };
      const path = join(folder, 'run.safetensors');
      const straight = await build();
      await losses(straight, 0, 5);
      await saveCheckpoint(path, await straight.checkpoint());
      const expected = await losses(straight, 5, 10);

      const resumed = await build();
      await losses(resumed, 20, 23);
      await resumed.restore(await loadCheckpoint(path));
      expect(resumed.updates).toBe(2);
      expect(await losses(resumed, 5, 10)).toEqual(expected);
      expect(await resumed.checkpoint()).toEqual(await straight.checkpoint());

      const before = await loadCheckpoint(path);
      const { parameters, ...rest } = before;
      const spoilt = { ...rest, parameters: { ...parameters, 'fc.bias': float32([2], [0, Number.NaN]) } };
      await expect(saveCheckpoint(path, spoilt)).rejects.toThrow("not written, 'fc.bias' is NaN at element 1");
      expect(await loadCheckpoint(path)).toEqual(before);
    } finally {
      await rm(folder, { recursive: true });
    }
  });

  it('takes the same steps on four micro-batches as on the whole batch', async () => {
    const whole = perceptron(8);
    const parts = perceptron(2);
    const optimizer = sgd({ learningRate: 0.1, momentum: 0.9, weightDecay: 0.01 });
    const one = await create({ ...whole, optimizer, lowering });
    const four = await create({ ...parts, optimizer, microBatches: 4, lowering });
    for (let step = 0; step < 5; step++) {
      const { x, target } = perceptronFeeds(8, step);
      const { loss } = await one.run({ x, target });
      let sum = 0;
      for (let i = 0; i < 4; i++) {
        const part = {
          x: float32([2, 4], x.data.slice(i * 8, i * 8 + 8)),
          target: float32([2, 2], target.data.slice(i * 4, i * 4 + 4)),
        };
        sum += (await four.run(part)).loss;
      }
      expect(sum / 4).toBeCloseTo(loss, 5);
    }
    expect([one.updates, four.updates]).toEqual([5, 5]);
    const [a, b] = [await one.weights(), await four.weights()];
    for (const name of Object.keys(a)) a[name]!.data.forEach((x, i) => expect(b[name]!.data[i]).toBeCloseTo(x, 5));
  });
});

describe('a training step', () => {
  it('draws the same first weights from one seed, whatever the lowering', async () => {
    const [a, b] = await Promise.all(
      [lowerRows, lowerNchw].map(async (lowering) =>
        (await create({ ...classifier(4), optimizer: sgd({ learningRate: 1 }), lowering })).weights(),
      ),
    );
    expect(a).toEqual(b);
    expect(Object.keys(a!).sort()).toEqual(
      ['bn1.bias', 'bn1.running_mean', 'bn1.running_var', 'bn1.weight', 'conv1.weight', 'fc.bias', 'fc.weight'].sort(),
    );
  });

  it('reports a loss that is not finite with the step and where it came from', async () => {
    const step = await create({ ...perceptron(2), optimizer: sgd({ learningRate: 0.1 }) });
    await step.run(perceptronFeeds(2, 0));
    const { x, target } = perceptronFeeds(2, 1);
    x.data[3] = Number.NaN;
    await expect(step.run({ x, target })).rejects.toThrow(
      /step 2: the loss is NaN; not finite: 'x' \(1 of 8\).*'mlp\.0\.weight' \(\d+ of 32\)/,
    );
  });

  it('refuses the state of another network and keeps its own', async () => {
    const step = await create({ ...perceptron(2), optimizer: adam({ learningRate: 0.1 }) });
    const before = await step.checkpoint();
    const { 'mlp.0.bias': _, ...others } = before.parameters;
    const parameters: Tensors = { ...others, 'mlp.2.bias': float32([3], [1, 2, 3]), 'mlp.4.bias': float32([1], [1]) };
    await expect(step.restore({ ...before, parameters })).rejects.toThrow(
      /'mlp.0.bias' \[8\] is missing\n.*'mlp.2.bias' must be \[2\], it is \[3\]\n.*'mlp.4.bias' is no parameter/,
    );
    const weights = await step.weights();
    weights['mlp.0.weight']!.data[0] = Number.POSITIVE_INFINITY;
    await expect(step.setWeights(weights)).rejects.toThrow(/'mlp.0.weight' is Infinity at element 0/);
    expect(await step.checkpoint()).toEqual(before);
  });

  it('takes weights and keeps the state of the optimizer', async () => {
    const step = await create({ ...perceptron(2), optimizer: adam({ learningRate: 0.1 }) });
    await step.run(perceptronFeeds(2, 0));
    const before = await step.checkpoint();
    const weights = Object.fromEntries(
      Object.entries(await step.weights()).map(([name, t]) => [
        name,
        float32(
          t.shape,
          t.data.map((x) => x + 1),
        ),
      ]),
    );
    await step.setWeights(weights);
    expect(await step.checkpoint()).toEqual({ ...before, parameters: { ...before.parameters, ...weights } });
  });
});

describe('the lowering of a training step', () => {
  const settings = { ...classifier(4), optimizer: sgd({ learningRate: 0.1 }), seed: 5 };
  const quiet = { threads: 1, onWarning: () => {} };

  it('is the one for CPUs on the CPU and the plain one elsewhere, which trains on the CPU as well', async () => {
    const create = vi.spyOn(Session, 'create');
    try {
      // Only the rows keep filters taps first.
      for (const [executionProvider, permutation] of [
        ['cpu', [2, 3, 1, 0]],
        ['webgpu', undefined],
        ['cuda', undefined],
      ] as const) {
        const step = await TrainingStep.create({ ...settings, session: { ...quiet, executionProvider } });
        opened.push(step);
        const { parameters } = create.mock.lastCall![0];
        expect(parameters.find(({ name }) => name === 'conv1.weight')?.permutation).toEqual(permutation);
        expect((await step.run(classifierFeeds(4, 0))).loss).toBeGreaterThan(0);
      }
    } finally {
      create.mockRestore();
    }
  });

  it('is told of blocked kernels on the CPU only', async () => {
    const told: number[] = [];
    for (const executionProvider of ['cpu', 'cuda'] as const) {
      const lowering: Lowering = (graph, options) => {
        told.push(options.channelBlock);
        return lowerNchw(graph, options);
      };
      opened.push(await TrainingStep.create({ ...settings, lowering, session: { ...quiet, executionProvider } }));
    }
    expect(told).toEqual([await channelBlock(), 0]);
  });
});

describe('loadCheckpoint', () => {
  it('refuses weights that are no checkpoint, and counters that are no numbers', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'earshot-'));
    try {
      const path = join(folder, 'weights.safetensors');
      await saveSafetensors(path, { w: float32([1], [1]) });
      await expect(loadCheckpoint(path)).rejects.toThrow(/weights\.safetensors is no training checkpoint.*'none'/);
      const good = { runs: '3', randomSeed: '-5', randomCounter: '7' };
      const load = async (metadata: Record<string, string>) => {
        await saveSafetensors(path, { w: float32([1], [1]) }, { format: 'earshot-checkpoint-1', ...metadata });
        return loadCheckpoint(path);
      };
      expect(await load(good)).toMatchObject({ runs: 3, random: { seed: -5, counter: 7 } });
      for (const runs of ['many', '', '-1', '1e3', '1.0', ' 1', '99999999999999999'])
        await expect(load({ ...good, runs })).rejects.toThrow(`weights.safetensors: its metadata gives runs as '${runs}'`);
      await expect(load({ ...good, randomCounter: '-7' })).rejects.toThrow(/gives randomCounter as '-7'/);
      await expect(load({ ...good, randomSeed: '' })).rejects.toThrow(/gives randomSeed as ''/);
      await expect(load({ runs: '3', randomSeed: '5' })).rejects.toThrow(/gives randomCounter as 'nothing'/);
    } finally {
      await rm(folder, { recursive: true });
    }
  });
});
