/** What the fuzz test found, each by itself: damage that FFmpeg passes over in silence. */
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { readSound } from '../../src/media/sound.js';
import { openVideo } from '../../src/media/video.js';
import { writeSound, writeVideo } from '../../src/media/writeVideo.js';
import { colourFrames, tone } from './videoClips.js';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'earshot-test-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

async function sound(extension: string): Promise<Buffer> {
  const path = join(folder, `sound.${extension}`);
  await writeSound(path, tone(440, 16_000, 2.5));
  return readFile(path);
}

async function video(extension: string): Promise<Buffer> {
  const path = join(folder, `video.${extension}`);
  await writeVideo(path, { frames: colourFrames(20), frameRate: 25, sound: tone(440, 16_000, 0.8) });
  return readFile(path);
}

/** Where each part that begins with `mark` begins, and the end. */
function places(file: Buffer, mark: string | Buffer): number[] {
  const found = [];
  for (let at = file.indexOf(mark, 0, 'latin1'); at >= 0; at = file.indexOf(mark, at + 1, 'latin1')) found.push(at);
  return [...found, file.length];
}

/** The file with its parts, as `places` has them, in another order. */
const inOrder = (file: Buffer, at: readonly number[], order: readonly number[]) =>
  new Uint8Array(Buffer.concat([file.subarray(0, at[0]), ...order.map((i) => file.subarray(at[i], at[i + 1]))]));

const corrupt = { problem: 'corrupt' };

describe.each(['ogg', 'opus'])('%s', (extension) => {
  test('a page that is damaged, missing, doubled or out of order', async () => {
    const file = await sound(extension);
    const pages = places(file, 'OggS');
    const order = pages.slice(1).map((_, i) => i);
    expect(order.length).toBeGreaterThanOrEqual(4);
    for (const i of order) {
      const damaged = Uint8Array.from(file);
      damaged[pages[i + 1]! - 1]! ^= 1;
      await expect(readSound(damaged), `page ${i} damaged`).rejects.toMatchObject(corrupt);
      const without = order.filter((k) => k !== i);
      if (i > 0) await expect(readSound(inOrder(file, pages, without)), `without page ${i}`).rejects.toMatchObject(corrupt);
      const twice = order.flatMap((k) => (k === i ? [k, k] : [k]));
      if (i < order.length - 1)
        await expect(readSound(inOrder(file, pages, twice)), `page ${i} twice`).rejects.toMatchObject(corrupt);
    }
    const swapped = [...order.slice(0, -3), order.at(-2)!, order.at(-3)!, order.at(-1)!];
    await expect(readSound(inOrder(file, pages, swapped))).rejects.toMatchObject(corrupt);
    const whole = await readSound(new Uint8Array(file));
    expect(await readSound(new Uint8Array(Buffer.concat([file, Buffer.from('TAG a title')])))).toEqual(whole);
  });
});

test('FLAC: a frame that is missing, doubled or out of order', async () => {
  const file = await sound('flac');
  // Sync code, fixed block size, 16 kHz: the same in all frames but the last, which is shorter.
  const first = file.subarray(file.indexOf(Buffer.of(0xff, 0xf8))).subarray(0, 3);
  const frames = places(file, first);
  const order = frames.slice(1).map((_, i) => i);
  expect(order.length).toBeGreaterThan(5);
  expect(await readSound(inOrder(file, frames, order))).toEqual(await readSound(new Uint8Array(file)));
  for (const wrong of [
    [0, 1, 3],
    [0, 1, 1, 2],
    [0, 2, 1],
  ])
    await expect(readSound(inOrder(file, frames, [...wrong, ...order.slice(wrong.length)]))).rejects.toMatchObject(corrupt);
});

test('MP3: the last frame, of which most is padding, is missing', async () => {
  const file = await sound('mp3');
  const whole = await readSound(new Uint8Array(file));
  for (const missing of [1, 300, 600, 900, 1500]) {
    const part = await readSound(new Uint8Array(file.subarray(0, -missing))).catch((error) => error.problem);
    if (part !== 'corrupt') expect(part).toEqual(whole);
  }
  await expect(readSound(new Uint8Array(file.subarray(0, -900)))).rejects.toMatchObject(corrupt);
});

test('AVI: there is less sound than its header says', async () => {
  const file = await video('avi');
  const length = file.indexOf('auds') + 32;
  expect(file.readUInt32LE(length)).toBe(12_800);
  file.writeUInt32LE(14_000, length);
  await expect(readSound(new Uint8Array(file))).rejects.toThrow(/expected 0.875 s, it ends at 0.800 s/);
});

test('WebM: pictures that begin at the same time are both given, and those behind them', async () => {
  const file = await video('webm');
  // The time of a block of the first track, in milliseconds from the beginning of its cluster.
  const block = file.indexOf(Buffer.of(0x81, 0x01, 0x40));
  const damaged = Uint8Array.from(file);
  damaged.set([0x01, 0x18], block + 1);
  const film = await openVideo(damaged);
  const times = [];
  for await (const { time } of film.frames()) times.push(Math.round(time * 25));
  expect(times).toEqual(Array.from({ length: 20 }, (_, i) => (i === 8 ? 7 : i)));
  await film.close();
});

describe('a video whose header does not say how long it is', () => {
  const cases = {
    avi: async () => {
      const file = await video('avi');
      file.fill(0, file.indexOf('vids') + 32, file.indexOf('vids') + 36);
      return file;
    },
    webm: async () => {
      const file = await video('webm');
      // Other names for the elements that tell it, of the file and of its tracks.
      file[file.indexOf(Buffer.of(0x44, 0x89, 0x88)) + 1] = 0x88;
      for (const at of places(file, 'DURATION').slice(0, -1)) file.write('X', at);
      return file;
    },
    mp4: async () => {
      const file = await video('mp4');
      // The header of a track's medium: version and times, ticks a second, and the duration.
      file.fill(0, file.indexOf('mdhd') + 20, file.indexOf('mdhd') + 24);
      return file;
    },
  };
  test.each(Object.entries(cases))('%s: its packets tell', async (_, make) => {
    const film = await openVideo(new Uint8Array(await make()));
    expect(film.duration).toBeCloseTo(0.8, 2);
    let count = 0;
    for await (const _frame of film.frames()) count++;
    expect(count).toBe(20);
    await film.close();
  });
});
