/** What one clip becomes: which part of the sound, which bytes of the picture, and where the limits of the checks lie. */
import { join } from 'node:path';
import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import { answer } from '../../src/datasets/prepare/clip.js';
import { defaultSettings, type LeftOut, type PrepareSettings, type Sample } from '../../src/datasets/prepare/settings.js';
import type { MediaRef } from '../../src/datasets/types.js';
import { encodeJpeg, readPicture } from '../../src/media/picture.js';
import { readSound } from '../../src/media/sound.js';
import type { AudioClip, Frame } from '../../src/media/types.js';
import { encodeWav } from '../../src/media/wav.js';
import { writeVideo } from '../../src/media/writeVideo.js';
import { scratchFolders, write } from './scratch.js';

const folder = scratchFolders();

/** Dark above, bright below: turned or inverted, it is another picture. */
const [width, height] = [64, 48];
const picture: Frame = {
  width,
  height,
  rgb: Uint8Array.from({ length: 3 * width * height }, (_, i) => (i < (3 * width * height) / 2 ? 40 : 200)),
};
const pixels = () => sharp(picture.rgb, { raw: { width, height, channels: 3 } });

/** A tone of the given level (dB of full scale, root mean square). */
const tone = (decibels: number, seconds = 2): AudioClip => ({
  sampleRate: 16_000,
  samples: Float32Array.from(
    { length: 16_000 * seconds },
    (_, i) => Math.SQRT2 * 10 ** (decibels / 20) * Math.sin((2 * Math.PI * 440 * i) / 16_000),
  ),
});

/** What becomes of a picture and a sound in files; `times` are those of the sound's clip. */
async function ofPair(
  jpeg: Uint8Array,
  sound: AudioClip,
  times: Omit<MediaRef, 'path'> = {},
  settings: Partial<PrepareSettings> = {},
) {
  const root = write(folder(), { 'a.jpg': jpeg, 'a.wav': encodeWav(sound, 'float32') });
  const pair = { id: 'a', picture: { path: join(root, 'a.jpg') }, sound: { path: join(root, 'a.wav'), ...times } };
  return (await answer({ clip: { pair, root }, settings: { ...defaultSettings, ...settings } })) as Sample | LeftOut;
}

const member = (sample: Sample | LeftOut, extension: string): Uint8Array => {
  if ('problem' in sample) throw new Error(`left out: ${sample.reason}`);
  return sample.members.find((candidate) => candidate.extension === extension)!.content;
};

describe('a JPEG', () => {
  it('that every reader shows alike is kept as it is', async () => {
    const jpeg = await encodeJpeg(picture);
    expect(Buffer.compare(member(await ofPair(jpeg, tone(-20)), 'jpg'), jpeg)).toBe(0);
  });

  it.each([
    ['turned by its EXIF data', () => pixels().withMetadata({ orientation: 6 }).jpeg({ quality: 95 }), [height, width]],
    ['in four inks', () => pixels().toColourspace('cmyk').jpeg({ quality: 95 }), [width, height]],
  ])('%s is written anew, upright and in three colours', async (_, make, size) => {
    const jpeg = await make().toBuffer();
    const kept = member(await ofPair(jpeg, tone(-20)), 'jpg');
    const about = await sharp(kept).metadata();
    expect([about.width, about.height]).toEqual(size);
    expect([about.channels, about.orientation]).toEqual([3, undefined]);
    const [before, after] = [await readPicture(jpeg), await readPicture(kept)];
    const worst = after.rgb.reduce((most, level, i) => Math.max(most, Math.abs(level - before.rgb[i]!)), 0);
    expect(worst).toBeLessThan(12);
  });
});

describe("a pair's sound", () => {
  it.each([
    ['of a clip is the middle of that clip', { seconds: 3, duration: 4 }, 4],
    ['from a start on is what follows it', { seconds: 3 }, 3],
    ['of a whole file is its middle', {}, 4],
  ])('%s', async (_, times, start) => {
    // Every sample says where it lies.
    const samples = Float32Array.from({ length: 16_000 * 10 }, (_, i) => 0.1 + i / 320_000);
    const sample = await ofPair(await encodeJpeg(picture), { sampleRate: 16_000, samples }, times, { seconds: 2 });
    const kept = await readSound(member(sample, 'wav'));
    expect(kept.samples).toHaveLength(32_000);
    expect(kept.samples[0]).toBeCloseTo(samples[16_000 * start]!, 4);
    expect(JSON.parse(Buffer.from(member(sample, 'json')).toString()).sound).toMatchObject({ start, seconds: 2 });
  });
});

describe('the limits', () => {
  it('of silence: 59 dB below full scale is sound, 61 dB is none', async () => {
    const jpeg = await encodeJpeg(picture);
    expect(await ofPair(jpeg, tone(-59))).toHaveProperty('content');
    expect(await ofPair(jpeg, tone(-61))).toMatchObject({ problem: 'silent' });
  });

  it.each([
    [7, {}],
    [1, { problem: 'still' }],
  ])('of stillness: a part of the picture that changes by %i levels', async (change, expected) => {
    const grey = (level: number): Frame => ({ width, height, rgb: new Uint8Array(3 * width * height).fill(level) });
    const path = join(folder(), 'a.mp4');
    const frames = Array.from({ length: 20 }, (_, i) => grey(i < 10 ? 100 : 100 + change));
    await writeVideo(path, { frames, frameRate: 10, sound: tone(-20) });
    const pair = { id: 'a', picture: { path }, sound: { path } };
    const result = await answer({ clip: { pair, root: join(path, '..') }, settings: defaultSettings });
    if ('problem' in expected) expect(result).toMatchObject(expected);
    else expect(result).toHaveProperty('content');
  });
});
