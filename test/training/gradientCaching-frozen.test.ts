/** With frozen statistics an update from micro-batches is the update from the whole batch, of the methods' own networks. */
import { beforeAll, describe, expect, it } from 'vitest';
import { shapeOf } from '../../src/datasets/loader/views.js';
import { type MethodName, methodNames } from '../../src/methods/index.js';
import type { Tensors } from '../../src/runtime/index.js';
import { float32, type Shape, sizeOf, type Tensor } from '../../src/tensor.js';
import { checkConfig, presetConfig, type TrainConfig } from '../../src/training/config.js';
import { createStepper, type Stepper } from '../../src/training/stepper.js';
import { loaderViews, viewPlan } from '../../src/training/views.js';
import { draw } from './networks.js';

const batch = 12;
const learningRate = 0.1;
const options = { seed: 3, session: { threads: 1 } };

/** A ResNet of three stages with two blocks in the middle one. */
function configOf(method: MethodName, changes: Partial<TrainConfig> = {}): TrainConfig {
  const laptop = presetConfig(method, 'laptop');
  const settings = { ...(laptop.settings as object), widths: [8, 16, 24], blocks: [1, 2, 1], dimensions: 16 };
  const more = method === 'sslalign' ? { hidden: 20, localizationDimensions: 12, intra: 0.3 } : {};
  return checkConfig({
    ...laptop,
    settings: { ...settings, ...more },
    picture: { preset: 'laptop', size: 32 },
    sound: { preset: 'laptop', seconds: 0.5 },
    batch,
    batchNorm: 'frozen',
    optimizer: { learningRate, weightDecay: 0, schedule: 'constant', warmup: 0 },
    ...changes,
  });
}
const planOf = (config: TrainConfig) => viewPlan(config, { neighbours: true });

/** What the views of a batch could look like; views of one pair have something in common. */
function feedsOf(config: TrainConfig, step: number): Tensors {
  const views = Object.entries(loaderViews(config, planOf(config)));
  return Object.fromEntries(
    views.map(([name, view]) => {
      const shape = [batch, ...shapeOf(name, view)];
      const [common, own] = [draw(shape, name.split('.')[0]!, step), draw(shape, name, step)];
      return [
        name,
        float32(
          shape,
          common.data.map((x, i) => 0.8 * x + 0.6 * own.data[i]!),
        ),
      ] as const;
    }),
  );
}
function partsOf(feeds: Tensors, size: number): Tensors[] {
  const part = ({ shape, data }: Tensor, i: number) => {
    const partShape: Shape = [size, ...shape.slice(1)];
    const length = sizeOf(partShape);
    return float32(partShape, (data as Float32Array).slice(i * length, (i + 1) * length));
  };
  return Array.from({ length: batch / size }, (_, i) =>
    Object.fromEntries(Object.entries(feeds).map(([name, value]) => [name, part(value, i)])),
  );
}

const microBatches = (microBatch?: number) => (microBatch === undefined ? {} : { microBatch });

/** One update from these weights: what is reported, the weights, and Adam's first moment, which is then the gradient. */
async function update(config: TrainConfig, weights: Tensors) {
  const stepper = await createStepper(config, planOf(config), options);
  try {
    await stepper.setWeights(weights);
    const report = await stepper.run(partsOf(feedsOf(config, 100), config.microBatch ?? batch), {});
    const { parameters } = await stepper.checkpoint();
    const prefix = 'optimizer.firstMoment.';
    const gradients = Object.fromEntries(
      Object.entries(parameters).flatMap(([name, value]) =>
        name.startsWith(prefix) ? [[name.slice(prefix.length), value.data as Float32Array] as const] : [],
      ),
    );
    return { report, gradients, weights: await stepper.weights() };
  } finally {
    await stepper.release();
  }
}

const largest = (values: Float32Array) => values.reduce((most, x) => Math.max(most, Math.abs(x)), 0);
/** The largest difference, relative to the largest value. */
const difference = (a: Float32Array, b: Float32Array) => largest(a.map((x, i) => x - b[i]!)) / largest(a);

