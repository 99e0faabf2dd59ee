import { copyFileSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { openPicture, openSound } from '../../src/datasets/media.js';
import { readPairs } from '../../src/datasets/read.js';
import { tarEnd, tarMember } from '../../src/datasets/tar.js';
import type { MediaRef } from '../../src/datasets/types.js';
import type { Frame } from '../../src/media/types.js';
import { writeVideo } from '../../src/media/writeVideo.js';
import { scratchFolders, write } from './scratch.js';

const folder = scratchFolders();
let root: string;

/** Ten seconds of two frames each; frame i is grey, 10 * i bright. Silence, and a tone from second 5 on. */
beforeAll(async () => {
  root = folder();
  const frames = Array.from(
    { length: 20 },
    (_, i): Frame => ({ width: 32, height: 32, rgb: new Uint8Array(3 * 32 * 32).fill(10 * i) }),
  );
  const samples = Float32Array.from({ length: 160_000 }, (_, i) => (i < 80_000 ? 0 : Math.sin(i / 4) / 2));
  await writeVideo(join(root, 'a.mp4'), { frames, frameRate: 2, sound: { sampleRate: 16_000, samples } });
  copyFileSync(join(root, 'a.mp4'), join(root, 'abcdefghijk_000030.mp4'));
});

/** Which of the frames it is, by how bright. */
const frameNumber = async (ref: MediaRef) => Math.round((await openPicture(ref)).rgb[3 * 16 * 32 + 48]! / 10);

describe('pairs of videos', () => {
  it('show the middle, the annotated frame of VGGSound clips, or the frame of the time asked for', async () => {
    const { pairs } = await readPairs(root);
    expect(await Promise.all(pairs.map(({ picture }) => frameNumber(picture)))).toEqual([10, 9]);
    expect(await frameNumber({ path: join(root, 'a.mp4'), seconds: 7.25 })).toBe(14);
  });

  it('sound as the part that a list names', async () => {
    write(root, { 'l.csv': 'video,start,seconds\na.mp4,1,2\na.mp4,6,2\n' });
    const { pairs } = await readPairs(join(root, 'l.csv'));
    expect(await Promise.all(pairs.map(({ picture }) => frameNumber(picture)))).toEqual([4, 14]);
    const sounds = await Promise.all(pairs.map(({ sound }) => openSound(sound, { sampleRate: 16_000 })));
    const loudness = sounds.map(({ samples }) => Math.sqrt(samples.reduce((sum, v) => sum + v * v, 0) / samples.length));
    expect(sounds.map(({ samples }) => samples.length)).toEqual([32_000, 32_000]);
    expect(loudness[0]).toBeLessThan(0.01);
    expect(loudness[1]).toBeCloseTo(0.5 / Math.SQRT2, 1);
  });

  it('may be called anything, and lie in a shard', async () => {
    copyFileSync(join(root, 'a.mp4'), join(root, 'clip'));
    expect(await frameNumber({ path: join(root, 'clip'), seconds: 3 })).toBe(6);
    const content = readFileSync(join(root, 'a.mp4'));
    write(root, { 'shard/a.tar': Buffer.concat([tarMember('x.mp4', content), tarEnd]) });
    const member = { name: 'x.mp4', offset: 512, length: content.length };
    expect(await frameNumber({ path: join(root, 'shard/a.tar'), member, seconds: 3 })).toBe(6);
  });
});
