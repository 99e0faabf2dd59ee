/** Pictures and sounds in memory, against the same ones as files. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { PairSet } from '../../src/datasets/types.js';
import { picturePresets, soundPresets } from '../../src/features/presets.js';
import {
  checkHeard,
  checkSignal,
  confidenceOf,
  type Localization,
  leastConfidence,
  type Model,
  modelLocalizer,
  PairLocalizer,
  predictMaps,
} from '../../src/localization/index.js';
import { readPicture, readSound } from '../../src/media/index.js';
import { methodNames } from '../../src/methods/index.js';
import { noisyClip, noisyFrame, quiet, tinyModel, writePairs } from './tiny.js';

let folder: string;
let set: PairSet;
/** Of other shapes and lengths than the model's. */
const media = [
  { frame: noisyFrame(1, 48, 32), clip: noisyClip(1, 12_000) },
  { frame: noisyFrame(2, 32, 32), clip: noisyClip(2, 8000) },
  { frame: noisyFrame(3, 20, 60), clip: noisyClip(3, 5000) },
];
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'pairs-'));
  set = await writePairs(folder, media);
});
afterAll(() => rmSync(folder, { recursive: true }));

const opened: PairLocalizer[] = [];
async function open(model: Model, batch = 2): Promise<PairLocalizer> {
  opened.push(await PairLocalizer.create(model, { batch, ...quiet }));
  return opened.at(-1)!;
}
afterEach(async () => {
  await Promise.all(opened.splice(0).map((localizer) => localizer.release()));
});

function expectSame(found: Localization, wanted: { map: Localization['map'] }, tolerance = 1e-5): void {
  expect([found.map.height, found.map.width]).toEqual([wanted.map.height, wanted.map.width]);
  for (const [i, x] of wanted.map.data.entries()) expect(Math.abs(found.map.data[i]! - x)).toBeLessThan(tolerance);
}

describe.each(methodNames)('a PairLocalizer of %s', (method) => {
  it.each([1, 2, 3])('gives the maps of the files, %s at a time', async (batch) => {
    const model = tinyModel(method);
    const localizer = await modelLocalizer(model, { batch: 3, ...quiet });
    const wanted: Localization['map'][] = [];
    for await (const { index, map } of predictMaps(localizer, set)) wanted[index] = map;
    await localizer.release();
    expect(wanted).toHaveLength(3);

    const own = await open(model, batch);
    const pairs = [];
    for (const { picture, sound } of set.pairs)
      pairs.push({ frame: await readPicture(picture.path), clip: await readSound(sound.path, { sampleRate: own.sampleRate }) });
    const found = await own.localize(pairs);
    expect(found).toHaveLength(3);
    for (const [i, one] of found.entries()) {
      expect(one.confidence).toBeUndefined();
      expectSame(one, { map: wanted[i]! });
    }
    // A model that sees no difference would agree as well.
    expect(Math.max(...found[0]!.map.data.map((x, i) => Math.abs(x - found[1]!.map.data[i]!)))).toBeGreaterThan(1e-3);
  });
});

