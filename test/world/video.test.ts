/** The video of two objects that sound in turn. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { openVideo, readSound } from '../../src/media/index.js';
import { Random } from '../../src/random.js';
import { worldVideo, writeWorldVideo } from '../../src/world/index.js';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'earshot-world-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

const short = { size: 64, framesPerSecond: 5, turns: 3, seconds: 1 };

it('shows two different kinds that do not touch and sway a little, whose sounds take turns', () => {
  for (let seed = 0; seed < 10; seed++) {
    const { frames, sound, objects } = worldVideo(new Random(seed), short);
    expect(frames).toHaveLength(15);
    expect(sound).toMatchObject({ sampleRate: 16_000, samples: { length: 48_000 } });
    const [first, second] = objects as [(typeof objects)[0], (typeof objects)[0]];
    expect(first.category).not.toBe(second.category);
    expect([first.sounding, second.sounding]).toEqual([
      [
        [0, 0.8],
        [2, 2.8],
      ],
      [[1, 1.8]],
    ]);
    for (const { boxes } of objects) {
      expect(boxes).toHaveLength(15);
      expect(new Set(boxes.map(String)).size).toBeGreaterThan(1);
      for (const [k, edge] of boxes[0]!.entries()) for (const box of boxes) expect(Math.abs(box[k]! - edge)).toBeLessThan(6);
    }
    for (const [i, [, , right]] of first.boxes.entries()) expect(right).toBeLessThanOrEqual(second.boxes[i]![0]);
    const level = (from: number, until: number) =>
      Math.max(...sound.samples.subarray(16_000 * from, 16_000 * until).map((x) => Math.abs(x)));
    for (const { sounding } of objects)
      for (const [from, until] of sounding) {
        expect(level(from, until)).toBeGreaterThan(0.25);
        expect(level(until + 0.01, until + 0.2)).toBe(0);
      }
  }
});

it('is the same for a stream, of the kinds that are asked for', () => {
  expect(worldVideo(new Random(1), short)).toEqual(worldVideo(new Random(1), short));
  const { objects } = worldVideo(new Random(1), { ...short, kinds: ['cat', 'bell'] });
  expect(objects.map(({ category }) => category).sort()).toEqual(['bell', 'cat']);
  expect(() => worldVideo(new Random(1), { kinds: ['cat'] })).toThrow('worldVideo: expected at least two kinds of bee, ');
});

it('is written with its sound, and beside it what sounds when and where', async () => {
  const path = join(folder, 'two.mp4');
  const { objects } = await writeWorldVideo(path, { ...short, seed: 3 });
  expect(JSON.parse(readFileSync(join(folder, 'two.json'), 'utf8'))).toEqual({ framesPerSecond: 5, objects });
  const video = await openVideo(path);
  expect(video).toMatchObject({ width: 64, height: 64 });
  await video.close();
  const { samples, sampleRate } = await readSound(path);
  expect(samples.length / sampleRate).toBeCloseTo(3, 1);
});
