/** What `earshot prepare` makes of clips of every kind, and what it leaves out. */
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { PrepareReport } from '../../src/datasets/prepare/report.js';
import { readPairs } from '../../src/datasets/read.js';
import { encodeJpeg, encodePng, readPicture } from '../../src/media/picture.js';
import { readSound } from '../../src/media/sound.js';
import { encodeWav } from '../../src/media/wav.js';
import { writeSound, writeVideo } from '../../src/media/writeVideo.js';
import { frame, membersOf, movingFrames, sha256, tone, writePair } from './clips.js';
import { earshot } from './earshot.js';

let folder: string;
let input: string;
let out: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'prepare-'));
});
beforeEach(() => {
  input = mkdtempSync(join(folder, 'in-'));
  out = join(folder, `out${input.slice(-6)}`, 'deeper');
});
afterAll(() => rmSync(folder, { recursive: true }));

const run = (...more: string[]) => earshot(['prepare', input, '--out', out, ...more]);
const report = (): PrepareReport => JSON.parse(readFileSync(join(out, 'report.json'), 'utf8'));
const video = (name: string, i: number, seconds: number, sound = tone(i, seconds), size?: [number, number]) =>
  writeVideo(join(input, name), { frames: movingFrames(i, seconds, 10, size), frameRate: 10, sound });
const json = (bytes: Uint8Array) => JSON.parse(Buffer.from(bytes).toString());

describe('pairs', () => {
  it('become picture, sound and description, read back by readPairs', async () => {
    await writePair(input, 'b.1', frame(1, 0), tone(1, 2));
    await writePair(input, 'a', frame(2, 0), tone(2, 3));
    expect(await run()).toMatchObject({ code: 0 });
    const members = await membersOf(out);
    expect(members.map(({ name }) => name)).toEqual([
      'a.jpg',
      'a.wav',
      'a.json',
      ...['jpg', 'wav', 'json'].map((extension) => expect.stringMatching(new RegExp(`^b_1-[0-9a-f]{8}\\.${extension}$`))),
    ]);
    const [picture, sound, about] = members.slice(3).map(({ bytes }) => bytes);
    // A JPEG within the size is kept as it is, and 16 kHz in 16 bits loses nothing.
    const files = {
      picture: readFileSync(join(input, 'frames', 'b.1.jpg')),
      sound: readFileSync(join(input, 'audio', 'b.1.wav')),
    };
    expect(sha256(picture!)).toBe(sha256(files.picture));
    expect(sha256(sound!)).toBe(sha256(files.sound));
    expect(json(about!)).toEqual({
      id: 'b.1',
      picture: { source: 'frames/b.1.jpg', sha256: sha256(files.picture), width: 64, height: 48 },
      sound: { source: 'audio/b.1.wav', sha256: sha256(files.sound), start: 0, seconds: 2, sampleRate: 16000 },
    });
    expect((await readPairs(out)).pairs).toHaveLength(2);
  });

  it('are shrunk, resampled, mixed and cut to their middle', async () => {
    mkdirSync(join(input, 'frames'));
    mkdirSync(join(input, 'audio'));
    writeFileSync(join(input, 'frames', 'a.png'), await encodePng(frame(3, 0, 120, 80)));
    writeFileSync(join(input, 'audio', 'a.wav'), encodeWav(tone(3, 7, 0.5, 44_100), 'float32'));
    expect(await run('--size', '40', '--seconds', '3')).toMatchObject({ code: 0 });
    const [picture, sound, about] = await membersOf(out);
    expect(await readPicture(picture!.bytes)).toMatchObject({ width: 60, height: 40 });
    const clip = await readSound(sound!.bytes);
    expect(clip).toMatchObject({ sampleRate: 16_000, samples: { length: 48_000 } });
    const whole = await readSound(join(input, 'audio', 'a.wav'), { sampleRate: 16_000 });
    const worst = clip.samples.reduce((largest, x, i) => Math.max(largest, Math.abs(x - whole.samples[32_000 + i]!)), 0);
    expect(worst).toBeLessThanOrEqual(2 ** -16 + 1e-7);
    expect(json(about!.bytes)).toMatchObject({ picture: { width: 60, height: 40 }, sound: { start: 2, seconds: 3 } });
  });

  it('come from shards again', async () => {
    await writePair(input, 'a', frame(1, 0), tone(1, 2));
    await writePair(input, 'b', frame(2, 0), tone(2, 2));
    await run('--shard-size', '1');
    const again = join(folder, 'again');
    expect(await earshot(['prepare', out, '--out', again])).toMatchObject({ code: 0 });
    const [before, after] = [await membersOf(out), await membersOf(again)];
    const media = (members: typeof before) =>
      members.filter(({ name }) => !name.endsWith('.json')).map(({ name, bytes }) => [name, sha256(bytes)]);
    expect(media(after)).toEqual(media(before));
    expect(json(after[2]!.bytes).picture.source).toBe('shard-000000.tar/a.jpg');
  });

  it('of several inputs come one after the other; an id that was there gets its input in front', async () => {
    const second = mkdtempSync(join(folder, 'in-'));
    await writePair(input, 'a', frame(1, 0), tone(1, 2));
    await writePair(second, 'a', frame(2, 0), tone(2, 2));
    await writePair(second, 'b', frame(3, 0), tone(3, 2));
    const { code, stdout } = await earshot(['prepare', second, input, '--out', out]);
    expect([code, stdout]).toEqual([0, expect.stringContaining('3 of 3 clips are in 1 shard')]);
    const members = await membersOf(out);
    expect([2, 5, 8].map((i) => json(members[i]!.bytes).id)).toEqual(['a', 'b', `${basename(input)}/a`]);
    expect(json(members[2]!.bytes).sound.sha256).toBe(sha256(readFileSync(join(second, 'audio', 'a.wav'))));
    expect(json(members[8]!.bytes).sound.sha256).toBe(sha256(readFileSync(join(input, 'audio', 'a.wav'))));
  });
});

