import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { loadFfmpeg } from '../../src/media/ffmpeg/binding.js';
import { Muxer } from '../../src/media/ffmpeg/muxer.js';
import { PictureTrack } from '../../src/media/ffmpeg/tracks.js';
import type { Frame } from '../../src/media/types.js';
import { openVideo } from '../../src/media/video.js';
import { writeSound, writeVideo } from '../../src/media/writeVideo.js';
import { clicks, colourFrames, colourOf, colours, plainFrame, tone } from './videoClips.js';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'earshot-test-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

async function write(extension: string): Promise<string> {
  const path = join(folder, `colours.${extension}`);
  await writeVideo(path, { frames: colourFrames(75), frameRate: 25, sound: tone(440, 16_000, 3) });
  return path;
}

describe.each(['mp4', 'mov', 'webm', 'mkv', 'avi'])('%s', (extension) => {
  test('says what it is, and shows the right picture at any time', async () => {
    const video = await openVideo(await write(extension));
    expect(video).toMatchObject({ width: 64, height: 48, frameRate: 25, hasSound: true });
    expect(video.duration).toBeCloseTo(3, 2);
    // In an order that seeks both ways; the last one but one is shown up to 0.2 s, the first one also before it begins.
    for (const time of [2.99, 0, 1, 0.198, 0.2, 0.201, 2.6, 2.59, 99, -1])
      expect(colourOf(await video.frameAt(time)), `${time} s`).toBe(
        Math.floor(Math.min(74, Math.max(0, Math.floor(time * 25 + 1e-6))) / 5) % 6,
      );
    await video.close();
    await expect(video.frameAt(0)).rejects.toThrow(/closed/);
  });

  test('gives every picture, or some at a rate', async () => {
    const video = await openVideo(await write(extension));
    const every = [];
    for await (const { time, frame } of video.frames()) every.push([Math.round(time * 25), colourOf(frame)]);
    expect(every).toEqual(Array.from({ length: 75 }, (_, i) => [i, Math.floor(i / 5) % 6]));
    const some = [];
    for await (const { time, frame } of video.frames({ rate: 10, start: 1, end: 2 })) some.push([time, colourOf(frame)]);
    expect(some).toEqual(Array.from({ length: 10 }, (_, i) => [1 + i / 10, (5 + Math.floor(i / 2)) % 6]));
    const part = [];
    for await (const { time } of video.frames({ start: 0.99, end: 1.2 })) part.push(Math.round(time * 25));
    expect(part).toEqual([25, 26, 27, 28, 29]);
    await expect(video.frames({ start: 4 }).next()).rejects.toThrow(/expected pictures from 4 s on, they end at 3/);
    await video.close();
  });

  test('gives its sound', async () => {
    const video = await openVideo(await write(extension));
    const { samples } = await video.sound({ start: 1, duration: 1, sampleRate: 16_000 });
    expect(samples.length).toBe(16_000);
    const rises = samples.filter((x, i) => i > 0 && x >= 0 && samples[i - 1]! < 0).length;
    expect(Math.abs(rises - 440)).toBeLessThanOrEqual(1);
    await video.close();
  });

  test('truncated at 30, 60 and 95 per cent: corrupt', async () => {
    const bytes = new Uint8Array(await readFile(await write(extension)));
    for (const share of [0.3, 0.6, 0.95])
      await expect(openVideo(bytes.subarray(0, bytes.length * share))).rejects.toMatchObject({ problem: 'corrupt' });
  });
});

test.each(['webm', 'avi'])('equal frames give equal bytes in %s', async (extension) => {
  expect((await readFile(await write(extension))).equals(await readFile(await write(extension)))).toBe(true);
});

test('an iteration left early frees what it holds, and the video goes on', async () => {
  const bytes = new Uint8Array(await readFile(await write('mp4')));
  const temporary = await mkdtemp(join(folder, 'temporary-'));
  vi.stubEnv('TMPDIR', temporary);
  const video = await openVideo(bytes);
  vi.unstubAllEnvs();
  expect(await readdir(temporary)).toHaveLength(1);
  for (let i = 0; i < 3; i++) for await (const { frame } of video.frames({ start: i / 5 })) if (colourOf(frame) === i) break;
  const [one, two] = await Promise.all([video.frameAt(0.5), video.frameAt(0.1)]);
  expect([one, two].map(colourOf)).toEqual([2, 0]);
  const last = video.frameAt(2);
  await video.close();
  await video.close();
  expect(colourOf(await last)).toBe(4);
  await expect(video.frameAt(2)).rejects.toThrow(/closed/);
  expect(await readdir(temporary)).toEqual([]);
});

