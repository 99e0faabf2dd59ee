/** Which part of a clip is kept, by which measures it is left out, and what its sample is called. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { cellMeans, largestChange, rootMeanSquare, silenceLevel, stillness } from '../../src/datasets/prepare/checks.js';
import { sampleKey } from '../../src/datasets/prepare/clips.js';
import { defaultSettings } from '../../src/datasets/prepare/settings.js';
import { windowOf } from '../../src/datasets/prepare/window.js';
import { tarMember } from '../../src/datasets/tar.js';
import type { Frame } from '../../src/media/types.js';

describe('the window of a video', () => {
  it.each([
    ['a short one whole, the frame in its middle', { duration: 4 }, {}, { frameTimes: [2], start: 0, seconds: 4 }],
    ['the middle of a long one', { duration: 60 }, {}, { frameTimes: [30], start: 25, seconds: 10 }],
    ['the annotated frame of VGGSound', { duration: 10, frame: 4.96 }, {}, { frameTimes: [4.96], start: 0, seconds: 10 }],
    ['around a frame', { duration: 60 }, { at: 20 }, { frameTimes: [20], start: 15, seconds: 10 }],
    ['around a frame near the end', { duration: 60 }, { at: 58 }, { frameTimes: [58], start: 50, seconds: 10 }],
    ['at before the data set', { duration: 10, frame: 4.96 }, { at: 1 }, { frameTimes: [1], start: 0, seconds: 10 }],
    ['a clip in it', { duration: 60, clipStart: 30, clipSeconds: 5 }, {}, { frameTimes: [32.5], start: 30, seconds: 5 }],
    [
      'at counts from the clip',
      { duration: 60, clipStart: 30, clipSeconds: 5 },
      { at: 1 },
      { frameTimes: [31], start: 30, seconds: 5 },
    ],
    ['from a start on', { duration: 60, frame: 30, clipStart: 30 }, {}, { frameTimes: [30], start: 30, seconds: 10 }],
    ['frames', { duration: 60 }, { frames: 4, seconds: 8 }, { frameTimes: [27, 29, 31, 33], start: 26, seconds: 8 }],
  ])('%s', (_, video, settings, expected) => {
    expect(windowOf(video, { ...defaultSettings, ...settings })).toEqual(expected);
  });

  it('is none when the video ends before the frame or the clip', () => {
    expect(windowOf({ duration: 4.5, frame: 4.96 }, defaultSettings)).toEqual({
      problem: 'tooShort',
      reason: 'the video lasts 4.5 s: there is no frame at 4.96 s',
    });
    expect(windowOf({ duration: 4, clipStart: 4, clipSeconds: 2 }, defaultSettings)).toMatchObject({ problem: 'tooShort' });
    expect(windowOf({ duration: 60, clipStart: 20, clipSeconds: 5 }, { ...defaultSettings, at: 30 })).toEqual({
      problem: 'tooShort',
      reason: 'the clip ends at 25 s: there is no frame at 50 s',
    });
  });

  it('lies within the clip, holds the frames and is as long as it can be', () => {
    const time = fc.double({ min: 0.1, max: 1000, noNaN: true });
    const video = fc.record({
      duration: time,
      clipStart: fc.option(time, { nil: undefined }),
      clipSeconds: fc.option(time, { nil: undefined }),
    });
    const settings = fc.record({
      seconds: time,
      at: fc.option(time, { nil: undefined }),
      frames: fc.option(fc.integer({ min: 1, max: 9 }), { nil: undefined }),
    });
    fc.assert(
      fc.property(video, settings, (video, wanted) => {
        const window = windowOf(video, { ...defaultSettings, ...wanted });
        fc.pre(!('problem' in window));
        const [begin, most] = [video.clipStart ?? 0, video.clipSeconds ?? Number.POSITIVE_INFINITY];
        const length = Math.min(video.duration - begin, most);
        expect(window.start).toBeGreaterThanOrEqual(begin - 1e-5);
        expect(window.start + window.seconds).toBeLessThanOrEqual(begin + length + 1e-5);
        expect(window.seconds).toBeCloseTo(Math.min(wanted.seconds, length), 4);
        expect(window.frameTimes).toHaveLength(wanted.frames ?? 1);
        for (const t of window.frameTimes) {
          expect(t).toBeGreaterThanOrEqual(window.start - 1e-5);
          expect(t).toBeLessThanOrEqual(window.start + window.seconds + 1e-5);
        }
      }),
    );
  });
});

describe('silence', () => {
  it('is a root mean square below -60 dB', () => {
    const tone = (amplitude: number) => ({
      sampleRate: 16000,
      samples: Float32Array.from({ length: 16000 }, (_, i) => amplitude * Math.sin((2 * Math.PI * 440 * i) / 16000)),
    });
    expect(rootMeanSquare(tone(1))).toBeCloseTo(Math.SQRT1_2, 6);
    expect(20 * Math.log10(silenceLevel)).toBeCloseTo(-60, 10);
    expect(rootMeanSquare(tone(0.00142))).toBeGreaterThan(silenceLevel);
    expect(rootMeanSquare(tone(0.00141))).toBeLessThan(silenceLevel);
  });
});

describe('stillness', () => {
  const frame = (width: number, height: number, level: (x: number, y: number) => number): Frame => ({
    width,
    height,
    rgb: Uint8Array.from({ length: 3 * width * height }, (_, i) => level(Math.floor(i / 3) % width, Math.floor(i / 3 / width))),
  });
  const change = (a: Frame, b: Frame) => largestChange(cellMeans(a), cellMeans(b));

  it('passes over noise, and sees one small thing move', () => {
    const grey = frame(320, 240, () => 100);
    const noisy = frame(320, 240, (x, y) => 100 + (((x * 7 + y * 13) % 5) - 2));
    const object = frame(320, 240, (x, y) => (x >= 200 && x < 220 && y >= 60 && y < 80 ? 200 : 100));
    const moved = frame(320, 240, (x, y) => (x >= 204 && x < 224 && y >= 60 && y < 80 ? 200 : 100));
    expect(change(grey, noisy)).toBeLessThan(stillness);
    expect(change(grey, object)).toBeGreaterThan(stillness);
    expect(change(object, moved)).toBeGreaterThan(stillness);
    const brighter = frame(320, 240, () => 104);
    expect(change(grey, brighter)).toBeGreaterThan(stillness);
  });

  it('has a number for pictures smaller than the grid', () => {
    expect(
      change(
        frame(1, 1, () => 0),
        frame(1, 1, () => 10),
      ),
    ).toBe(10);
    expect(
      change(
        frame(3, 40, () => 5),
        frame(3, 40, () => 5),
      ),
    ).toBe(0);
  });
});

describe('keys', () => {
  it.each(['-0jeONf82dE_000030', '2zBvl9_qG0w_0_10000', 'Zug, Bahn (2)', 'größe'])('%s stays', (id) => {
    expect(sampleKey(id)).toBe(id);
  });

  it.each([
    ['a.b', /^a_b-[0-9a-f]{8}$/],
    ['a/b', /^a_b-[0-9a-f]{8}$/],
    ['..', /^__-[0-9a-f]{8}$/],
    ['', /^-[0-9a-f]{8}$/],
    ['a\nb:c', /^a_b_c-[0-9a-f]{8}$/],
  ])('%j is changed', (id, expected) => {
    expect(sampleKey(id)).toMatch(expected);
  });

  it('are different for different ids, and fit for an archive', () => {
    fc.assert(
      fc.property(fc.uniqueArray(fc.string({ unit: 'binary', maxLength: 200 }), { minLength: 2 }), (ids) => {
        expect(new Set(ids.map(sampleKey)).size).toBe(ids.length);
        for (const id of ids) {
          expect(sampleKey(id)).not.toContain('.');
          tarMember(`${sampleKey(id)}.jpg`, new Uint8Array());
        }
      }),
    );
  });
});
