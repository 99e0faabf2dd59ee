/** The probability that a picture and a sound belong together, from maps. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Pair, PairSet } from '../../src/datasets/types.js';
import { pictureSpecOf, soundSpecOf } from '../../src/features/choice.js';
import { fitClip } from '../../src/features/clip.js';
import { SpectrogramKernel } from '../../src/features/kernels/spectrogram.js';
import { pictureTensor } from '../../src/features/picture.js';
import { planOf } from '../../src/features/plan.js';
import { calibrate, confidenceOf, type HeatMap, type Localizer, matchOf } from '../../src/localization/index.js';
import { encodeWav } from '../../src/media/index.js';
import { Random } from '../../src/random.js';
import { float32, type Tensor } from '../../src/tensor.js';
import { noisyClip, noisyFrame, writePairs } from './tiny.js';

const mapOf = (...values: number[]): HeatMap => ({ data: Float32Array.from(values), height: 1, width: values.length });

describe('matchOf', () => {
  it('is the mean of the highest twentieth, of one position at least', () => {
    expect(matchOf(mapOf(-2, 0.5, -3))).toBe(0.5);
    expect(matchOf(mapOf(-2, -5))).toBe(-2);
    const hundred = Array.from({ length: 100 }, (_, i) => (37 * i) % 100);
    expect(matchOf({ data: Float32Array.from(hundred), height: 10, width: 10 })).toBe((99 + 98 + 97 + 96 + 95) / 5);
    // 0.05 * 49 is rounded to 2.
    const fine = Array.from({ length: 49 }, (_, i) => i);
    expect(matchOf({ data: Float32Array.from(fine), height: 7, width: 7 })).toBe(47.5);
  });
  it('leaves the map as it is', () => {
    const map = mapOf(3, 1, 2);
    matchOf(map);
    expect([...map.data]).toEqual([3, 1, 2]);
  });
});

it('confidenceOf is the logistic function of the match', () => {
  const confidence = { slope: 4, offset: -1 };
  expect(confidenceOf(mapOf(0, 0.25), confidence)).toBeCloseTo(0.5, 12);
  expect(confidenceOf(mapOf(0, 1), confidence)).toBeCloseTo(1 / (1 + Math.exp(-3)), 12);
  expect(confidenceOf(mapOf(-1, -3), confidence)).toBeCloseTo(1 / (1 + Math.exp(5)), 12);
});

describe('calibrate', () => {
  const count = 8;
  const views = {
    frame: { picture: pictureSpecOf({ preset: 'laptop', size: 16 }) },
    spectrogram: { sound: soundSpecOf({ preset: 'laptop', seconds: 0.25 }) },
  };
  const { bins, frames } = planOf(views.spectrogram.sound);
  let folder: string;
  let set: PairSet;
  const media = Array.from({ length: count }, (_, i) => ({ frame: noisyFrame(i, 16, 16), clip: noisyClip(i, 4000) }));
  const pictures = media.map(({ frame }) => {
    const out = new Float32Array(3 * 16 * 16);
    pictureTensor(frame, views.frame.picture, out);
    return out;
  });
  const kernel = new SpectrogramKernel(planOf(views.spectrogram.sound));
  const sounds = media.map(({ clip }) => {
    const out = new Float32Array(bins * frames);
    kernel.run(fitClip(clip, views.spectrogram.sound.clip), out);
    return out;
  });
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'calibrate-'));
    set = await writePairs(folder, media);
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  /** Which of the known ones row i of a batch is. */
  const known = (t: Tensor<'float32'>, i: number, all: readonly Float32Array[]): number => {
    const length = all[0]!.length;
    const row = t.data.subarray(i * length, (i + 1) * length);
    const distances = all.map((one) => one.reduce((sum, x, k) => sum + Math.abs(x - row[k]!), 0));
    return distances.indexOf(Math.min(...distances));
  };

  interface Seen {
    picture: number;
    sound: number;
    map: HeatMap;
  }
  /** Maps of 2 x 2 with a peak as high as `peak` says for a picture and a sound, by their numbers. */
  function localizerOf(peak: (picture: number, sound: number) => number): Localizer & { seen: Seen[] } {
    const seen: Seen[] = [];
    const batch = 4;
    return {
      name: 'stub',
      views,
      batch,
      seen,
      localize: async (given, spectrograms) => {
        const maps = float32([batch, 2, 2]);
        for (let i = 0; i < batch; i++) {
          const [picture, sound] = [known(given, i, pictures), known(spectrograms, i, sounds)];
          maps.data[i * 4 + (picture % 4)] = peak(picture, sound);
          seen.push({ picture, sound, map: { data: maps.data.slice(i * 4, i * 4 + 4), height: 2, width: 2 } });
        }
        return { maps };
      },
      release: async () => {},
    };
  }
  const noise = (picture: number, sound: number) => 0.15 * new Random(1, picture, sound).uniform();
  const trained = (picture: number, sound: number) => (picture === sound ? 0.6 : 0.3) + noise(picture, sound);

  it('looks at every pair, and at every picture with the sound of another one', async () => {
    const localizer = localizerOf(trained);
    await calibrate(localizer, set, 3);
    const { seen } = localizer;
    expect(seen).toHaveLength(2 * count);
    const own = seen.filter(({ picture, sound }) => picture === sound).map(({ picture }) => picture);
    expect(own.sort()).toEqual([...Array(count).keys()]);
    const strange = seen.filter(({ picture, sound }) => picture !== sound).map(({ picture }) => picture);
    expect(strange.sort()).toEqual([...Array(count).keys()]);
  });

  it('gives pairs that match more than a half and others less, the likelier the better they match', async () => {
    const localizer = localizerOf(trained);
    const confidence = (await calibrate(localizer, set, 3)).confidence!;
    for (const { picture, sound, map } of localizer.seen)
      expect(confidenceOf(map, confidence) > 0.5, `${picture} with ${sound}`).toBe(picture === sound);
    expect((await calibrate(localizer, set, 3)).right).toBe(1);
    expect(confidence.slope).toBeGreaterThan(0);
    const at = (x: number) => confidenceOf(mapOf(x), confidence);
    expect(at(0.8)).toBeGreaterThan(at(0.6));
    expect(at(0.3)).toBeGreaterThan(0);
    expect(at(0.7)).toBeLessThan(1);
  });

  it('is the maximum of the likelihood, less half the square of the slope', async () => {
    const localizer = localizerOf((picture, sound) => (picture === sound ? 0.45 : 0.4) + noise(picture, sound));
    const { confidence, right } = await calibrate(localizer, set, 3);
    const { slope, offset } = confidence!;
    const isRight = localizer.seen.map(
      ({ picture, sound, map }) => confidenceOf(map, confidence!) >= 0.5 === (picture === sound),
    );
    expect(right).toBe(isRight.filter(Boolean).length / isRight.length);
    expect(right).toBeLessThan(1);
    const x = localizer.seen.map(({ map }) => matchOf(map));
    const y = localizer.seen.map(({ picture, sound }) => (picture === sound ? 1 : 0));
    const centre = x.reduce((sum, v) => sum + v, 0) / x.length;
    const deviation = Math.sqrt(x.reduce((sum, v) => sum + (v - centre) ** 2, 0) / x.length);
    const objective = (s: number, o: number) =>
      x.reduce(
        (sum: number, v, i) => {
          const p = 1 / (1 + Math.exp(-(s * v + o)));
          return sum + Math.log(y[i] === 1 ? p : 1 - p);
        },
        -0.5 * (s * deviation) ** 2,
      );
    const best = objective(slope, offset);
    // Changes of the variable of mean 0 and deviation 1.
    for (const [ds, dm] of [
      [0.1, 0],
      [-0.1, 0],
      [0, 0.1],
      [0, -0.1],
      [0.1, 0.1],
    ] as const)
      expect(objective(slope + ds / deviation, offset - (ds * centre) / deviation + dm)).toBeLessThan(best);
  });

  it('is the same for the same seed, and other strangers come with another one', async () => {
    const run = async (seed: number) => {
      const localizer = localizerOf(trained);
      const { confidence } = await calibrate(localizer, set, seed);
      return { confidence, strangers: localizer.seen.map(({ picture, sound }) => `${picture}-${sound}`).sort() };
    };
    const [a, b, c] = [await run(3), await run(3), await run(4)];
    expect(b).toEqual(a);
    expect(c.strangers).not.toEqual(a.strangers);
  });

  it.each<[string, (picture: number, sound: number) => number]>([
    ['knows nothing', () => 0.4],
    ['has it the wrong way round', (picture, sound) => (picture === sound ? 0.2 : 0.6) + noise(picture, sound)],
  ])('is nothing of a model that %s', async (_, peak) => {
    const localizer = localizerOf(peak);
    expect(await calibrate(localizer, set, 3)).toEqual({ confidence: undefined, pairs: count, problems: [] });
    expect(localizer.seen).toHaveLength(2 * count);
  });

  it.each([0, 1])('is nothing of %s pairs, which are not looked at', async (pairs) => {
    const localizer = localizerOf(trained);
    expect(await calibrate(localizer, { ...set, pairs: set.pairs.slice(0, pairs) }, 3)).toEqual({ pairs: 0, problems: [] });
    expect(localizer.seen).toEqual([]);
  });

  it('refuses maps that are no numbers', async () => {
    await expect(
      calibrate(
        localizerOf(() => Number.NaN),
        set,
        3,
      ),
    ).rejects.toThrow('stub: its map has values that are no finite numbers');
  });

  it('leaves silence out', async () => {
    const path = join(folder, 'silent.wav');
    writeFileSync(path, encodeWav({ samples: new Float32Array(4000), sampleRate: 16_000 }, 'int16'));
    const [first, ...others] = set.pairs;
    const found = await calibrate(localizerOf(trained), { ...set, pairs: [{ ...first!, sound: { path } }, ...others] }, 3);
    expect(found.pairs).toBe(count - 1);
    expect(found.problems[0]).toMatchObject({ file: path, reason: expect.stringContaining('no signal') });
  });

  it('leaves pairs that cannot be read out, and says which', async () => {
    const path = join(folder, 'broken.png');
    writeFileSync(path, 'no picture');
    const [first, ...others] = set.pairs;
    const localizer = localizerOf(trained);
    const found = await calibrate(localizer, { ...set, pairs: [{ ...first!, picture: { path } }, ...others] }, 3);
    expect(localizer.seen.some(({ picture }) => picture === 0)).toBe(false);
    expect(found.confidence!.slope).toBeGreaterThan(0);
    expect(found.pairs).toBe(count - 1);
    // With its own sound, and with a stranger's.
    expect(found.problems.map(({ file }) => file)).toEqual([path, path]);
    expect(found.problems.map(({ id }) => id).sort()).toEqual([
      first!.id,
      expect.stringMatching(new RegExp(`^${first!.id} with `)),
    ]);
    const none = set.pairs.map((pair) => ({ ...pair, picture: { path } }));
    expect(await calibrate(localizerOf(trained), { ...set, pairs: none }, 3)).toMatchObject({ confidence: undefined, pairs: 0 });
  });

  it('takes no stranger whose sound is the same file, and no pair for which there is no other', async () => {
    const [a, b] = set.pairs as [Pair, Pair];
    // Eight pictures, seven of them with one sound.
    const shared = set.pairs.map((pair, i) => ({ ...pair, sound: i === 7 ? b.sound : a.sound }));
    const localizer = localizerOf(trained);
    await calibrate(localizer, { ...set, pairs: shared }, 3);
    const soundsOf = (k: number) => localizer.seen.filter(({ picture }) => picture === k).map(({ sound }) => sound);
    for (let k = 0; k < count; k++) expect(soundsOf(k).sort(), `${k}`).toEqual([0, 1]);
    const one = localizerOf(trained);
    const found = await calibrate(one, { ...set, pairs: set.pairs.map((pair) => ({ ...pair, sound: a.sound })) }, 3);
    expect(found).toEqual({ pairs: 0, problems: [] });
    expect(one.seen).toEqual([]);
  });

  it('looks at 256 pairs of more, from all over the set', async () => {
    const many = Array.from({ length: 600 }, (_, i) => ({ ...set.pairs[Math.floor((i * count) / 600)]!, id: `${i}` }));
    const localizer = localizerOf(trained);
    await calibrate(localizer, { ...set, pairs: many }, 3);
    expect(localizer.seen).toHaveLength(512);
    const pictures = Array.from({ length: count }, (_, k) => localizer.seen.filter(({ picture }) => picture === k).length);
    for (const seen of pictures) expect(seen).toBe(512 / count);
  });

  it('ends when it is told to', async () => {
    const controller = new AbortController();
    const localizer = localizerOf((picture, sound) => {
      controller.abort(new Error('enough'));
      return trained(picture, sound);
    });
    await expect(calibrate(localizer, set, 3, controller.signal)).rejects.toThrow('enough');
    expect(localizer.seen.length).toBeLessThan(2 * count);
  });
});
