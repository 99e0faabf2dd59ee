/** Presets with another size or length. */
import { describe, expect, it } from 'vitest';
import { shapeOf } from '../../src/datasets/loader/views.js';
import { pictureSpecOf, presetNames, soundSpecOf } from '../../src/features/choice.js';
import { clipLength, planOf } from '../../src/features/plan.js';
import { picturePresets, soundPresets } from '../../src/features/presets.js';

it('there is a picture and a sound preset of every name', () => {
  expect(presetNames).toEqual(Object.keys(picturePresets));
  expect(presetNames).toEqual(expect.arrayContaining(Object.keys(soundPresets)));
});

describe.each(presetNames)('pictures of %s', (preset) => {
  const spec = picturePresets[preset];
  it('are as published when no size is chosen, or the same', () => {
    expect(pictureSpecOf({ preset })).toBe(spec);
    expect(pictureSpecOf({ preset, size: spec.size })).toBe(spec);
  });
  it.each([16, 50, 97, 448])('are %s pixels a side, cut in proportion', (size) => {
    const found = pictureSpecOf({ preset, size });
    expect(shapeOf('picture', { picture: found })).toEqual([3, size, size]);
    const { name, size: _, fit, ...rest } = found;
    expect(name).toBe(`${preset} at ${size} pixels`);
    expect(spec).toMatchObject(rest);
    if (spec.fit === 'squash' || fit === 'squash') expect(fit).toBe(spec.fit);
    else {
      expect(Math.abs(fit.shortSide / size - spec.fit.shortSide / spec.size)).toBeLessThanOrEqual(0.5 / size);
      expect(fit.shortSide).toBeGreaterThanOrEqual(size);
    }
  });
});

describe.each(presetNames)('sounds of %s', (preset) => {
  const spec = soundPresets[preset];
  const rate = spec.clip.sampleRate;
  const published = clipLength(spec.clip) / rate;

  it('are as published when no length is chosen, or the same', () => {
    expect(soundSpecOf({ preset })).toBe(spec);
    expect(soundSpecOf({ preset, seconds: published })).toBe(spec);
  });

  it('are as many frames of as many bands, whatever their length', () => {
    const { bins, frames } = planOf(spec);
    const lengths = [0.1, 0.104, 0.247, 0.3, 0.5, 0.777, 1, 1.234, 2, 2.5, 3, 4, 5, 7.3, 10, 30];
    for (const seconds of lengths) {
      const found = planOf(soundSpecOf({ preset, seconds }));
      expect([seconds, found.bins, found.frames]).toEqual([seconds, bins, frames]);
      expect(found.samples).toBe(Math.round(seconds * rate));
    }
  });

  it.each([0.5, 1, 2, 4, 20])('see all of %s seconds', (seconds) => {
    const found = soundSpecOf({ preset, seconds });
    const { frames, hop, firstFrame, samples } = planOf(found);
    // The frames reach over the whole, but for a fraction of it; between two of them there is a step, not two.
    expect((frames * hop) / samples).toBeGreaterThan(0.9);
    expect(firstFrame * hop).toBeLessThan(0.06 * samples);
    expect((firstFrame + frames - 1) * hop).toBeLessThanOrEqual(samples);
  });

  it('are the middle of a longer one, and otherwise made as before', () => {
    const { name, clip, spectrogram, source } = soundSpecOf({ preset, seconds: 2 });
    expect([name, source]).toEqual([`${preset} of 2 s`, spec.source]);
    expect(clip).toEqual({
      sampleRate: rate,
      channel: spec.clip.channel,
      clamp: spec.clip.clamp,
      samples: 2 * rate,
      take: 'centre',
    });
    const { hop: _, keep: __, ...rest } = spectrogram;
    expect(spec.spectrogram).toMatchObject(rest);
  });
});

it('the step between frames follows the length', () => {
  const hop = (seconds: number) => soundSpecOf({ preset: 'laptop', seconds }).spectrogram.hop;
  expect([hop(0.5), hop(1), hop(3), hop(6)]).toEqual([80, 160, 480, 960]);
});
