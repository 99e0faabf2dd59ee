/** Videos in a real browser: the frames of Node, the same refusals, and what is written can be read on Node. */
import { mkdtempSync, rmSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { JSHandle } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readSound } from '../../src/media/sound.js';
import type { Frame, FramesOptions } from '../../src/media/types.js';
import { openVideo } from '../../src/media/video.js';
import { encodeWav } from '../../src/media/wav.js';
import type * as Web from '../../src/media/web/index.js';
import { writeVideo } from '../../src/media/writeVideo.js';
import { findBrowser, startBrowser, type TestBrowser } from '../browser/browser.js';
import { problemOf } from './problemOf.js';
import { clicks, clickTimes, colourFrames, colourOf, tone } from './videoClips.js';

const folder = mkdtempSync(join(tmpdir(), 'earshot-web-video-'));
afterAll(() => rmSync(folder, { recursive: true }));

/** Waves that move, in colours of their own. */
function* waves(count: number, width = 96, height = 64): Generator<Frame> {
  for (let k = 0; k < count; k++) {
    const rgb = Uint8Array.from({ length: 3 * width * height }, (_, i) => {
      const [x, y, c] = [Math.floor(i / 3) % width, Math.floor(i / 3 / width), i % 3];
      return 127 + 60 * Math.sin((x + 2 * k) / 9 + c) + 50 * Math.cos((y - k) / 7 - c);
    });
    yield { width, height, rgb };
  }
}

async function make(name: string): Promise<Uint8Array> {
  const path = join(folder, name);
  await writeVideo(path, { frames: waves(60), frameRate: 25, sound: tone(440, 48_000, 2) });
  return new Uint8Array(await readFile(path));
}

/** The display matrix of the first track turned by a quarter, clockwise: [0 1 0; -1 0 0]. */
function turned(mp4: Uint8Array): Uint8Array {
  const copy = Buffer.from(mp4);
  const matrix = copy.indexOf('tkhd') + 44;
  expect(copy.readInt32BE(matrix)).toBe(65536);
  for (const [i, value] of [0, 65536, 0, -65536, 0].entries()) copy.writeInt32BE(value, matrix + 4 * i);
  return new Uint8Array(copy);
}

const kinds = ['v.mp4', 'v.mov', 'v.webm', 'v.mkv'];

const worst = (a: Uint8Array, b: Uint8Array) =>
  a.length === b.length ? a.reduce((most, v, i) => Math.max(most, Math.abs(v - b[i]!)), 0) : Infinity;

