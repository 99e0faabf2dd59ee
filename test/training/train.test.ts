/** Real training of tiny networks on a small world. */
import { cpSync, existsSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { type PairSet, readPairs } from '../../src/datasets/index.js';
import { type Graph, globalAveragePool, input, lowerNchw, max } from '../../src/graph/index.js';
import { onnxEncoder } from '../../src/localization/encoder.js';
import { loadModel, type Model } from '../../src/localization/model.js';
import type { MethodName } from '../../src/methods/index.js';
import { loadSafetensors } from '../../src/runtime/index.js';
import { float32 } from '../../src/tensor.js';
import { loadCheckpoint } from '../../src/training/checkpoint.js';
import { checkConfig, presetConfig, type TrainConfig } from '../../src/training/config.js';
import { ConfigError } from '../../src/training/configError.js';
import { loadNeighbours } from '../../src/training/neighboursFile.js';
import { type Progress, RunFolder, runFiles } from '../../src/training/runFolder.js';
import { type TrainOptions, type TrainRecord, train } from '../../src/training/train.js';
import { writeWorld } from '../../src/world/index.js';
import { scratchFolders } from '../datasets/scratch.js';

const newFolder = scratchFolders();
const count = 24;
let world: string;
let pairs: PairSet;

beforeAll(async () => {
  world = newFolder();
  await writeWorld(world, { train: count, validation: 1, test: 1, size: 48 });
  pairs = await readPairs(join(world, 'train.csv'));
});

interface Changes extends Partial<Omit<TrainConfig, 'settings' | 'neighbours' | 'optimizer'>> {
  settings?: object;
  neighbours?: Partial<TrainConfig['neighbours']>;
  optimizer?: Partial<TrainConfig['optimizer']>;
}

/** A configuration that learns in seconds: three updates an epoch. */
function tiny(method: MethodName, { settings, neighbours, optimizer, ...changes }: Changes = {}): TrainConfig {
  const laptop = presetConfig(method, 'laptop');
  const small = { widths: [4, 8], blocks: [1, 1], dimensions: 8 };
  const smaller = method === 'sslalign' ? { hidden: 8, localizationDimensions: 8 } : {};
  return checkConfig({
    ...laptop,
    settings: { ...(laptop.settings as object), ...small, ...smaller, ...settings },
    picture: { preset: 'laptop', size: 32 },
    sound: { preset: 'laptop', seconds: 0.5 },
    neighbours: { ...laptop.neighbours, k: 3, after: 1, every: 1, ...neighbours },
    batch: 8,
    epochs: 2,
    optimizer: { ...laptop.optimizer, ...optimizer },
    ...changes,
  });
}

interface Going extends TrainOptions {
  path?: string;
  set?: PairSet;
  /** Looks at a record; what it gives ends the run: `abort` by the signal, `leave` as if the process had been killed. */
  until?: (record: TrainRecord, records: number) => 'abort' | 'leave' | undefined;
}

/** Trains, in a new folder or on in an old one. */
async function run(config: TrainConfig, { path = join(newFolder(), 'run'), set = pairs, until, ...options }: Going = {}) {
  const controller = new AbortController();
  const stop = new Error('stopped by the test');
  const folder = await RunFolder.open(path, config, set, { resume: true });
  const records: TrainRecord[] = [];
  let ended: 'done' | 'aborted' | 'left' = 'done';
  try {
    for await (const record of train(config, set, folder, { session: { threads: 1 }, signal: controller.signal, ...options })) {
      records.push(record);
      const end = until?.(record, records.length);
      if (end === 'abort') controller.abort(stop);
      if (end !== 'leave') continue;
      ended = 'left';
      break;
    }
  } catch (error) {
    if (error !== stop) throw error;
    ended = 'aborted';
  } finally {
    folder.release();
  }
  return { path, records, ended };
}

const metricsOf = (path: string): TrainRecord[] =>
  readFileSync(join(path, runFiles.metrics), 'utf8')
    .split('\n')
    .slice(0, -1)
    .map((line) => JSON.parse(line));

/** Without what depends on the machine's mood. */
const comparable = (records: readonly object[]) =>
  records.map((record) => Object.fromEntries(Object.entries(record).filter(([key]) => key !== 'rate' && key !== 'seconds')));

const progressOf = async (path: string): Promise<Progress> =>
  JSON.parse((await loadCheckpoint(join(path, runFiles.last))).metadata.progress!);

/** Both runs came to the same, bit for bit. */
async function expectSame(path: string, expected: string): Promise<void> {
  const [a, b] = [await loadCheckpoint(join(path, runFiles.last)), await loadCheckpoint(join(expected, runFiles.last))];
  expect(Object.keys(a.parameters).length).toBeGreaterThan(20);
  const standing = ({ metadata, ...checkpoint }: typeof a) => ({ ...checkpoint, progress: JSON.parse(metadata.progress!) });
  expect(standing(a)).toEqual(standing(b));
  expect(comparable(metricsOf(path))).toEqual(comparable(metricsOf(expected)));
  for (const name of ['first', 'best'] as const)
    expect(readFileSync(join(path, runFiles[name]))).toEqual(readFileSync(join(expected, runFiles[name])));
  const neighbours = (folder: string) => {
    const found = join(folder, runFiles.neighbours);
    return existsSync(found) ? readdirSync(found).sort() : [];
  };
  expect(neighbours(path)).toEqual(neighbours(expected));
}

const steps = (records: readonly TrainRecord[]) => records.flatMap((record) => (record.kind === 'step' ? [record] : []));
const searches = (records: readonly TrainRecord[]) => records.flatMap((record) => (record.kind === 'search' ? [record] : []));
const lossOf = (records: readonly TrainRecord[], epoch: number) =>
  steps(records).flatMap((record) => (record.epoch === epoch ? [record.loss] : []));
const mean = (values: readonly number[]) => values.reduce((sum, x) => sum + x, 0) / values.length;

describe('a run', () => {
  it.each([
    ['sslalign', {}],
    ['ezvsl', {}],
    ['ezvsl', { microBatch: 4 }],
  ] as const)('of %s learns (%j)', async (method, changes) => {
    const epochs = 30;
    // Always the same pictures and sounds: there is not much that so small a network can learn.
    const augmentation = { crop: { enlarge: 1 }, flip: 0, minArea: 0.9, colour: 0, blur: 0, shift: 0 };
    const settings = { widths: [8, 16], tau: 0.1 };
    const optimizer = { learningRate: 0.02, weightDecay: 0 };
    const config = tiny(method, {
      epochs,
      augmentation,
      settings,
      optimizer,
      neighbours: { k: 1, after: 10, every: 30 },
      ...changes,
    });
    const validate = async () => ({ score: 0, scores: {} });
    const { records } = await run(config, { validation: { every: epochs, validate } });
    expect(steps(records)).toHaveLength(3 * epochs);
    // Two losses, each of one of eight.
    const chance = 2 * Math.log(8);
    const last = steps(records).slice(-15);
    expect(mean(last.map(({ loss }) => loss))).toBeLessThan(0.9 * chance);
    expect(mean(lossOf(records, 0))).toBeGreaterThan(0.98 * chance);
  });

  it('leaves its files: a line of metrics for every record, models, where it goes on', async () => {
    const config = tiny('sslalign', { epochs: 4, neighbours: { every: 2 } });
    const models: Model[] = [];
    const shares = [0.2, 0.5, 0.1, 0.5];
    const validate = async (model: Model, epoch: number) => {
      models.push(model);
      return { score: shares[epoch]!, scores: { cIoU: shares[epoch]!, IIoU: null } };
    };
    const { path, records, ended } = await run(config, { validation: { every: 1, validate } });
    expect(ended).toBe('done');
    expect(readdirSync(path).sort()).toEqual(
      ['best.safetensors', 'config.json', 'first.safetensors', 'last.safetensors', 'metrics.jsonl', 'neighbours'].sort(),
    );
    expect(metricsOf(path)).toEqual(records);
    expect(records.map(({ kind, epoch, update }) => `${kind} ${epoch} ${update}`)).toEqual(
      [
        ['step 0 1', 'step 0 2', 'step 0 3', 'validation 0 3'],
        ['search 1 3', 'search 1 3', 'step 1 4', 'step 1 5', 'step 1 6', 'validation 1 6'],
        ['step 2 7', 'step 2 8', 'step 2 9', 'validation 2 9'],
        ['search 3 9', 'search 3 9', 'step 3 10', 'step 3 11', 'step 3 12', 'validation 3 12'],
      ].flat(),
    );
    expect(searches(records).map(({ side }) => side)).toEqual(['picture', 'sound', 'picture', 'sound']);
    expect(records.flatMap((record) => (record.kind === 'validation' ? [record.best] : []))).toEqual([true, true, false, true]);
    for (const { loss, terms, updates, rate } of steps(records)) {
      expect(terms.localization! + terms.alignment!).toBeCloseTo(loss, 4);
      expect(updates).toBe(12);
      expect(rate).toBeGreaterThan(0);
    }
    // Half an epoch of warm-up, then a cosine.
    const rates = steps(records).map(({ learningRate }) => learningRate / config.optimizer.learningRate);
    expect(rates.slice(0, 2)).toEqual([0.5, 1]);
    expect(rates[11]).toBeCloseTo((1 + Math.cos((Math.PI * 9) / 10)) / 2, 6);

    const [first, best] = [await loadModel(join(path, runFiles.first)), await loadModel(join(path, runFiles.best))];
    const { method, settings, picture, sound } = config;
    expect(first).toMatchObject({ method, settings, picture, sound });
    expect(best).toMatchObject({ method, settings, picture, sound, weights: models[3]!.weights });
    expect(models[1]!.weights).not.toEqual(models[3]!.weights);
    expect((await loadSafetensors(join(path, runFiles.best))).metadata).toMatchObject({
      epoch: '4',
      scores: '{"cIoU":0.5,"IIoU":null}',
    });
    expect(await progressOf(path)).toMatchObject({ epoch: 4, batch: 0, updates: 12, lines: 20, best: { epoch: 3, score: 0.5 } });
    // Of the semantic positives only those in use are kept.
    expect(
      readdirSync(join(path, runFiles.neighbours))
        .map((name) => name.split('-')[0])
        .sort(),
    ).toEqual(['picture', 'sound']);

    // There is nothing more to do, and nothing changes.
    const before = readdirSync(path).map((name) => (name === 'neighbours' ? name : readFileSync(join(path, name))));
    expect((await run(config, { path })).records).toEqual([]);
    expect(readdirSync(path).map((name) => (name === 'neighbours' ? name : readFileSync(join(path, name))))).toEqual(before);
  });

  it('without validation keeps the model after the last epoch; with one now and then looks after the last too', async () => {
    const config = tiny('ezvsl', { epochs: 3 });
    const { path } = await run(config);
    const last = await loadCheckpoint(join(path, runFiles.last));
    const { weights } = await loadModel(join(path, runFiles.best));
    for (const [name, value] of Object.entries(weights)) expect(value).toEqual(last.parameters[name]);
    expect((await loadSafetensors(join(path, runFiles.best))).metadata.epoch).toBe('3');

    const epochs: number[] = [];
    const validate = async (_: Model, epoch: number) => {
      epochs.push(epoch);
      return { score: 0, scores: {} };
    };
    await run(config, { validation: { every: 2, validate } });
    expect(epochs).toEqual([1, 2]);
  });

  it('depends on its seed, and on nothing else', async () => {
    const config = tiny('ezvsl', { epochs: 1 });
    const [one, same] = [await run(config), await run(config)];
    await expectSame(same.path, one.path);
    const other = await run({ ...config, seed: 1 });
    expect(lossOf(other.records, 0)[0]).not.toBe(lossOf(one.records, 0)[0]);
  });

  it('warms up at most until its last update', async () => {
    const few = { ...pairs, pairs: pairs.pairs.slice(0, 8) };
    const { records } = await run(tiny('ezvsl', { epochs: 1, optimizer: { warmup: 0.9 } }), { set: few });
    expect(steps(records).map(({ update }) => update)).toEqual([1]);
  });

  it('clips gradients, and tells their norm', async () => {
    const { records } = await run(tiny('ezvsl', { epochs: 1, optimizer: { clipNorm: 0.01 } }));
    for (const { terms } of steps(records)) expect(terms.gradientNorm).toBeGreaterThan(0.01);
  });

  it('begins with the given weights, some or all', async () => {
    const other = await run(tiny('ezvsl', { epochs: 1, seed: 5 }));
    const { weights } = await loadModel(join(other.path, runFiles.best));
    const config = tiny('ezvsl', { epochs: 1 });
    const own = (await loadModel(join((await run(config)).path, runFiles.first))).weights;
    const some = Object.fromEntries(Object.entries(weights).filter(([name]) => name.startsWith('vision.')));
    for (const given of [some, weights]) {
      const { path, records } = await run(config, { weights: given });
      expect((await loadModel(join(path, runFiles.first))).weights).toEqual({ ...own, ...given });
      expect(steps(records)).toHaveLength(3);
    }
    await expect(run(config, { weights: { 'vision.nothing': float32([1], [1]) } })).rejects.toThrow(/vision\.nothing/);
    const misshapen = { [Object.keys(some)[0]!]: float32([1], [1]) };
    await expect(run(config, { weights: misshapen })).rejects.toThrow(Object.keys(some)[0]!);
  });

  it('needs a batch of pairs', async () => {
    const refused = run(tiny('ezvsl', { batch: 25 }));
    await expect(refused).rejects.toThrow(ConfigError);
    await expect(refused).rejects.toThrow(/batch: 25 pairs are more than the 24 of 'train'/);
  });
});

/** Goes on after each end until nothing ends it any more; the runs that were needed. */
async function inPieces(config: TrainConfig, path: string, pieces: (piece: number) => Going): Promise<number> {
  for (let piece = 0; ; piece++) if ((await run(config, { ...pieces(piece), path })).ended === 'done') return piece + 1;
}

describe('going on', () => {
  const validation = {
    every: 1,
    // Falls and rises, so that the best one is in the middle.
    validate: async (_: Model, epoch: number) => ({ score: [0.3, 0.6, 0.5][epoch]!, scores: { a: epoch } }),
  };
  const semantic = () => tiny('sslalign', { epochs: 3 });
  let undisturbed: Promise<string> | undefined;
  const whole = () => {
    undisturbed ??= run(semantic(), { validation }).then(({ path }) => path);
    return undisturbed;
  };

  it('after every single step comes to the same, with semantic positives', async () => {
    const path = join(newFolder(), 'run');
    const until = ({ kind }: TrainRecord) => (kind === 'step' ? 'abort' : undefined);
    expect(await inPieces(semantic(), path, () => ({ until, validation }))).toBe(10);
    await expectSame(path, await whole());
  });

  it('after every single step comes to the same, with micro-batches, of which some are left at the end of an epoch', async () => {
    const config = tiny('ezvsl', { epochs: 2, microBatch: 4 });
    const set = { ...pairs, pairs: pairs.pairs.slice(0, 22) };
    const expected = await run(config, { set });
    expect(steps(expected.records)).toHaveLength(4);
    const path = join(newFolder(), 'run');
    const until = ({ kind }: TrainRecord) => (kind === 'step' ? 'abort' : undefined);
    expect(await inPieces(config, path, () => ({ until, set }))).toBe(5);
    await expectSame(path, expected.path);
  });

  it.each([
    { checkpointSeconds: 60, after: [2, 4, 6, 3, 5, 7, 2, 6] },
    { checkpointSeconds: 1e-9, after: [1, 2, 1, 3, 2, 1, 2, 3] },
  ])(
    'after having been killed comes to the same: $checkpointSeconds s between checkpoints',
    async ({ checkpointSeconds, after }) => {
      const path = join(newFolder(), 'run');
      const until = (records: number | undefined) => (_: TrainRecord, n: number) => (n === records ? 'leave' : undefined);
      await inPieces(semantic(), path, (piece) => ({ until: until(after[piece]), validation, checkpointSeconds }));
      await expectSame(path, await whole());
    },
  );

  it('after having been stopped in a validation does no step again', async () => {
    const path = join(newFolder(), 'run');
    const controller = new AbortController();
    const stop = new Error('stop');
    const validate = async (): Promise<never> => {
      controller.abort(stop);
      throw stop;
    };
    await expect(run(semantic(), { path, signal: controller.signal, validation: { every: 1, validate } })).rejects.toThrow(stop);
    expect(await progressOf(path)).toMatchObject({ epoch: 0, batch: 3, updates: 3, lines: 3 });
    const { records } = await run(semantic(), { path, validation });
    expect(records[0]!.kind).toBe('validation');
    await expectSame(path, await whole());
  });

  it('after having been stopped in a search comes to the same', async () => {
    const path = join(newFolder(), 'run');
    const controller = new AbortController();
    const stop = new Error('stop');
    const onSearch: TrainOptions['onSearch'] = (side) => {
      if (side === 'sound') controller.abort(stop);
    };
    await expect(run(semantic(), { path, signal: controller.signal, validation, onSearch })).rejects.toThrow(stop);
    expect(await progressOf(path)).toMatchObject({ epoch: 1, batch: 0, updates: 3, lines: 4 });
    // The search that was done is not done again.
    const sides: string[] = [];
    await run(semantic(), { path, validation, onSearch: (side, done, total) => void (done === total && sides.push(side)) });
    expect(sides).toEqual(['sound', 'picture', 'sound']);
    await expectSame(path, await whole());
  });
});

describe('a picture that cannot be read', () => {
  /** A world of its own with these pictures cut off. */
  async function withBroken(...broken: number[]): Promise<PairSet> {
    const folder = newFolder();
    cpSync(world, folder, { recursive: true });
    const set = await readPairs(join(folder, 'train.csv'));
    for (const i of broken) truncateSync(set.pairs[i]!.picture.path, 90);
    return set;
  }

  it.each(['sslalign', 'ezvsl'] as const)('is told once, left out, and remembered: %s', async (method) => {
    const set = await withBroken(4, 17);
    const config = tiny(method, { epochs: 3, ...(method === 'ezvsl' && { microBatch: 4 }) });
    const told: string[] = [];
    const onBad: TrainOptions['onBad'] = ({ id, file, reason }) => {
      expect(reason).not.toBe('');
      expect(file).toBe(set.pairs.find((pair) => pair.id === id)!.picture.path);
      told.push(id);
    };
    const expected = await run(config, { set, onBad });
    const bad = [set.pairs[4]!.id, set.pairs[17]!.id].sort();
    expect([...told].sort()).toEqual(bad);
    // 22 good ones: two batches.
    expect(steps(expected.records)).toHaveLength(6);
    expect([...(await progressOf(expected.path)).bad].sort()).toEqual(bad);

    told.length = 0;
    const path = join(newFolder(), 'run');
    const until = ({ kind }: TrainRecord) => (kind === 'step' ? 'abort' : undefined);
    expect(await inPieces(config, path, () => ({ set, onBad, until }))).toBe(7);
    expect([...told].sort()).toEqual(bad);
    // In which order they were met is a matter of threads.
    const [a, b] = [await loadCheckpoint(join(path, runFiles.last)), await loadCheckpoint(join(expected.path, runFiles.last))];
    expect(a.parameters).toEqual(b.parameters);
    expect(comparable(metricsOf(path))).toEqual(comparable(metricsOf(expected.path)));
  });

  it('is told also when it leaves no batch; nothing was learnt, and that is an error', async () => {
    const { pairs: all, ...about } = await withBroken(3);
    const told: string[] = [];
    const refused = run(tiny('ezvsl', { epochs: 2 }), {
      set: { ...about, pairs: all.slice(0, 8) },
      onBad: ({ id }) => told.push(id),
    });
    await expect(refused).rejects.toThrow("batch: of the 8 pairs of 'train' only 7 can be used, fewer than a batch of 8");
    expect(told).toEqual([all[3]!.id]);
  });
});

describe('semantic positives', () => {
  const withSampling = (sampling: TrainConfig['neighbours']['sampling'], k = 5, more: Changes = {}) =>
    run(tiny('sslalign', { neighbours: { sampling, k }, ...more }));

  it('are drawn, or the first, or the pair itself', async () => {
    const [random, first, anchor] = [await withSampling('random'), await withSampling('first'), await withSampling('anchor')];
    expect(lossOf(first.records, 0)).toEqual(lossOf(random.records, 0));
    expect(lossOf(first.records, 1)).not.toEqual(lossOf(random.records, 1));
    expect(searches(first.records)).toHaveLength(2);
    // The pair itself is there from the beginning, and nothing has to be looked for.
    expect(searches(anchor.records)).toEqual([]);
    expect(existsSync(join(anchor.path, runFiles.neighbours))).toBe(false);
    expect(lossOf(anchor.records, 0)).not.toEqual(lossOf(random.records, 0));
    // Of one there is nothing to draw.
    const [one, firstOfOne] = [await withSampling('random', 1), await withSampling('first', 1)];
    expect(comparable(one.records)).toEqual(comparable(firstOfOne.records));
  });

  it.each([
    ['picture', 1, 0],
    ['sound', 0, 1],
    ['none', 0, 0],
  ] as const)('of one side alone, or of none: %s', async (semantic, pictures, sounds) => {
    const { records } = await run(tiny('sslalign', { settings: { semantic } }));
    const sides = searches(records).map(({ side }) => side);
    expect([sides.filter((side) => side === 'picture').length, sides.filter((side) => side === 'sound').length]).toEqual([
      pictures,
      sounds,
    ]);
    expect(steps(records)).toHaveLength(6);
  });

  it('are looked for from the beginning with after 0', async () => {
    const { records } = await withSampling('random', 2, { neighbours: { after: 0, k: 2 }, epochs: 1 });
    expect(records.map(({ kind }) => kind)).toEqual(['search', 'search', 'step', 'step', 'step']);
  });

  /** An encoder of pictures by their mean colour, and one of sounds by their loudest moment in each band. */
  function writeEncoders(): {
    pictureEncoder: { path: string; preset: 'laptop' };
    soundEncoder: { path: string; preset: 'laptop' };
  } {
    const folder = newFolder();
    const save = (name: string, graph: Graph) => {
      writeFileSync(join(folder, name), lowerNchw(graph).model);
      return { path: join(folder, name), preset: 'laptop' } as const;
    };
    const colour = globalAveragePool(input('pictures', [64, 3, 96, 96]));
    const bands = max(input('sounds', [64, 1, 64, 100]), [1, 3]);
    return {
      pictureEncoder: save('colour.onnx', { outputs: { colour } }),
      soundEncoder: save('bands.onnx', { outputs: { bands } }),
    };
  }

  it('by encoders of other programs are there from the beginning, and are looked for once', async () => {
    const encoders = writeEncoders();
    const config = tiny('sslalign', { neighbours: { ...encoders, after: 5 } });
    const looked: string[] = [];
    const onSearch: TrainOptions['onSearch'] = (side, done) => void looked.push(`${side} ${done}`);
    const expected = await run(config, { onSearch });
    expect(expected.records.map(({ kind }) => kind).join(' ')).toBe('search search step step step step step step');
    expect(looked).toEqual(['picture 24', 'sound 24']);
    const { neighbours } = await progressOf(expected.path);
    for (const [side, { path, preset }] of [
      ['picture', encoders.pictureEncoder],
      ['sound', encoders.soundEncoder],
    ] as const) {
      const encoder = await onnxEncoder(path, side, { preset, batch: 1, threads: 1 });
      await encoder.release();
      const found = await loadNeighbours(join(expected.path, runFiles.neighbours, neighbours![side]!));
      expect(found.metadata.encoder).toBe(encoder.hash);
      expect(found.neighbours).toMatchObject({ count, k: 3 });
    }

    // Begun again beside the results of the search: nothing is looked for.
    looked.length = 0;
    for (const name of [runFiles.last, runFiles.best, runFiles.metrics, runFiles.first]) rmSync(join(expected.path, name));
    const kept = join(newFolder(), 'kept');
    cpSync(expected.path, kept, { recursive: true });
    const again = await run(config, { path: kept, onSearch });
    expect(looked).toEqual([]);
    expect(comparable(again.records)).toEqual(comparable(expected.records));
    // Another file is another encoder.
    const { pictureEncoder, soundEncoder } = encoders;
    writeFileSync(pictureEncoder.path, lowerNchw({ outputs: { colour: max(input('pictures', [64, 3, 96, 96]), [2, 3]) } }).model);
    const other = await run(config, { path: kept.replace(/kept$/, 'other'), onSearch });
    expect(looked).toEqual(['picture 24', 'sound 24']);
    expect((await progressOf(other.path)).neighbours!.picture).not.toBe(neighbours!.picture);
    expect((await progressOf(other.path)).neighbours!.sound).toBe(neighbours!.sound);
    expect(soundEncoder.path).not.toBe(pictureEncoder.path);
  });

  it('of one side by another program wait for the model’s own of the other', async () => {
    const { pictureEncoder } = writeEncoders();
    const { records, path } = await run(tiny('sslalign', { epochs: 4, neighbours: { pictureEncoder, after: 2 } }));
    expect(records.map(({ kind, epoch }) => `${kind} ${epoch}`).filter((line) => line.startsWith('search'))).toEqual([
      'search 2',
      'search 2',
      'search 3',
    ]);
    expect(searches(records).map(({ side }) => side)).toEqual(['picture', 'sound', 'sound']);
    expect(readdirSync(join(path, runFiles.neighbours))).toHaveLength(2);
  });

  it('by a file that is no encoder are an error that names it', async () => {
    const { pictureEncoder, soundEncoder } = writeEncoders();
    const swapped = { pictureEncoder: soundEncoder, soundEncoder: pictureEncoder };
    await expect(run(tiny('sslalign', { neighbours: swapped }))).rejects.toThrow(
      /bands\.onnx: expected one input \[64, 3, 96, 96\]/,
    );
    const missing = { path: join(newFolder(), 'none.onnx'), preset: 'laptop' } as const;
    await expect(run(tiny('sslalign', { neighbours: { pictureEncoder: missing, soundEncoder } }))).rejects.toThrow(/none\.onnx/);
  });
});