describe('a PairLocalizer', () => {
  it('knows the confidence of a model that was calibrated', async () => {
    const confidence = { slope: 3, offset: -0.5 };
    const localizer = await open(tinyModel('ezvsl', { confidence }));
    for (const { map, confidence: found } of await localizer.localize(media)) {
      expect(found).toBe(confidenceOf(map, confidence));
      expect(found).toBeGreaterThan(0);
      expect(found).toBeLessThan(1);
    }
    expect(leastConfidence).toBe(0.5);
  });

  it('hands out maps that later ones do not write over', async () => {
    const localizer = await open(tinyModel(), 1);
    const [first] = await localizer.localize(media.slice(0, 1));
    const before = first!.map.data.slice();
    await localizer.localize(media.slice(1));
    expect(first!.map.data).toEqual(before);
    expect(await localizer.localize([])).toEqual([]);
  });

  it('looks at the whole picture, whatever the preset cuts off', async () => {
    expect(picturePresets.lvs.fit).not.toBe('squash');
    // These two differ in that alone.
    const maps = [];
    for (const preset of ['lvs', 'ezvsl'] as const) {
      const localizer = await open(tinyModel('sslalign', { picture: { preset, size: 32 } }));
      maps.push((await localizer.localize(media.slice(0, 1)))[0]!);
    }
    expectSame(maps[0]!, maps[1]!, 1e-6);
  });

  it('takes pictures of a size of its own', async () => {
    const model = tinyModel();
    const [small, large] = await Promise.all(
      [32, 64].map(async (size) => {
        opened.push(await PairLocalizer.create(model, { batch: 1, size, ...quiet }));
        return (await opened.at(-1)!.localize(media.slice(0, 1)))[0]!.map;
      }),
    );
    expect([large!.height, large!.width]).toEqual([2 * small!.height, 2 * small!.width]);
  });

  it('says at which rate it hears, and refuses another one', async () => {
    const localizer = await open(tinyModel('sslalign', { sound: { preset: 'avin', seconds: 0.5 } }));
    expect(localizer.sampleRate).toBe(32_000);
    await expect(localizer.localize(media.slice(0, 1))).rejects.toThrow(RangeError);
    const clip = noisyClip(1, 20_000, 32_000);
    expect(await localizer.localize([{ frame: media[0]!.frame, clip }])).toHaveLength(1);
  });

  it('has no confidence in a part of a sound that is silent, and refuses maps that are none', async () => {
    const localizer = await open(tinyModel('sslalign', { confidence: { slope: 0, offset: 3 } }));
    const late = { ...media[0]!.clip, samples: Float32Array.from({ length: 64_000 }, (_, i) => (i < 8000 ? Math.sin(i) : 0)) };
    const found = await localizer.localize([media[0]!, { ...media[0]!, clip: late }]);
    expect(found.map(({ confidence }) => confidence)).toEqual([expect.closeTo(1 / (1 + Math.exp(-3))), 0]);
    expect(() => checkHeard(late, 'dog.wav', localizer.sound)).toThrow(
      'dog.wav: of its 4.0 s the model hears 0.5 s from 1.8 s on, which are silence: cut out the part that is to be localized',
    );
    expect(() => checkHeard(media[0]!.clip, 'dog.wav', localizer.sound)).not.toThrow();
    const ten = { ...late, samples: Float32Array.from({ length: 160_000 }, (_, i) => (i < 48_000 ? Math.sin(i) : 0)) };
    expect(() => checkHeard(ten, 'dog.wav', soundPresets.sslalign)).toThrow('of its 10.0 s the model hears 3.0 s from 3.5 s on');
    const { weights } = tinyModel();
    const vast = Object.fromEntries(Object.entries(weights).map(([name, t]) => [name, { ...t, data: t.data.map(() => 3e38) }]));
    const damaged = await PairLocalizer.create({ ...tinyModel(), weights: vast as Model['weights'] }, { batch: 1, ...quiet });
    opened.push(damaged);
    await expect(damaged.localize(media.slice(0, 1))).rejects.toThrow(
      'sslalign: its map has values that are no finite numbers: the weights are damaged',
    );
  });

  it('refuses weights that do not fit', async () => {
    const { 'audio.conv1.weight': _, ...weights } = tinyModel().weights;
    await expect(PairLocalizer.create({ ...tinyModel(), weights }, { batch: 1, ...quiet })).rejects.toMatchObject({
      name: 'LocalizerError',
      message: expect.stringContaining("'audio.conv1.weight' [4, 1, 7, 7] is missing"),
    });
  });
});

describe('checkSignal', () => {
  const clip = (samples: Float32Array) => ({ samples, sampleRate: 16_000 });
  it.each([
    ['zeros', new Float32Array(100)],
    ['nothing', new Float32Array(0)],
    ['a constant', new Float32Array(100).fill(0.1)],
    ['less than a step of 16 bits', new Float32Array(100).fill(2 ** -16)],
  ])('refuses %s, and says whose sound it is', (_, samples) => {
    const check = () => checkSignal(clip(samples), 'dog.mp4');
    expect(check).toThrow(`dog.mp4: there is no signal in it (its ${samples.length} samples are silence)`);
    expect(check).toThrow(expect.objectContaining({ name: 'LocalizerError' }));
  });
  it.each([2 ** -14, -(2 ** -14), 0.5])('takes a single sample of %s', (x) => {
    const samples = new Float32Array(100);
    samples[99] = x;
    expect(() => checkSignal(clip(samples), 'dog.mp4')).not.toThrow();
  });
});
