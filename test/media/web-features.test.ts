/** What the browser makes of a file on the way to a network: the same numbers as Node. */
import type { JSHandle } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import * as features from '../../src/features/index.js';
import { readSound } from '../../src/media/sound.js';
import { encodeWav } from '../../src/media/wav.js';
import type * as Web from '../../src/media/web/index.js';
import { findBrowser, startBrowser, type TestBrowser } from '../browser/browser.js';
import { smooth } from './pictures.js';

describe.skipIf(!findBrowser())('features in a browser', () => {
  let browser: TestBrowser;
  let web: JSHandle<typeof features>;
  beforeAll(async () => {
    browser = await startBrowser();
    web = await browser.load('earshot/features');
  });
  afterAll(() => browser?.close());

  it.each(Object.keys(features.soundPresets) as (keyof typeof features.soundPresets)[])(
    'spectrograms are those of Node: %s',
    async (preset) => {
      const samples = Float32Array.from({ length: 200_000 }, (_, i) => 0.4 * Math.sin((i / 37) * (1 + i / 150_000)));
      const wav = encodeWav({ sampleRate: 16_000, samples });
      const media = await browser.load<typeof Web>('earshot/media');
      const found = await web.evaluate(
        async ({ fitClip, planOf, SpectrogramKernel, soundPresets }, { media, wav, preset }) => {
          const spec = soundPresets[preset];
          const clip = await media.readSound(wav, { sampleRate: spec.clip.sampleRate });
          return new SpectrogramKernel(planOf(spec)).run(fitClip(clip, spec.clip));
        },
        { media, wav, preset },
      );
      const spec = features.soundPresets[preset];
      const clip = await readSound(wav, { sampleRate: spec.clip.sampleRate });
      const expected = new features.SpectrogramKernel(features.planOf(spec)).run(features.fitClip(clip, spec.clip));
      expect(expected.length).toBeGreaterThan(1000);
      expect(found).toHaveLength(expected.length);
      // Browsers may round sines and logarithms differently in the last bit.
      expect(found.reduce((most, v, i) => Math.max(most, Math.abs(v - expected[i]!)), 0)).toBeLessThan(1e-5);
    },
  );

  it.each(['bilinear', 'bicubic'] as const)('pictures are those of Node, bit by bit: %s', async (kernel) => {
    const frame = smooth(90, 70);
    const found = await web.evaluate(
      ({ resizeFrame, normalizeFrame }, { frame, kernel }) =>
        normalizeFrame(resizeFrame(frame, 64, 48, kernel), [0.485, 0.456, 0.406], [0.229, 0.224, 0.225]),
      { frame, kernel },
    );
    const small = features.resizeFrame(frame, 64, 48, kernel);
    expect(found).toEqual(features.normalizeFrame(small, [0.485, 0.456, 0.406], [0.229, 0.224, 0.225]));
  });
});
