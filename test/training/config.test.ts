/** What makes a configuration, and what is refused. */
import { describe, expect, it } from 'vitest';
import { methodNames } from '../../src/methods/index.js';
import { checkConfig, presetConfig, type TrainConfig, trainPresets } from '../../src/training/config.js';
import { ConfigError } from '../../src/training/configError.js';
import { needsNeighbours, viewPlan } from '../../src/training/views.js';

const every = methodNames.flatMap((method) => trainPresets.map((preset) => ({ method, preset })));
const laptop = () => presetConfig('sslalign', 'laptop');

type Json = Record<string, unknown>;
/** A configuration with the value at a path replaced, or added. */
function changed(config: TrainConfig, path: string, value: unknown): unknown {
  const copy = structuredClone(config) as unknown as Json;
  const keys = path.split('.');
  const last = keys.pop()!;
  const parent = keys.reduce((object, key) => object[key] as Json, copy);
  parent[last] = value;
  return copy;
}

function problemsOf(value: unknown): string[] {
  try {
    checkConfig(value);
  } catch (error) {
    expect(error).toBeInstanceOf(ConfigError);
    return (error as ConfigError).message.split('\n');
  }
  return [];
}

describe('presets', () => {
  it.each(every)('$preset of $method is valid and complete, also after it was written down', ({ method, preset }) => {
    const config = presetConfig(method, preset);
    expect(checkConfig(config)).toEqual(config);
    expect(checkConfig(JSON.parse(JSON.stringify(config)))).toEqual(config);
    expect(config.method).toBe(method);
  });

  it('are copies: whoever changes one changes no other', () => {
    const config = laptop();
    config.optimizer.learningRate = 7;
    config.augmentation.crop.enlarge = 3;
    config.neighbours.k = 2;
    (config.settings as { widths: number[] }).widths[0] = 9;
    expect(laptop().optimizer.learningRate).not.toBe(7);
    expect(laptop().augmentation.crop.enlarge).not.toBe(3);
    expect([laptop().neighbours.k, presetConfig('ezvsl', 'laptop').neighbours.k]).toEqual([20, 20]);
    expect((laptop().settings as { widths: number[] }).widths[0]).not.toBe(9);
  });

  it('of fewer epochs begin with semantic positives early enough, of as many as ever', () => {
    const afterOf = (preset: 'paper' | 'laptop', epochs: unknown) => presetConfig('sslalign', preset, epochs).neighbours.after;
    expect([1, 3, 5, 6, 20].map((epochs) => afterOf('laptop', epochs))).toEqual([0, 2, 4, 5, 5]);
    expect([1, 2].map((epochs) => afterOf('paper', epochs))).toEqual([0, 1]);
    // What is no number of epochs is refused elsewhere.
    expect([0, 2.5, '3', undefined].map((epochs) => afterOf('laptop', epochs))).toEqual([5, 5, 5, 5]);
  });

  it('have the views that their methods ask for', () => {
    const config = laptop();
    const all = { picture: ['anchor', 'augmented', 'neighbour'], sound: ['anchor', 'augmented', 'neighbour'] };
    expect(viewPlan(config, { neighbours: true })).toEqual(all);
    const before = { picture: ['anchor', 'augmented'], sound: ['anchor', 'augmented'] };
    expect(viewPlan(config, { neighbours: false })).toEqual(before);
    expect([needsNeighbours(config), needsNeighbours(presetConfig('ezvsl', 'laptop'))]).toEqual([true, false]);
  });
});

describe('unknown keys', () => {
  /** With one of the keys that there are. */
  const places = [
    ['', 'batch'],
    ['settings.', 'tau'],
    ['picture.', 'size'],
    ['sound.', 'seconds'],
    ['augmentation.', 'minArea'],
    ['augmentation.crop.', 'enlarge'],
    ['neighbours.', 'soundEncoder'],
    ['optimizer.', 'clipNorm'],
  ] as const;

  it.each(every.flatMap((one) => places.map(([path, known]) => ({ ...one, path, known }))))(
    'below "$path" of $method, $preset, are refused with their place, and the known ones told',
    ({ method, preset, path, known }) => {
      const problems = problemsOf(changed(presetConfig(method, preset), `${path}learninRate`, 1));
      expect(problems).toEqual([
        expect.stringMatching(new RegExp(`^${path}learninRate: not known here; known are .*\\b${known}\\b`)),
      ]);
    },
  );

  it('in an encoder of one’s own too', () => {
    const encoder = { path: 'a.onnx', preset: 'laptop' };
    expect(problemsOf(changed(laptop(), 'neighbours.soundEncoder', encoder))).toEqual([]);
    expect(problemsOf(changed(laptop(), 'neighbours.soundEncoder', { ...encoder, batch: 3 }))).toEqual([
      'neighbours.soundEncoder.batch: not known here; known are path, preset',
    ]);
  });

  it('of another method are unknown', () => {
    const { settings } = presetConfig('sslalign', 'laptop');
    expect(problemsOf({ ...presetConfig('ezvsl', 'laptop'), settings })).toContain(
      'settings.multiView: not known here; known are widths, blocks, pictureStride, soundStride, centred, dimensions, tau',
    );
  });
});

