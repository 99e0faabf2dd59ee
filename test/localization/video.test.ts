/** Maps of videos, over time. */
import { afterEach, describe, expect, it } from 'vitest';
import { clipLength } from '../../src/features/plan.js';
import { type Localization, localizeVideo, type Model, mapAt, PairLocalizer, smoothed } from '../../src/localization/index.js';
import { soundAround } from '../../src/localization/video.js';
import type { AudioClip, Frame, FramesOptions, SoundOptions, Video } from '../../src/media/index.js';
import { noisyClip, noisyFrame, quiet, tinyModel } from './tiny.js';

describe('soundAround', () => {
  const clip = { sampleRate: 10, samples: Float32Array.from({ length: 100 }, (_, i) => i + 1) };
  const around = (seconds: number, length: number) => [...soundAround(clip, seconds, length).samples];

  it('is the part about a time', () => {
    expect(around(5, 4)).toEqual([49, 50, 51, 52]);
    expect(around(5, 1)).toHaveLength(1);
    expect(around(3.2, 6)).toEqual([30, 31, 32, 33, 34, 35]);
    expect(soundAround(clip, 5, 4).sampleRate).toBe(10);
  });
  it('has silence beyond the ends, so that the time stays in the middle', () => {
    expect(around(0, 4)).toEqual([0, 0, 1, 2]);
    expect(around(0.1, 4)).toEqual([0, 1, 2, 3]);
    expect(around(10, 4)).toEqual([99, 100, 0, 0]);
    expect(around(9.9, 4)).toEqual([98, 99, 100, 0]);
    expect(around(20, 4)).toEqual([0, 0, 0, 0]);
    const whole = around(5, 120);
    expect(whole.slice(0, 10)).toEqual(new Array(10).fill(0));
    expect(whole.slice(10, 110)).toEqual([...clip.samples]);
    expect(whole.slice(110)).toEqual(new Array(10).fill(0));
  });
  it('shares nothing with the sound', () => {
    const part = soundAround(clip, 5, 4);
    part.samples.fill(0);
    expect(clip.samples[49]).toBe(50);
  });
});

const localization = (values: number[], confidence?: number): Localization => ({
  map: { data: Float32Array.from(values), height: 1, width: values.length },
  confidence,
});

describe('smoothed', () => {
  const row = [localization([0, 1], 0.1), localization([8, 2], 0.9), localization([0, 6], 0.4), localization([4, 4], 0.2)];

  it('is the mean with the weights of a bell curve', () => {
    const sigma = 0.8;
    for (const [i, { map, confidence }] of smoothed(row, sigma).entries()) {
      let [total, first, second, sure] = [0, 0, 0, 0];
      for (const [j, other] of row.entries()) {
        if (Math.abs(j - i) > 3 * sigma + 1) continue;
        const weight = Math.exp(-((j - i) ** 2) / (2 * sigma ** 2));
        total += weight;
        first += weight * other.map.data[0]!;
        second += weight * other.map.data[1]!;
        sure += weight * other.confidence!;
      }
      expect(map.data[0]).toBeCloseTo(first / total, 5);
      expect(map.data[1]).toBeCloseTo(second / total, 5);
      expect(confidence).toBeCloseTo(sure / total, 12);
      expect([map.height, map.width]).toEqual([1, 2]);
    }
  });
  it('leaves what does not change as it is, to the ends', () => {
    const still = Array.from({ length: 9 }, () => localization([0.25, -0.5], 0.75));
    for (const { map, confidence } of smoothed(still, 2)) {
      expect(map.data[0]).toBeCloseTo(0.25, 6);
      expect(map.data[1]).toBeCloseTo(-0.5, 6);
      expect(confidence).toBeCloseTo(0.75, 12);
    }
  });
  it('does nothing at 0, and makes no confidence of none', () => {
    expect(smoothed(row, 0)).toEqual(row);
    expect(smoothed(row, 1e-3)).toEqual(row);
    const unknown = row.map(({ map }) => ({ map, confidence: undefined }));
    expect(smoothed(unknown, 1).map(({ confidence }) => confidence)).toEqual(row.map(() => undefined));
    expect(smoothed([], 1)).toEqual([]);
  });
  it('leaves the given ones as they are', () => {
    smoothed(row, 3);
    expect([...row[1]!.map.data]).toEqual([8, 2]);
  });
});