describe('videos', () => {
  it('give the frame in the middle and the sound around it', async () => {
    await video('a.mp4', 1, 4);
    expect(await run('--seconds', '2')).toMatchObject({ code: 0 });
    const [picture, sound, about] = await membersOf(out);
    const { picture: described, sound: heard } = json(about!.bytes);
    expect(described.frameTimes[0]).toBeCloseTo(2, 1);
    expect(heard).toMatchObject({ source: 'a.mp4', seconds: 2, sampleRate: 16_000 });
    expect(heard.start).toBeCloseTo(1, 1);
    expect((await readSound(sound!.bytes)).samples).toHaveLength(32_000);
    // The square has gone 16 pixels to the right: bright there, dark where it began.
    const { rgb } = await readPicture(picture!.bytes);
    const level = (x: number) => rgb[3 * (16 * 64 + x)]!;
    expect(level(24)).toBeGreaterThan(200);
    expect(level(8)).toBeLessThan(128);
  });

  it('of VGGSound give the annotated frame, in both forms of names, unless another is asked for', async () => {
    await video('-abc_defghi_000030.mp4', 1, 6);
    await video('jklmnopqrst_0_10000.mp4', 2, 6);
    await run();
    const times = async () =>
      (await membersOf(out)).filter(({ name }) => name.endsWith('.json')).map(({ bytes }) => json(bytes).picture.frameTimes);
    expect(await times()).toEqual([[4.96], [4.96]]);
    await run('--at', '1', '--restart');
    expect(await times()).toEqual([[1], [1]]);
  });

  it('give several frames, which readPairs takes for as many pictures of one sound', async () => {
    await video('a.mp4', 1, 3);
    expect(await run('--frames', '3', '--min-seconds', '2')).toMatchObject({ code: 0 });
    expect((await membersOf(out)).map(({ name }) => name)).toEqual(['a.0.jpg', 'a.1.jpg', 'a.2.jpg', 'a.wav', 'a.json']);
    expect((await readPairs(out)).pairs).toHaveLength(3);
  });
});

describe('clips that are no good', () => {
  it('are left out, each with its reason, and the others are not', async () => {
    const still = Array.from({ length: 20 }, () => frame(4, 0));
    await video('a-good.mp4', 1, 2);
    await video('b-short.mp4', 2, 0.5);
    await video('c-silent.webm', 3, 2, tone(3, 2, 1e-4));
    await writeVideo(join(input, 'd-still.mp4'), { frames: still, frameRate: 10, sound: tone(4, 2) });
    await writeVideo(join(input, 'e-mute.mp4'), { frames: movingFrames(5, 2, 10), frameRate: 10 });
    copyFileSync(join(input, 'a-good.mp4'), join(input, 'f-copy.mp4'));
    await video('g-cut.mkv', 7, 2);
    truncateSync(join(input, 'g-cut.mkv'), 600);
    writeFileSync(join(input, 'h-text.avi'), 'not a video');
    writeFileSync(join(input, 'i-empty.mp4'), '');
    await writeSound(join(folder, 'sound.m4a'), tone(8, 2));
    copyFileSync(join(folder, 'sound.m4a'), join(input, 'j-sound.mp4'));
    await video('k-good.mov', 9, 2);
    const { code, stdout } = await run('--min-seconds', '1.5');
    expect(Object.fromEntries(report().problems.map(({ id, problem }) => [id, problem]))).toEqual({
      'b-short': 'tooShort',
      'c-silent': 'silent',
      'd-still': 'still',
      'e-mute': 'noSound',
      'f-copy': 'duplicate',
      'g-cut': 'undecodable',
      'h-text': 'undecodable',
      'i-empty': 'undecodable',
      'j-sound': 'noPicture',
    });
    expect(report()).toMatchObject({ clips: 11, samples: 2, leftOut: { undecodable: 3, silent: 1 } });
    expect((await membersOf(out)).map(({ name }) => name)).toEqual(
      ['a-good', 'k-good'].flatMap((id) => ['jpg', 'wav', 'json'].map((e) => `${id}.${e}`)),
    );
    for (const { reason } of report().problems) expect(reason).toMatch(/^[^\n]{10,}$/);
    expect(stdout).toContain('2 of 11 clips are in 1 shard');
    expect(stdout).toMatch(/9 left out: .*3 undecodable.*report\.json/);
    expect(code).toBe(0);
    expect(await run('--min-seconds', '1.5', '--strict')).toMatchObject({ code: 1 });
  });

  it('are the later ones of the same content in other files', async () => {
    await writePair(input, 'a', frame(1, 0), tone(1, 2));
    await writePair(input, 'b', frame(1, 0), tone(1, 2, 0.4));
    // Another encoding of the same pixels and samples.
    writeFileSync(join(input, 'frames', 'c.png'), await encodePng(await readPicture(await encodeJpeg(frame(1, 0)))));
    writeFileSync(join(input, 'audio', 'c.wav'), encodeWav(await readSound(join(input, 'audio', 'a.wav')), 'float32'));
    await run();
    expect(report().problems).toMatchObject([{ id: 'c', problem: 'duplicate', reason: 'the same frames and sound as a' }]);
  });

  it('fail the run when they are all there is', async () => {
    await writePair(input, 'a', frame(1, 0), tone(1, 2, 0));
    const { code, stdout } = await run();
    expect(stdout).toContain('0 of 1 clips are in 0 shards');
    expect(code).toBe(1);
  });
});