describe('values', () => {
  it.each([
    ['method', 'sslalgin', /^method: /],
    ['method', 'constructor', /^method: /],
    ['method', 'toString', /^method: /],
    ['settings', undefined, /^settings: /],
    ['settings.tau', 0, /^settings\.tau: /],
    ['settings.widths', [8, 8], /^settings\.blocks: expected as many/],
    ['settings.widths', [8, 1.5], /^settings\.widths\.1: /],
    ['picture.size', 8, /^picture\.size: /],
    ['picture.preset', 'desktop', /^picture\.preset: /],
    ['sound.seconds', 0, /^sound\.seconds: /],
    ['augmentation.flip', 1.01, /^augmentation\.flip: /],
    ['augmentation.crop.enlarge', 0.9, /^augmentation\.crop\.enlarge: /],
    ['augmentation.minArea', 0, /^augmentation\.minArea: /],
    ['neighbours.k', 0, /^neighbours\.k: /],
    ['neighbours.sampling', 'best', /^neighbours\.sampling: /],
    ['neighbours.after', -1, /^neighbours\.after: /],
    ['neighbours.every', 0, /^neighbours\.every: /],
    ['neighbours.pictureEncoder', { path: 'a.onnx' }, /^neighbours\.pictureEncoder\.preset: /],
    ['batch', 1, /^batch: /],
    ['microBatch', 0, /^microBatch: /],
    ['batchNorm', 'group', /^batchNorm: /],
    ['epochs', 0, /^epochs: /],
    ['optimizer.learningRate', 0, /^optimizer\.learningRate: /],
    ['optimizer.learningRate', '0.1', /^optimizer\.learningRate: /],
    ['optimizer.learningRate', Number.NaN, /^optimizer\.learningRate: /],
    ['optimizer.clipNorm', 0, /^optimizer\.clipNorm: /],
    ['optimizer.schedule', 'linear', /^optimizer\.schedule: /],
    ['seed', 0.5, /^seed: /],
  ])('%s: %j is refused, in one line', (path, value, message) => {
    expect(problemsOf(changed(laptop(), path, value))).toEqual([expect.stringMatching(message)]);
  });

  it.each([[null], ['sslalign'], [[]], [{}], [3]])('%j is no configuration', (value) => {
    expect(problemsOf(value).length).toBeGreaterThan(0);
  });

  it('that are wrong in several places are all told, those of the method too', () => {
    const wrong = changed(changed(changed(laptop(), 'epochs', 0) as TrainConfig, 'settings.tau', -1) as TrainConfig, 'lr', 1);
    expect(problemsOf(wrong).map((line) => line.split(':')[0])).toEqual(expect.arrayContaining(['epochs', 'settings.tau', 'lr']));
  });
});

describe('sizes that have to fit', () => {
  const withBatch = (batch: number, microBatch?: number) => ({
    ...laptop(),
    batch,
    ...(microBatch !== undefined && { microBatch }),
  });

  it.each([
    [12, 5],
    [12, 24],
    [12, 8],
    [13, 6],
  ])('a batch of %i is not made of micro-batches of %i', (batch, microBatch) => {
    expect(problemsOf(withBatch(batch, microBatch))).toEqual([
      `microBatch: a batch of ${batch} cannot be made of micro-batches of ${microBatch}: expected a divisor of it`,
    ]);
  });

  it.each([
    [12, 12],
    [12, 6],
    [12, 1],
    [13, undefined],
  ])('a batch of %i is made of micro-batches of %s', (batch, microBatch) => {
    expect(checkConfig(withBatch(batch, microBatch))).toMatchObject({ batch, ...(microBatch && { microBatch }) });
  });

  it('a warm-up is shorter than the run', () => {
    const warming = (warmup: number, epochs: number) => ({
      ...laptop(),
      epochs,
      neighbours: { ...laptop().neighbours, after: 0 },
      optimizer: { ...laptop().optimizer, warmup },
    });
    expect(problemsOf(warming(3, 3))).toEqual(['optimizer.warmup: expected fewer than the 3 epochs of the run, got 3']);
    expect(problemsOf(warming(4, 3))).toHaveLength(1);
    expect(problemsOf(warming(2.99, 3))).toEqual([]);
    expect(problemsOf(warming(0, 1))).toEqual([]);
  });

  it('semantic positives begin before the end', () => {
    const waiting = (after: number, settings = laptop().settings) => {
      const { neighbours, ...rest } = laptop();
      return { ...rest, settings, epochs: 4, neighbours: { ...neighbours, after } };
    };
    expect(problemsOf(waiting(3))).toEqual([]);
    expect(problemsOf(waiting(4))).toEqual([expect.stringMatching(/^neighbours\.after: .* after 4 epochs, the run has 4/)]);
    expect(problemsOf(waiting(4, { ...(laptop().settings as object), semantic: 'none' }))).toEqual([]);
    expect(problemsOf({ ...presetConfig('ezvsl', 'laptop'), epochs: 1 })).toEqual([]);
  });

  it('a loss within a modality needs several views of it', () => {
    const alone = { ...(laptop().settings as object), multiView: false, semantic: 'none', intra: 0.1 };
    expect(problemsOf({ ...laptop(), settings: alone })).toEqual([expect.stringMatching(/^settings\.intra: /)]);
    expect(problemsOf({ ...laptop(), settings: { ...alone, semantic: 'sound' } })).toEqual([]);
  });
});