describe('mapAt', () => {
  const video = {
    interval: 0.5,
    localizations: [localization([0, 8], 0.2), localization([4, 0], 0.6), localization([1, 1], 0.8)],
  };
  const at = (seconds: number) => {
    const { map, confidence } = mapAt(video, seconds);
    return [...map.data, confidence];
  };

  it('is the map of a time that has one', () => {
    expect(at(0)).toEqual([0, 8, 0.2]);
    expect(at(0.5)).toEqual([4, 0, 0.6]);
    expect(at(1)).toEqual([1, 1, 0.8]);
  });
  it('lies between two in proportion', () => {
    const [first, second, confidence] = at(0.125) as number[];
    expect([first, second]).toEqual([1, 6]);
    expect(confidence).toBeCloseTo(0.3, 12);
    expect(at(0.75).slice(0, 2)).toEqual([2.5, 0.5]);
  });
  it('is the first before them and the last after', () => {
    expect(at(-3)).toEqual(at(0));
    expect(at(100)).toEqual(at(1));
    const single = { interval: 1, localizations: [localization([7])] };
    expect([...mapAt(single, 0.4).map.data]).toEqual([7]);
  });
  it('has no confidence where one of the two has none', () => {
    const half = { interval: 1, localizations: [localization([0], 0.5), localization([1])] };
    expect(mapAt(half, 0.5).confidence).toBeUndefined();
    expect(mapAt(video, 0.5).map).toMatchObject({ height: 1, width: 2 });
  });
});

