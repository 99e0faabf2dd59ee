/** What shared code relies on, for every method of the table and both of its presets. */
import { afterAll, describe, expect, it } from 'vitest';
import { type Dense, type Fed, gradients, interpret } from '../../src/graph/index.js';
import { methodNames, methods } from '../../src/methods/index.js';
import type { Method } from '../../src/methods/method.js';
import { viewKinds } from '../../src/methods/method.js';
import type { Parameter } from '../../src/nn/index.js';
import { Random } from '../../src/random.js';
import { float32, type Tensor } from '../../src/tensor.js';
import { adam } from '../../src/training/optimizer.js';
import { TrainingStep } from '../../src/training/step.js';
import { stepGraph } from '../../src/training/stepGraph.js';
import { lossOf, sizes, tinyFeeds, tinyNetwork, tinySettings, tinyWeights } from './tiny.js';

const presets = ['paper', 'laptop'] as const;
const cases = (Object.entries(methods) as [string, Method][]).flatMap(([name, method]) =>
  presets.map((preset) => ({ name, preset, method })),
);

it('the table has every method under its own name', () => {
  expect(Object.keys(methods)).toEqual(methodNames);
  expect(methodNames.length).toBeGreaterThan(0);
  for (const [name, method] of Object.entries(methods)) {
    expect(method.name).toBe(name);
    expect(method.source).toMatch(/\S+ .*(19|20)\d\d/);
  }
});

describe.each(cases)('the settings of $name, $preset', ({ method, preset }) => {
  const settings = method.presets[preset] as Record<string, unknown>;

  it('are what its schema makes of them', () => {
    expect(method.settings.parse(settings)).toEqual(settings);
    // As they come from a file.
    expect(method.settings.parse(JSON.parse(JSON.stringify(settings)))).toEqual(settings);
  });
  it('have no unknown keys', () => {
    const found = method.settings.safeParse({ ...settings, tua: 0.07 });
    expect(found.error?.issues[0]?.message).toContain('tua');
  });
  it('are complete', () => {
    for (const key of Object.keys(settings)) {
      const { [key]: value, ...others } = settings;
      const found = method.settings.safeParse(others);
      // An optional one that is left out is left out.
      if (found.success) expect(found.data, `${key}, ${value}`).not.toHaveProperty(key);
      else expect(found.error.issues[0]!.path).toEqual([key]);
    }
    expect(method.settings.safeParse({}).success).toBe(false);
    expect(method.settings.safeParse(undefined).success).toBe(false);
  });
  it('are of the type that they have', () => {
    for (const key of Object.keys(settings))
      expect(method.settings.safeParse({ ...settings, [key]: { not: 'this' } }).success, key).toBe(false);
  });
  it('ask for the pair itself first, and for no view twice', () => {
    const views = method.views(settings);
    for (const side of ['picture', 'sound'] as const) {
      expect(views[side][0]).toBe('anchor');
      expect(new Set(views[side]).size).toBe(views[side].length);
      for (const view of views[side]) expect(viewKinds).toContain(view);
    }
  });
});

/** Lengths of the vectors along axis 1. */
function lengths({ shape, data }: Dense): number[] {
  const [b, d, ...rest] = shape as [number, number, ...number[]];
  const positions = rest.reduce((n, x) => n * x, 1);
  return Array.from({ length: b * positions }, (_, k) => {
    const [i, p] = [Math.floor(k / positions), k % positions];
    let sum = 0;
    for (let c = 0; c < d; c++) sum += data[(i * d + c) * positions + p]! ** 2;
    return Math.sqrt(sum);
  });
}
function expectUnit(vectors: Dense): void {
  for (const length of lengths(vectors)) expect(length).toBeCloseTo(1, 9);
}