describe.skipIf(!findBrowser())('videos in a browser', () => {
  let browser: TestBrowser;
  let media: JSHandle<typeof Web>;
  beforeAll(async () => {
    browser = await startBrowser();
    media = await browser.load('earshot/media');
  });
  afterAll(() => browser?.close());

  /** What is known of a video, and its frames at times; or what is wrong with it. */
  const look = (bytes: Uint8Array, times: readonly number[], limits?: Web.MediaLimits) =>
    media.evaluate(
      async ({ openVideo, MediaError }, { bytes, times, limits }) => {
        try {
          const video = await openVideo(bytes, { limits });
          const { width, height, duration, frameRate, hasSound } = video;
          const frames: Web.Frame[] = [];
          for (const time of times) frames.push(await video.frameAt(time));
          await video.close();
          return { about: { width, height, duration, frameRate, hasSound }, frames };
        } catch (error) {
          if (!(error instanceof MediaError) || error.message.includes('\n')) throw error;
          return error.problem;
        }
      },
      { bytes, times, limits },
    );

  async function onNode(bytes: Uint8Array, times: readonly number[]) {
    const video = await openVideo(bytes).catch(problemOf);
    if (typeof video === 'string') return video;
    try {
      const { width, height, duration, frameRate, hasSound } = video;
      const frames: Frame[] = [];
      for (const time of times) frames.push(await video.frameAt(time));
      return { about: { width, height, duration, frameRate, hasSound }, frames };
    } catch (error) {
      return problemOf(error);
    } finally {
      await video.close();
    }
  }

  async function expectSame(bytes: Uint8Array, times: readonly number[]): Promise<void> {
    const [expected, found] = [await onNode(bytes, times), await look(bytes, times)];
    if (typeof expected === 'string' || typeof found === 'string') return expect(found).toBe(expected);
    const { duration, ...about } = expected.about;
    expect(found.about).toMatchObject(about);
    expect(found.about.duration).toBeCloseTo(duration, 2);
    for (const [i, frame] of found.frames.entries()) {
      expect([frame.width, frame.height]).toEqual([expected.frames[i]!.width, expected.frames[i]!.height]);
      expect(worst(frame.rgb, expected.frames[i]!.rgb), `at ${times[i]} s`).toBeLessThanOrEqual(2);
    }
  }

  it.each(kinds)('show what they show on Node: %s', async (name) => {
    await expectSame(await make(name), [0, 1, 0.5, 0.479, 0.481, 2.39, 100, -1]);
  });

  it('are upright', async () => {
    const bytes = turned(await make('v.mp4'));
    expect(await look(bytes, [])).toMatchObject({ about: { width: 64, height: 96 } });
    await expectSame(bytes, [0.3]);
  });

  it.each<FramesOptions>([
    {},
    { rate: 8 },
    { rate: 50, start: 0.5, end: 0.7 },
    { start: 0.52, end: 0.6 },
    { start: 0.53, end: 0.6 },
  ])('are iterated as on Node: %j', async (options) => {
    for (const name of ['v.mp4', 'v.webm']) {
      const path = join(folder, name);
      await writeVideo(path, { frames: colourFrames(30), frameRate: 25 });
      const bytes = new Uint8Array(await readFile(path));
      const found = await media.evaluate(
        async ({ openVideo }, { bytes, options }) => {
          const video = await openVideo(bytes);
          const all: Web.TimedFrame[] = [];
          for await (const each of video.frames(options)) all.push(each);
          await video.close();
          return all;
        },
        { bytes, options },
      );
      const video = await openVideo(bytes);
      let i = 0;
      for await (const { time, frame } of video.frames(options)) {
        expect(found[i]!.time).toBeCloseTo(time, 3);
        expect(colourOf(found[i++]!.frame)).toBe(colourOf(frame));
      }
      await video.close();
      expect(found).toHaveLength(i);
    }
  });

  it('stop when nobody wants more, are closed once, and have the sound of Node', async () => {
    const bytes = await make('v.webm');
    const { sound, first, closed } = await media.evaluate(async ({ openVideo }, bytes) => {
      const video = await openVideo(bytes);
      const sound = await video.sound({ start: 0.5, duration: 0.5 });
      let first = -1;
      for await (const { time } of video.frames({ start: 1 })) {
        first = time;
        break;
      }
      await video.close();
      await video.close();
      return { sound, first, closed: await video.frameAt(0).catch((error: Error) => error.message) };
    }, bytes);
    expect(first).toBeCloseTo(1, 3);
    expect(closed).toBe(`(${bytes.length} bytes): the video has been closed`);
    const expected = await readSound(bytes, { start: 0.5, duration: 0.5 });
    expect(sound.samples.every((v, i) => Math.abs(v - expected.samples[i]!) < 1e-3)).toBe(true);
    expect(sound.samples).toHaveLength(expected.samples.length);
  });

  it.each<[string, () => Uint8Array | Promise<Uint8Array>]>([
    ['nothing', () => new Uint8Array(0)],
    ['text', () => new TextEncoder().encode('not a video at all, only words, and not many of them')],
    ['a picture', () => Uint8Array.of(0xff, 0xd8, 0xff, 0xe0, 0, 16, 74, 70, 73, 70)],
    ['a sound', () => encodeWav(tone(440, 8000, 1))],
    ['half an MP4', async () => half(await make('v.mp4'))],
    ['half a WebM', async () => half(await make('v.webm'))],
    ['MP4 and nothing else', () => Buffer.concat([Buffer.from([0, 0, 0, 16]), Buffer.from('ftypisom\0\0\0\0')])],
    ['WebM and nothing else', () => Uint8Array.of(0x1a, 0x45, 0xdf, 0xa3, 0x84, 1, 2, 3, 4)],
  ])('are refused for the same reason as on Node: %s', async (_, make) => {
    const bytes = new Uint8Array(await make());
    const found = await look(bytes, [0]);
    expect(found).toBeTypeOf('string');
    expect(found).toBe(await onNode(bytes, [0]));
  });

  it('beyond the limit of pixels are refused', async () => {
    expect(await look(await make('v.webm'), [], { maxPixels: 96 * 64 - 1 })).toBe('tooLarge');
    expect(await look(await make('v.webm'), [], { maxPixels: 96 * 64 })).not.toBe('tooLarge');
  });

  it.each(['w.mp4', 'w.webm', 'w.mkv', 'w.mov'])('are written so that Node reads them: %s', async (name) => {
    const frames = [...colourFrames(50, 63, 47)];
    const bytes = await media.evaluate(
      async ({ writeVideo }, { name, frames, sound }) => {
        const file = await writeVideo(name, { frames, frameRate: 25, sound });
        if (file.name !== name) throw new Error(`expected ${name}, got ${file.name}`);
        return new Uint8Array(await file.arrayBuffer());
      },
      { name, frames, sound: clicks(16_000, 3) },
    );
    const path = join(folder, name);
    await writeFile(path, bytes);
    const video = await openVideo(path);
    expect(video).toMatchObject({ width: 64, height: 48, frameRate: 25, hasSound: true });
    for (const k of [0, 7, 22, 49]) expect(colourOf(await video.frameAt(k / 25 + 0.01))).toBe(Math.floor(k / 5) % 6);
    const { samples, sampleRate } = await video.sound();
    expect(clickTimes(samples, sampleRate)).toEqual([expect.closeTo(1, 1), expect.closeTo(2, 1)]);
    await video.close();
  });

  it('are not written from what is no video', async () => {
    const messages = await media.evaluate(async ({ writeVideo, writeSound }) => {
      const [small, large] = [2, 4].map((n) => ({ width: n, height: n, rgb: new Uint8Array(3 * n * n) })) as [
        Web.Frame,
        Web.Frame,
      ];
      const reason = (error: Error) => `${error.name}: ${error.message}`;
      return [
        await writeVideo('a.gif', { frames: [small], frameRate: 25 }).catch(reason),
        await writeVideo('a.webm', { frames: [], frameRate: 25 }).catch(reason),
        await writeVideo('a.webm', { frames: [small], frameRate: 0 }).catch(reason),
        await writeVideo('a.webm', { frames: [large, small], frameRate: 25 }).catch(reason),
        await writeSound('a.txt', { sampleRate: 8000, samples: new Float32Array(8) }).catch(reason),
      ];
    });
    expect(messages).toEqual([
      'RangeError: a.gif: expected a name that ends with one of .mp4, .mov, .webm, .mkv',
      'RangeError: a.webm: expected at least one frame, got none',
      'RangeError: a.webm: expected a frame rate up to 1000, got 0',
      'RangeError: a.webm: expected frames of one size, 4x4, frame 1 has 2x2',
      'RangeError: a.txt: expected a name that ends with one of .flac, .mp3, .ogg, .opus, .m4a',
    ]);
  });

  it.each(['s.wav', 's.opus'])('leave their sound in a file: %s', async (name) => {
    const clip = tone(440, 16_000, 2);
    const bytes = await media.evaluate(
      async ({ writeSound }, { name, clip }) => new Uint8Array(await (await writeSound(name, clip)).arrayBuffer()),
      { name, clip },
    );
    const { samples } = await readSound(bytes, { sampleRate: 16_000 });
    expect(Math.abs(samples.length - clip.samples.length)).toBeLessThan(0.03 * 16_000);
    const error = samples.subarray(8000, 16_000).reduce((sum, v, i) => sum + (v - clip.samples[8000 + i]!) ** 2, 0) / 8000;
    expect(Math.sqrt(error)).toBeLessThan(name === 's.wav' ? 1e-4 : 0.05);
  });
});

const half = (bytes: Uint8Array) => bytes.slice(0, bytes.length / 2);