describe('localizeVideo', () => {
  interface Asked {
    sound: SoundOptions[];
    frames: FramesOptions[];
  }
  /** A video of noise: another picture at each time. */
  function videoOf(sound: AudioClip, duration: number): Video & { asked: Asked; frame: (seconds: number) => Frame } {
    const asked: Asked = { sound: [], frames: [] };
    const frame = (seconds: number) => noisyFrame(Math.round(1000 * seconds), 40, 24);
    return {
      width: 40,
      height: 24,
      duration,
      frameRate: 25,
      hasSound: true,
      asked,
      frame,
      frameAt: async (seconds) => frame(seconds),
      async *frames(options = {}) {
        asked.frames.push(options);
        for (let i = 0; i / options.rate! < duration; i++) {
          options.signal?.throwIfAborted();
          yield { time: i / options.rate!, frame: frame(i / options.rate!) };
        }
      },
      sound: async (options = {}) => {
        asked.sound.push(options);
        return sound;
      },
      close: async () => {},
    };
  }
  const opened: PairLocalizer[] = [];
  async function open(model: Model): Promise<PairLocalizer> {
    opened.push(await PairLocalizer.create(model, { batch: 3, ...quiet }));
    return opened.at(-1)!;
  }
  afterEach(async () => {
    await Promise.all(opened.splice(0).map((localizer) => localizer.release()));
  });
  const still = { rate: 4, smoothing: 0 };
  function expectSame(found: Localization, wanted: Localization): void {
    for (const [i, x] of wanted.map.data.entries()) expect(Math.abs(found.map.data[i]! - x)).toBeLessThan(1e-5);
    if (wanted.confidence === undefined) expect(found.confidence).toBeUndefined();
    else expect(found.confidence).toBeCloseTo(wanted.confidence, 5);
  }

  it('has a map for every frame, of the sound about it', async () => {
    const localizer = await open(tinyModel('sslalign', { confidence: { slope: 2, offset: -1 } }));
    const sound = noisyClip(5, 80_000);
    const video = videoOf(sound, 5);
    const done: number[] = [];
    const { interval, localizations } = await localizeVideo(localizer, video, 'dog.mp4', {
      ...still,
      onProgress: (seconds, total) => {
        done.push(seconds);
        expect(total).toBe(5);
      },
    });
    expect([interval, localizations.length]).toEqual([0.25, 20]);
    expect(video.asked.sound).toMatchObject([{ sampleRate: 16_000, channel: 'mix' }]);
    expect(video.asked.frames).toMatchObject([{ rate: 4 }]);
    expect(done).toEqual([...done].sort((a, b) => a - b));
    expect(done.at(-1)).toBe(5);
    for (const i of [0, 1, 7, 8, 19]) {
      const clip = soundAround(sound, i / 4, 8000);
      const [wanted] = await localizer.localize([{ frame: video.frame(i / 4), clip }]);
      expectSame(localizations[i]!, wanted!);
    }
  });

  // Of ten seconds the paper's model hears those from 3.5 to 6.5.
  it('is heard at the time of the frame by models that hear a part of their clip', async () => {
    const localizer = await open(tinyModel('sslalign', { sound: { preset: 'sslalign' } }));
    const { clip } = localizer.sound;
    expect([clip.samples, clipLength(clip)]).toEqual([160_000, 48_000]);
    // Louder and louder: a part that is put together anew would be another one.
    const sound = noisyClip(6, 320_000);
    sound.samples.forEach((x, n) => (sound.samples[n] = x * (n / 320_000) ** 2));
    const video = videoOf(sound, 12);
    const { localizations } = await localizeVideo(localizer, video, 'dog.mp4', { rate: 0.1, smoothing: 0 });
    expect(localizations).toHaveLength(2);
    const own = { sampleRate: 16_000, samples: sound.samples.slice(80_000, 240_000) };
    const [wanted] = await localizer.localize([{ frame: video.frame(10), clip: own }]);
    expectSame(localizations[1]!, wanted!);
    const rotated = soundAround(sound, 10, 48_000);
    const [other] = await localizer.localize([{ frame: video.frame(10), clip: rotated }]);
    expect(Math.max(...wanted!.map.data.map((x, i) => Math.abs(x - other!.map.data[i]!)))).toBeGreaterThan(1e-5);
  });

  it('is smoothed over time, in seconds', async () => {
    const localizer = await open(tinyModel());
    const video = videoOf(noisyClip(5, 32_000), 2);
    const rough = await localizeVideo(localizer, video, 'dog.mp4', still);
    const smooth = await localizeVideo(localizer, video, 'dog.mp4', { ...still, smoothing: 0.5 });
    expect(smooth.localizations).toHaveLength(rough.localizations.length);
    for (const [i, wanted] of smoothed(rough.localizations, 2).entries()) expectSame(smooth.localizations[i]!, wanted);
  });

  it('refuses a video without signal, and says which', async () => {
    const localizer = await open(tinyModel());
    const silent = videoOf({ sampleRate: 16_000, samples: new Float32Array(16_000) }, 1);
    await expect(localizeVideo(localizer, silent, 'silent.mp4', still)).rejects.toMatchObject({
      name: 'LocalizerError',
      message: expect.stringContaining('silent.mp4: there is no signal in it'),
    });
    expect(silent.asked.frames).toEqual([]);
  });

  it('ends when it is told to', async () => {
    const localizer = await open(tinyModel());
    const controller = new AbortController();
    const video = videoOf(noisyClip(5, 160_000), 10);
    const run = localizeVideo(localizer, video, 'dog.mp4', {
      ...still,
      signal: controller.signal,
      onProgress: () => controller.abort(new Error('enough')),
    });
    await expect(run).rejects.toThrow('enough');
  });
});