describe.each(cases)('what $name makes of pictures and sounds, $preset', ({ method, preset }) => {
  const settings = tinySettings(method, preset);
  const { batch } = sizes;
  const network = tinyNetwork(method, settings, false);
  const [picture, sound] = [network.pictures[0]!, network.sounds[0]!];
  const map = method.map(picture.features, sound.features);
  const weights = tinyWeights(network.scope);
  const feeds = tinyFeeds(method, settings);
  const found = interpret(
    {
      outputs: {
        pictureFeatures: picture.features,
        soundFeatures: sound.features,
        pictureEmbedding: picture.embedding,
        soundEmbedding: sound.embedding,
        map,
      },
    },
    feeds,
    weights,
  ) as Record<'pictureFeatures' | 'soundFeatures' | 'pictureEmbedding' | 'soundEmbedding' | 'map', Dense>;

  it('features are unit vectors of one dimension: of pictures at every position', () => {
    const [b, d, h, w] = found.pictureFeatures.shape;
    expect([b, h]).toEqual([batch, w]);
    expect(h).toBeGreaterThan(1);
    expect(found.soundFeatures.shape).toEqual([batch, d]);
    expectUnit(found.pictureFeatures);
    expectUnit(found.soundFeatures);
  });

  it('embeddings are unit vectors of one dimension, and not all the same', () => {
    expect(found.pictureEmbedding.shape.length).toBe(2);
    expect(found.pictureEmbedding.shape[0]).toBe(batch);
    expect(found.soundEmbedding.shape).toEqual(found.pictureEmbedding.shape);
    for (const embedding of [found.pictureEmbedding, found.soundEmbedding]) {
      expectUnit(embedding);
      const e = embedding.shape[1]!;
      const [first, second] = [embedding.data.slice(0, e), embedding.data.slice(e, 2 * e)];
      expect(Math.max(...first.map((x, i) => Math.abs(x - second[i]!)))).toBeGreaterThan(1e-4);
    }
  });

  it('maps are the cosines of every position with the own sound', () => {
    const [, d, h, w] = found.pictureFeatures.shape as [number, number, number, number];
    expect(found.map.shape).toEqual([batch, h, w]);
    for (let i = 0; i < batch; i++)
      for (let p = 0; p < h * w; p++) {
        let cosine = 0;
        for (let c = 0; c < d; c++)
          cosine += found.pictureFeatures.data[(i * d + c) * h * w + p]! * found.soundFeatures.data[i * d + c]!;
        expect(found.map.data[i * h * w + p]).toBeCloseTo(cosine, 12);
        expect(Math.abs(cosine)).toBeLessThanOrEqual(1 + 1e-12);
      }
    expect(new Set(found.map.data).size).toBe(found.map.data.length);
  });

  it('a picture twice as large gives a map twice as fine, a longer sound a vector as before, with the same weights', () => {
    const larger = tinyNetwork(method, settings, false, { ...sizes, size: 2 * sizes.size, frames: 2 * sizes.frames });
    const [, d, h, w] = found.pictureFeatures.shape as [number, number, number, number];
    expect(larger.pictures[0]!.features.shape).toEqual([batch, d, 2 * h, 2 * w]);
    expect(larger.sounds[0]!.features.shape).toEqual([batch, d]);
    expect(larger.pictures[0]!.embedding.shape).toEqual(found.pictureEmbedding.shape);
    expect(method.map(larger.pictures[0]!.features, larger.sounds[0]!.features).shape).toEqual([batch, 2 * h, 2 * w]);
    const shapes = (scope: typeof larger.scope) => [...scope.parameters].map(([name, { shape }]) => [name, shape]);
    expect(shapes(larger.scope)).toEqual(shapes(network.scope));
  });

  it('every pair is by itself', () => {
    const one = tinyNetwork(method, settings, false, { ...sizes, batch: 1 });
    const single = method.map(one.pictures[0]!.features, one.sounds[0]!.features);
    const last = (t: Tensor<'float32'>) => {
      const length = t.data.length / batch;
      return float32([1, ...t.shape.slice(1)], t.data.slice((batch - 1) * length));
    };
    const own = Object.fromEntries(Object.entries(feeds).map(([name, t]) => [name, last(t)]));
    const alone = interpret({ outputs: { map: single } }, own, weights).map!.data;
    const among = found.map.data.slice((batch - 1) * alone.length);
    for (const [i, x] of alone.entries()) expect(x).toBeCloseTo(among[i]!, 12);
  });
});