describe.each(methodNames)('%s', (method) => {
  /** After some training: statistics that say something of the features. */
  let trained: Tensors;
  let whole: Awaited<ReturnType<typeof update>>;

  beforeAll(async () => {
    const optimizer = { ...configOf(method).optimizer, learningRate: 1e-3 };
    const config = configOf(method, { batchNorm: 'batch', optimizer });
    const stepper: Stepper = await createStepper(config, planOf(config), options);
    try {
      const untrained = await stepper.weights();
      for (let step = 0; step < 20; step++) await stepper.run([feedsOf(config, step)], {});
      trained = await stepper.weights();
      const statistics = Object.keys(trained).filter((name) => /running_(mean|var)$/.test(name));
      // Of both encoders: the first layer, the blocks, and the shortcuts of two of them.
      expect(statistics).toHaveLength(2 * 2 * (1 + 4 * 2 + 2));
      for (const name of statistics) expect(trained[name]).not.toEqual(untrained[name]);
    } finally {
      await stepper.release();
    }
    whole = await update(configOf(method), trained);
  });

  // One by one, products are added up in another order, and where a relu is at 0 but for rounding its gradient may be either.
  it.each([6, 4, 2])('takes the step of the whole batch from micro-batches of %i', async (microBatch) => {
    const parts = await update(configOf(method, microBatches(microBatch)), trained);
    expect(Object.keys(parts.report).sort()).toEqual(Object.keys(whole.report).sort());
    for (const [name, value] of Object.entries(whole.report)) {
      expect(value).not.toBe(0);
      expect(Math.abs(parts.report[name]! / value - 1)).toBeLessThan(1e-5);
    }

    const names = Object.keys(whole.gradients);
    expect(Object.keys(parts.gradients).sort()).toEqual([...names].sort());
    // Convolutions, and what batch normalization scales and shifts by.
    expect(names.length).toBeGreaterThan(60);
    for (const name of names) {
      expect(largest(whole.gradients[name]!), name).toBeGreaterThan(1e-6);
      expect(difference(whole.gradients[name]!, parts.gradients[name]!), name).toBeLessThan(1e-5);
    }

    expect(Object.keys(parts.weights).sort()).toEqual(Object.keys(trained).sort());
    let [compared, total] = [0, 0];
    for (const [name, { data: before }] of Object.entries(trained)) {
      const [a, b] = [whole.weights[name]!.data, parts.weights[name]!.data];
      const gradient = whole.gradients[name];
      if (!gradient) {
        // Statistics: frozen.
        expect([a, b], name).toEqual([before, before]);
        continue;
      }
      // Adam's first step is the sign of the gradient, which for the smallest ones is that of their rounding errors.
      const least = 1e-3 * largest(gradient);
      for (const [i, g] of gradient.entries()) {
        total++;
        if (Math.abs(g) < least) continue;
        compared++;
        const steps = [a[i]! - before[i]!, b[i]! - before[i]!] as const;
        if (Math.abs(steps[0]) < 0.9 * learningRate || Math.abs(steps[0] - steps[1]) > 1e-5 * learningRate)
          expect(steps, `${name}, element ${i}`).toEqual('steps of the learning rate, the same');
      }
    }
    expect(compared / total).toBeGreaterThan(0.95);
  });

  it('clips by the norm of the whole gradient', async () => {
    const optimizer = { ...configOf(method).optimizer, clipNorm: 0.01 };
    const [one, parts] = [
      await update(configOf(method, { optimizer }), trained),
      await update(configOf(method, { optimizer, microBatch: 4 }), trained),
    ];
    expect(one.report.gradientNorm).toBeGreaterThan(0.1);
    expect(Math.abs(parts.report.gradientNorm! / one.report.gradientNorm! - 1)).toBeLessThan(1e-5);
    for (const [name, gradient] of Object.entries(one.gradients)) {
      expect(difference(gradient, parts.gradients[name]!), name).toBeLessThan(1e-5);
      expect(largest(gradient)).toBeLessThan(largest(whole.gradients[name]!));
    }
  });

  it('takes another step where every micro-batch has its own statistics', async () => {
    const [one, parts] = [
      await update(configOf(method, { batchNorm: 'batch' }), trained),
      await update(configOf(method, { batchNorm: 'batch', microBatch: 4 }), trained),
    ];
    const name = 'vision.conv1.weight';
    expect(difference(one.gradients[name]!, parts.gradients[name]!)).toBeGreaterThan(1e-2);
  });
});