test('after an error no call gives a wrong picture', async () => {
  const path = join(folder, 'moving.avi');
  // Of such pictures most bytes of the file are.
  const moving = Array.from({ length: 75 }, (_, n) => {
    const frame = plainFrame(64, 48, [0, 0, 0]);
    return { ...frame, rgb: frame.rgb.map((_, i) => (Math.floor(i / 3) * 37 + n * n * 11 + ((i * (n + 3)) % 101)) % 256) };
  });
  await writeVideo(path, { frames: moving, frameRate: 25 });
  const bytes = new Uint8Array(await readFile(path));
  const whole: Frame[] = [];
  const undamaged = await openVideo(path);
  for await (const { frame } of undamaged.frames()) whole.push(frame);
  await undamaged.close();
  bytes.fill(0x5a, bytes.length / 2, bytes.length / 2 + 40);
  /** The pictures before the first that fails, each asked for by its time. */
  const before: Frame[] = [];
  const straight = await openVideo(bytes);
  for (let i = 0; i < 75; i++) {
    const frame = await straight.frameAt(i / 25).catch(() => undefined);
    if (!frame) break;
    before.push(frame);
  }
  await straight.close();
  const failing = before.length;
  expect(failing).toBeGreaterThan(5);
  expect(failing).toBeLessThan(74);
  const video = await openVideo(bytes);
  for (const i of [failing, failing + 1, failing, 74, 99, failing - 1, failing, 0, failing + 1, 3, 74, failing - 2]) {
    const frame = await video.frameAt(i / 25).catch(() => undefined);
    if (i === failing) expect(frame, `${i}`).toBeUndefined();
    else if (i < failing) expect(frame && Buffer.compare(frame.rgb, before[i]!.rgb), `${i}`).toBe(0);
    else if (frame) expect(Buffer.compare(frame.rgb, whole[Math.min(i, 74)]!.rgb), `${i}`).toBe(0);
  }
  await video.close();
});

test.each(['mp4', 'mov', 'webm', 'mkv', 'avi'])('at its own rate a video gives each picture once: %s', async (extension) => {
  for (const [rate, count] of [
    [10, 7],
    [10, 33],
    [12, 33],
    [29.97, 7],
    [29.97, 31],
    [29.97, 33],
    [23.976, 10],
    [25, 1],
    [59.94, 40],
  ] as const) {
    const path = join(folder, `rates.${extension}`);
    await writeVideo(path, { frames: colourFrames(count, 16, 16), frameRate: rate });
    const video = await openVideo(path);
    const times = [];
    for await (const { time, frame } of video.frames({ rate })) times.push([time, colourOf(frame)]);
    expect(times, `${rate} a second`).toEqual(Array.from({ length: count }, (_, i) => [i / rate, Math.floor(i / 5) % 6]));
    await video.close();
  }
});

test('an end that the steps meet is left out', async () => {
  const video = await openVideo(await write('mp4'));
  const times = [];
  // 0.7 + 1 / 10 is a little less than 0.8.
  for await (const { time } of video.frames({ rate: 10, start: 0.7, end: 0.8 })) times.push(time);
  expect(times).toEqual([0.7]);
  await video.close();
});

test("limits that are not given are the video's own", async () => {
  const video = await openVideo(await write('mp4'), { limits: { maxSeconds: 2 } });
  await expect(video.sound({ limits: undefined })).rejects.toMatchObject({ problem: 'tooLarge' });
  expect((await video.sound({ limits: { maxSeconds: 4 } })).samples.length).toBeGreaterThan(0);
  await video.close();
});

test('an abort ends iterations and the opening', async () => {
  const path = await write('webm');
  const controller = new AbortController();
  const video = await openVideo(path, { signal: controller.signal });
  const iterator = video.frames();
  await iterator.next();
  controller.abort(new Error('enough'));
  await expect(openVideo(path, { signal: controller.signal })).rejects.toThrow('enough');
  await expect(video.frameAt(1)).rejects.toThrow('enough');
  await iterator.return(undefined);
  await video.close();
});

describe('rotation', () => {
  // Left red, right blue, and a green corner on the top left.
  const stored: Frame = plainFrame(64, 32, [0, 0, 0]);
  for (let y = 0; y < 32; y++)
    for (let x = 0; x < 64; x++) stored.rgb.set(colours[x < 16 && y < 16 ? 1 : x < 32 ? 0 : 2], 3 * (64 * y + x));
  /** Colours of the corners: top left, top right, bottom left, bottom right. */
  const corners = (frame: Frame) =>
    [
      [4, 4],
      [frame.width - 4, 4],
      [4, frame.height - 4],
      [frame.width - 4, frame.height - 4],
    ].map(([x, y]) => {
      const at = 3 * (y! * frame.width + x!);
      return colours.findIndex((colour) => colour.every((value, k) => Math.abs(value - frame.rgb[at + k]!) < 30));
    });

  test.each([
    { matrix: [1, 0, 0, 1], size: [64, 32], expected: [1, 2, 0, 2], name: 'none' },
    { matrix: [0, 1, -1, 0], size: [32, 64], expected: [0, 1, 2, 2], name: 'a quarter turn clockwise' },
    { matrix: [-1, 0, 0, -1], size: [64, 32], expected: [2, 0, 2, 1], name: 'half a turn' },
    { matrix: [0, -1, 1, 0], size: [32, 64], expected: [2, 2, 1, 0], name: 'a quarter turn counterclockwise' },
    { matrix: [-1, 0, 0, 1], size: [64, 32], expected: [2, 1, 2, 0], name: 'mirrored' },
  ])('$name', async ({ matrix, size, expected }) => {
    const path = join(folder, 'rotated.mp4');
    await writeVideo(path, { frames: Array.from({ length: 5 }, () => stored), frameRate: 25 });
    const bytes = await readFile(path);
    // The matrix of the track header, behind 40 bytes of other fields (ISO/IEC 14496-12, 8.3.2).
    const at = bytes.indexOf('tkhd') + 4 + 40;
    [matrix[0], matrix[1], 0, matrix[2], matrix[3], 0].forEach((value, i) => bytes.writeInt32BE(value! * 65_536, at + 4 * i));
    const video = await openVideo(new Uint8Array(bytes));
    const frame = await video.frameAt(0);
    expect([video.width, video.height]).toEqual(size);
    expect([frame.width, frame.height]).toEqual(size);
    expect(corners(frame)).toEqual(expected);
    await video.close();
  });
});

