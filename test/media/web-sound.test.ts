/** Sounds in a real browser: those of Node, sample by sample, and the same refusals. */
import { mkdtempSync, rmSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { JSHandle } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readSound } from '../../src/media/sound.js';
import type { AudioClip, MediaProblem, SoundOptions } from '../../src/media/types.js';
import { encodeWav } from '../../src/media/wav.js';
import type * as Web from '../../src/media/web/index.js';
import { writeSound, writeVideo } from '../../src/media/writeVideo.js';
import { findBrowser, startBrowser, type TestBrowser } from '../browser/browser.js';
import { problemOf } from './problemOf.js';
import { colourFrames } from './videoClips.js';
import { chunk, fmtBody, riff } from './wavFile.js';

/** A tone that rises, with a louder part, so that no two moments are alike; a length that no codec's frames divide. */
const rising = (sampleRate: number): AudioClip => ({
  sampleRate,
  samples: Float32Array.from(
    { length: 3 * sampleRate + 777 },
    (_, i) => (Math.floor(i / 6000) % 2 ? 0.5 : 0.3) * Math.sin((i / 37) * (1 + i / 150_000)),
  ),
});

const folder = mkdtempSync(join(tmpdir(), 'earshot-web-sound-'));
afterAll(() => rmSync(folder, { recursive: true }));

async function make(name: string, sampleRate = 48_000): Promise<Uint8Array> {
  const path = join(folder, `${sampleRate} ${name}`);
  const sound = rising(sampleRate);
  if (/mp4|mov|webm|mkv/.test(name)) await writeVideo(path, { frames: colourFrames(50), frameRate: 25, sound });
  else await writeSound(path, sound);
  return new Uint8Array(await readFile(path));
}

const kinds = ['a.wav', 'a.flac', 'a.mp3', 'a.ogg', 'a.opus', 'a.m4a', 'v.mp4', 'v.mov', 'v.webm', 'v.mkv'];

const difference = (a: Float32Array, b: Float32Array) =>
  a.length === b.length
    ? a.reduce((most, v, i) => Math.max(most, Math.abs(v - b[i]!)), 0)
    : `${a.length} samples, not ${b.length}`;