describe.each(cases)('the loss of $name, $preset', ({ method, preset }) => {
  const settings = tinySettings(method, preset);
  const network = tinyNetwork(method, settings, true);
  const { loss, terms } = lossOf(method, settings, network);
  const { scope } = network;

  it('is a sum of scalars of what the encoders make, one thing for each view', () => {
    for (const [name, term] of Object.entries(terms)) expect(term.shape, name).toEqual([]);
    const views = method.views(settings);
    for (const side of ['pictures', 'sounds'] as const) {
      const all = network[side].map(({ compared }) => Object.entries(compared).map(([name, { shape }]) => [name, shape]));
      for (const one of all) expect(one).toEqual(all[0]);
      for (const [, shape] of all[0]!) expect((shape as number[])[0]).toBe(sizes.batch);
    }
    expect([network.pictures.length, network.sounds.length]).toEqual([views.picture.length, views.sound.length]);
  });

  it('trains every parameter: none takes part in nothing', () => {
    const graph = stepGraph({ scope, loss, metrics: terms, optimizer: adam({ learningRate: 0.01 }) });
    const names = [...scope.parameters.keys()];
    expect(Object.keys(graph.state)).toEqual(expect.arrayContaining(names));
    expect(graph.reported).toEqual(['loss', ...Object.keys(terms)]);
  });

  it('has gradients that are its differences, at every parameter', () => {
    const feeds = tinyFeeds(method, settings);
    const weights: Record<string, Fed> = tinyWeights(scope);
    const trained = [...scope.parameters.values()].filter((p: Parameter) => p.attributes.trainable);
    const found = gradients(loss, trained);
    const values = interpret(
      { outputs: Object.fromEntries(trained.map((p) => [p.attributes.name, found.get(p)!])) },
      feeds,
      weights,
    );
    // Smaller than the way to the next corner of all the relus and maxima.
    const h = 1e-7;
    for (const { attributes } of trained) {
      const { name } = attributes;
      const { shape, data } = weights[name]!;
      const random = new Random(1, name);
      // All weights of the parameter move at once, each by an amount of its own.
      const direction = Float64Array.from(data, () => 2 * random.uniform() - 1);
      const lossAt = (by: number) => {
        const moved = { shape, data: Float64Array.from(data, (x, i) => x + by * direction[i]!) };
        return interpret({ outputs: { loss } }, feeds, { ...weights, [name]: moved }).loss!.data[0]!;
      };
      const wanted = (lossAt(h) - lossAt(-h)) / (2 * h);
      const slope = values[name]!.data.reduce((sum, g, i) => sum + g * direction[i]!, 0);
      expect(Math.abs(slope - wanted), name).toBeLessThan(1e-6 * (1 + Math.abs(wanted)));
      expect(Math.max(...values[name]!.data.map(Math.abs)), name).toBeGreaterThan(1e-6);
    }
  });
});

/** Kinds of things: each has a colour and a pitch. */
const kinds = 6;
const turn = (2 * Math.PI) / kinds;

/** One of every kind: a square of its colour somewhere on grey noise, and a tone of its pitch in quieter noise, anew for each view. */
function toyFeeds(method: Method, settings: unknown, step: number): Record<string, Tensor<'float32'>> {
  const { size, bins, frames } = sizes;
  const random = new Random(7, step);
  const { picture, sound } = method.views(settings);
  const pictureOf = () => {
    const data = Float32Array.from({ length: kinds * 3 * size * size }, () => 0.3 * random.normal());
    for (let k = 0; k < kinds; k++) {
      const [left, top] = [random.below(size - 15), random.below(size - 15)];
      for (let c = 0; c < 3; c++)
        for (let y = top; y < top + 16; y++)
          for (let x = left; x < left + 16; x++) data[((k * 3 + c) * size + y) * size + x]! += 2 * Math.cos(turn * (k - 2 * c));
    }
    return float32([kinds, 3, size, size], data);
  };
  const soundOf = () => {
    const data = Float32Array.from({ length: kinds * bins * frames }, () => 0.3 * random.normal());
    for (let k = 0; k < kinds; k++) {
      const start = random.below(frames / 2);
      for (let t = start; t < start + frames / 2; t++)
        for (let f = 0; f <= k; f++) data[(k * bins + 1 + 5 * f) * frames + t]! += 2;
    }
    return float32([kinds, 1, bins, frames], data);
  };
  return Object.fromEntries([
    ...picture.map((view) => [`picture.${view}`, pictureOf()] as const),
    ...sound.map((view) => [`sound.${view}`, soundOf()] as const),
  ]);
}

describe.each(cases)('$name, $preset', ({ method, preset }) => {
  const opened: TrainingStep[] = [];
  afterAll(() => Promise.all(opened.map((step) => step.release())));

  it('learns which colour goes with which pitch', async () => {
    const settings = tinySettings(method, preset, {
      widths: [8, 16],
      ...('dimensions' in (method.presets[preset] as object) && { dimensions: 16 }),
    });
    const network = tinyNetwork(method, settings, true, { ...sizes, batch: kinds });
    const { loss, terms } = lossOf(method, settings, network);
    const step = await TrainingStep.create({
      scope: network.scope,
      loss,
      metrics: Object.keys(terms).length > 1 ? terms : {},
      optimizer: adam({ learningRate: 0.02 }),
      seed: 3,
      session: { threads: 1 },
    });
    opened.push(step);
    const records: Record<string, number>[] = [];
    for (let i = 0; i < 150; i++) records.push(await step.run(toyFeeds(method, settings, i)));
    const average = (name: string, from: number) => records.slice(from, from + 5).reduce((sum, r) => sum + r[name]! / 5, 0);
    for (const name of Object.keys(records[0]!)) expect(average(name, 145), name).toBeLessThan(0.4 * average(name, 0));
  });
});