test('odd sizes are made even by repeating the last column and row', async () => {
  const path = join(folder, 'odd.mp4');
  await writeVideo(path, { frames: colourFrames(5, 33, 17), frameRate: 25 });
  const video = await openVideo(path);
  const frame = await video.frameAt(0);
  expect([frame.width, frame.height]).toEqual([34, 18]);
  expect(colours[0].every((value, k) => Math.abs(value - frame.rgb[frame.rgb.length - 3 + k]!) <= 8)).toBe(true);
  await video.close();
});

test('the limit on pixels holds when opening, and when the size grows on the way', async () => {
  const path = await write('mp4');
  await expect(openVideo(path, { limits: { maxPixels: 64 * 48 - 1 } })).rejects.toMatchObject({ problem: 'tooLarge' });
  // Bare MPEG-4 streams can be joined: the second one is larger.
  const ffmpeg = await loadFfmpeg('test');
  const pieces = [48, 240].map((height) => {
    const piece = join(folder, `${height}.m4v`);
    const muxer = new Muxer(ffmpeg, piece, piece, 'm4v');
    const track = new PictureTrack(muxer, { codec: 'mpeg4', options: {} }, { width: 64, height }, 25);
    muxer.begin();
    for (const frame of colourFrames(50, 64, height)) track.add(frame);
    track.finish();
    muxer.finish();
    track.free();
    muxer.free();
    return readFile(piece);
  });
  const video = await openVideo(new Uint8Array(Buffer.concat(await Promise.all(pieces))), { limits: { maxPixels: 64 * 48 } });
  let shown = 0;
  const all = async () => {
    for await (const { frame } of video.frames()) shown += frame.height === 48 ? 1 : NaN;
  };
  await expect(all()).rejects.toMatchObject({ problem: 'tooLarge' });
  expect(shown).toBeGreaterThan(40);
  await video.close();
});

test.each(['mp4', 'mov', 'webm', 'mkv', 'avi'])('a video just at the limit on pixels is read: %s', async (extension) => {
  const video = await openVideo(await write(extension), { limits: { maxPixels: 64 * 48 } });
  expect(colourOf(await video.frameAt(2.5))).toBe(0);
  await video.close();
});

test('sound without video, video without sound', async () => {
  const sound = join(folder, 'sound.m4a');
  await writeSound(sound, clicks());
  await expect(openVideo(sound)).rejects.toMatchObject({ problem: 'noPicture' });
  const silent = join(folder, 'silent.webm');
  await writeVideo(silent, { frames: colourFrames(5), frameRate: 25 });
  const video = await openVideo(silent);
  expect(video.hasSound).toBe(false);
  await expect(video.sound()).rejects.toMatchObject({ problem: 'noSound' });
  await video.close();
});

test('a video that fails or is aborted leaves the old file and nothing else', async () => {
  const path = join(folder, 'kept', 'a.mp4');
  await expect(writeVideo(path, { frames: colourFrames(5), frameRate: 25 })).rejects.toThrow();
  const target = join(folder, 'kept.mp4');
  await writeFile(target, 'old');
  const mixed = [plainFrame(64, 48, colours[0]), plainFrame(32, 48, colours[0])];
  await expect(writeVideo(target, { frames: mixed, frameRate: 25 })).rejects.toThrow(/expected frames of 64x48/);
  await expect(writeVideo(target, { frames: [], frameRate: 25 })).rejects.toThrow(/at least one frame/);
  await expect(writeVideo(target, { frames: colourFrames(1), frameRate: 25, signal: AbortSignal.abort() })).rejects.toThrow();
  await expect(writeVideo(join(folder, 'a.xyz'), { frames: [], frameRate: 25 })).rejects.toThrow(/\.mp4, \.mov/);
  expect(await readFile(target, 'utf8')).toBe('old');
  expect((await readdir(folder)).filter((name) => name.includes('partial'))).toEqual([]);
});