describe.skipIf(!findBrowser())('sounds in a browser', () => {
  let browser: TestBrowser;
  let media: JSHandle<typeof Web>;
  beforeAll(async () => {
    browser = await startBrowser();
    media = await browser.load('earshot/media');
  });
  afterAll(() => browser?.close());

  /** The clip, or what is wrong; anything but a MediaError of one line fails. */
  const read = (bytes: Uint8Array, options?: SoundOptions): Promise<AudioClip | MediaProblem> =>
    media.evaluate(
      async ({ readSound, MediaError }, { bytes, options }) => {
        try {
          return await readSound(bytes, options);
        } catch (error) {
          if (!(error instanceof MediaError) || error.message.includes('\n')) throw error;
          return error.problem;
        }
      },
      { bytes, options },
    );

  async function expectSame(bytes: Uint8Array, options?: SoundOptions): Promise<void> {
    const [expected, found] = [await readSound(bytes, options), await read(bytes, options)];
    if (typeof found === 'string') return expect(found).toBe('a sound');
    expect(found.sampleRate).toBe(expected.sampleRate);
    expect(difference(found.samples, expected.samples)).toBeLessThan(1e-3);
  }

  it.each(kinds)('are those of Node, from the first to the last sample: %s', async (name) => {
    await expectSame(await make(name));
    if (!/opus|webm|mkv/.test(name)) await expectSame(await make(name, 44_100));
  });

  it.each(kinds)('are cut where they are cut on Node: %s', async (name) => {
    const bytes = await make(name);
    await expectSame(bytes, { start: 1.23456, duration: 0.5 });
    await expectSame(bytes, { start: 2.5, sampleRate: 16_000 });
    await expectSame(bytes, { duration: 0.001 });
  });

  it.each(kinds)('of which a part is missing are refused as on Node: %s', async (name) => {
    const whole = await make(name);
    for (const share of [0.001, 0.1, 0.5, 0.9, 0.99]) {
      const part = whole.slice(0, Math.ceil(share * whole.length));
      const expected = await readSound(part).catch(problemOf);
      const found = await read(part);
      expect([share, typeof found === 'string' ? found : 'sound']).toEqual([
        share,
        typeof expected === 'string' ? expected : 'sound',
      ]);
    }
  });

  it('are mixed, or one of their channels', async () => {
    const [left, right] = [rising(8000).samples, rising(8000).samples.toReversed()];
    const data = Array.from(left, (l, i) => [l, right[i]!]).flat();
    const values = [...new Uint8Array(Float32Array.from(data).buffer)];
    const stereo = riff(chunk('fmt ', fmtBody({ tag: 3, channels: 2, rate: 8000, bits: 32 })), chunk('data', values));
    await expectSame(stereo);
    expect(((await read(stereo, { channel: 1 })) as AudioClip).samples).toEqual(right);
    expect(await read(stereo, { channel: 2 })).toBe('noSound');
  });

  it('of more than one channel are mixed after decoding too', async () => {
    // Two channels out of phase: the mean is not what either of them is.
    const law = Array.from({ length: 16_000 }, (_, i) => (i % 2 ? 0xd5 : 0x80 + (i % 64)));
    const aLaw = riff(chunk('fmt ', fmtBody({ tag: 6, channels: 2, rate: 8000, bits: 8 })), chunk('data', law));
    await expectSame(aLaw);
    await expectSame(aLaw, { channel: 1, start: 0.25 });
  });

  it.each<[string, () => Uint8Array | Promise<Uint8Array>]>([
    ['nothing', () => new Uint8Array(0)],
    ['text', () => new TextEncoder().encode('not a sound at all, only words, and not many of them')],
    ['a picture', () => Uint8Array.of(0xff, 0xd8, 0xff, 0xe0, 0, 16, 74, 70, 73, 70)],
    ['a video without sound', () => silentVideo()],
    ['samples that are not finite', () => encodeNaN()],
    ['Ogg and nothing else', () => new TextEncoder().encode('OggS and so on and on and on and on')],
    ['MP3 and nothing else', () => new TextEncoder().encode('ID3 and so on and on and on and on and on')],
  ])('are refused for the same reason as on Node: %s', async (_, make) => {
    const bytes = await make();
    const found = await read(bytes);
    expect(found).toBeTypeOf('string');
    expect(found).toBe(await readSound(bytes).catch(problemOf));
  });

  it.each(kinds)('beyond their limits are refused: %s', async (name) => {
    const bytes = await make(name);
    expect(await read(bytes, { limits: { maxSeconds: 2 } })).toBe('tooLarge');
    expect(await read(bytes, { start: 100 })).toBe('corrupt');
    expect(await read(bytes, { duration: 1.5, limits: { maxSeconds: 2 } })).toMatchObject({ sampleRate: 48_000 });
  });

  it('end with the reason of a signal, and options out of range with RangeError', async () => {
    const bytes = await make('a.opus');
    const errors = await media.evaluate(async ({ readSound }, bytes) => {
      const aborted = AbortSignal.abort(new Error('enough'));
      const message = (error: Error) => `${error.name}: ${error.message}`;
      return [
        await readSound(bytes, { signal: aborted }).catch(message),
        await readSound(bytes, { start: -1 }).catch(message),
        await readSound(bytes, { sampleRate: 0.5 }).catch(message),
      ];
    }, bytes);
    expect(errors).toEqual([
      'Error: enough',
      'RangeError: start: expected seconds from 0, got -1',
      'RangeError: sampleRate: expected whole Hz from 1 to 1000000, got 0.5',
    ]);
  });
});

async function silentVideo(): Promise<Uint8Array> {
  const path = join(folder, 'silent.mp4');
  await writeVideo(path, { frames: colourFrames(10), frameRate: 25 });
  return new Uint8Array(await readFile(path));
}

function encodeNaN(): Uint8Array {
  const wav = encodeWav({ sampleRate: 8000, samples: new Float32Array(100) }, 'float32');
  new DataView(wav.buffer).setFloat32(wav.length - 40, Number.NaN, true);
  return wav;
}
