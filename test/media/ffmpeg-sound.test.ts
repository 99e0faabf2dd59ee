import { execFile } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { loadFfmpeg } from '../../src/media/ffmpeg/binding.js';
import { Muxer } from '../../src/media/ffmpeg/muxer.js';
import { decodeSound } from '../../src/media/ffmpeg/sound.js';
import { SoundTrack } from '../../src/media/ffmpeg/tracks.js';
import { writeSound, writeVideo } from '../../src/media/writeVideo.js';
import { clicks, clickTimes, colourFrames } from './videoClips.js';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'earshot-test-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const sounds = ['flac', 'mp3', 'ogg', 'opus', 'm4a'];
const videos = ['mp4', 'mov', 'webm', 'mkv', 'avi'];

/** A file of three seconds with clicks at 1 s and 2 s. */
async function write(extension: string): Promise<string> {
  const path = join(folder, `clicks.${extension}`);
  if (videos.includes(extension)) await writeVideo(path, { frames: colourFrames(75), frameRate: 25, sound: clicks() });
  else await writeSound(path, clicks());
  return path;
}

describe.each([...sounds, ...videos])('%s', (extension) => {
  test('sounds are where they were, to the sample, whatever the codec puts in front', async () => {
    const { sampleRate, channels } = await decodeSound(await write(extension));
    expect(channels).toHaveLength(1);
    // Codecs smear a click a little ahead of where it was.
    const [first, second] = clickTimes(channels[0]!, sampleRate);
    expect(Math.abs(first! - 1) * sampleRate).toBeLessThan(1.5);
    expect(Math.abs(second! - 2) * sampleRate).toBeLessThan(1.5);
    expect(channels[0]!.length).toBe(3 * sampleRate);
  });

  test('a part is that part of the whole', async () => {
    const path = await write(extension);
    const whole = await decodeSound(path);
    for (const [start, duration] of [
      [0, 0.5],
      [0.3333, 1],
      [1.9, 0.2],
      [2.5, 9],
    ] as const) {
      const part = await decodeSound(path, { start, duration });
      const from = Math.round(start * whole.sampleRate);
      const expected = whole.channels[0]!.subarray(from, from + Math.round(duration * whole.sampleRate));
      expect(part.channels[0]!.length).toBe(expected.length);
      expect(part.channels[0]!.every((x, i) => x === expected[i])).toBe(true);
    }
  });

  test('truncated at 30, 60 and 95 per cent: corrupt', async () => {
    const bytes = await readFile(await write(extension));
    for (const share of [0.3, 0.6, 0.95]) {
      const path = join(folder, `cut.${extension}`);
      await writeFile(path, bytes.subarray(0, bytes.length * share));
      await expect(decodeSound(path)).rejects.toMatchObject({ problem: 'corrupt' });
    }
  });

  test('bytes, and a name that says something else, give the same', async () => {
    const path = await write(extension);
    const bytes = new Uint8Array(await readFile(path));
    const other = join(folder, 'other.png');
    await writeFile(other, bytes);
    const expected = await decodeSound(path);
    expect(await decodeSound(bytes)).toEqual(expected);
    expect(await decodeSound(other)).toEqual(expected);
  });
});

test('FLAC keeps 16-bit samples exactly', async () => {
  const samples = Float32Array.from({ length: 20_000 }, (_, i) => (((i * 7919) % 65_536) - 32_768) / 32_768);
  const path = join(folder, 'exact.flac');
  await writeSound(path, { sampleRate: 22_050, samples });
  expect(await decodeSound(path)).toEqual({ sampleRate: 22_050, channels: [samples] });
});

test('MP3 in an AVI, which does not tell what the encoder put in front', async () => {
  const ffmpeg = await loadFfmpeg('test');
  const path = join(folder, 'mp3.avi');
  const muxer = new Muxer(ffmpeg, path, path, 'avi');
  const track = new SoundTrack(muxer, { codec: 'libmp3lame', options: {} }, 16_000);
  muxer.begin();
  track.add(clicks(), Infinity);
  track.finish();
  muxer.finish();
  track.free();
  muxer.free();
  const { sampleRate, channels } = await decodeSound(path);
  const [first, second] = clickTimes(channels[0]!, sampleRate);
  expect(second! - first!).toBeCloseTo(1, 3);
  expect(first! - 1).toBeLessThan(0.08);
});

test('limits hold before memory grows', async () => {
  const path = await write('flac');
  await expect(decodeSound(path, { limits: { maxSeconds: 2 } })).rejects.toMatchObject({ problem: 'tooLarge' });
  expect((await decodeSound(path, { start: 1, duration: 1, limits: { maxSeconds: 2 } })).channels[0]!.length).toBe(16_000);
  // A header that announces 2^36 - 1 samples for the few that there are.
  const bytes = new Uint8Array(await readFile(path));
  bytes[21]! |= 0x0f;
  bytes.fill(0xff, 22, 26);
  await expect(decodeSound(bytes)).rejects.toMatchObject({ problem: 'tooLarge' });
  await expect(decodeSound(bytes, { limits: { maxSeconds: 1e9 } })).rejects.toMatchObject({ problem: 'corrupt' });
});

test('a start beyond the end, nonsense times, an abort', async () => {
  const path = await write('m4a');
  await expect(decodeSound(path, { start: 3.5 })).rejects.toThrow(/expected sound from 3.5 s on, it ends at 3/);
  await expect(decodeSound(path, { start: -1 })).rejects.toThrow(RangeError);
  const reason = new Error('enough');
  await expect(decodeSound(path, { signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
});

test('what is no sound says so', async () => {
  const file = async (name: string, content: string | Uint8Array) => {
    const path = join(folder, name);
    await writeFile(path, content);
    return path;
  };
  await write('mp4');
  const cases: [string, string][] = [
    [join(folder, 'nothing.mp3'), 'missing'],
    [folder, 'missing'],
    [await file('empty.mp3', ''), 'corrupt'],
    [
      await file(
        'garbage.mp3',
        Uint8Array.from({ length: 5000 }, (_, i) => (i * i * 31 + i * 7) % 251),
      ),
      'corrupt',
    ],
    [await file('text.txt', 'hello '.repeat(100)), 'unsupported'],
    [await file('picture.mp3', Uint8Array.of(0xff, 0xd8, 0xff, 0xe0, 0, 16)), 'unsupported'],
    // Playlists and scripts must not open what they name.
    [await file('list.m3u8', '#EXTM3U\n#EXT-X-TARGETDURATION:3\n#EXTINF:3,\nclicks.mp4\n#EXT-X-ENDLIST\n'), 'unsupported'],
    [await file('list.ffconcat', 'ffconcat version 1.0\nfile clicks.mp4\n'), 'unsupported'],
    [await file('http:%d.sdp', 'v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nm=audio 5004 RTP/AVP 0\n'), 'unsupported'],
  ];
  for (const [path, problem] of cases) await expect(decodeSound(path), path).rejects.toMatchObject({ problem, file: path });
  const silent = join(folder, 'silent.mp4');
  await writeVideo(silent, { frames: colourFrames(5), frameRate: 25 });
  await expect(decodeSound(silent)).rejects.toMatchObject({ problem: 'noSound' });
});

test('temporary files of bytes are gone, also after errors', async () => {
  const before = (await readdir(tmpdir())).filter((name) => /^earshot-(?!test)/.test(name));
  await decodeSound(new Uint8Array(await readFile(await write('ogg'))));
  await expect(decodeSound(new Uint8Array(2000))).rejects.toMatchObject({ file: '(2000 bytes)' });
  const after = (await readdir(tmpdir())).filter((name) => /^earshot-(?!test)/.test(name));
  expect(after.filter((name) => !before.includes(name))).toEqual([]);
});

test('without node-av the error names it and how to get it', async () => {
  // The built package, in a process whose module resolution finds no node-av.
  const hooks = `export const resolve = (name, context, next) => {
    if (name.startsWith('node-av')) throw Object.assign(new Error('not found'), { code: 'ERR_MODULE_NOT_FOUND' });
    return next(name, context);
  }`;
  const sound = new URL('../../dist/media/ffmpeg/sound.js', import.meta.url);
  const script = `import { register } from 'node:module';
    register(${JSON.stringify(`data:text/javascript,${encodeURIComponent(hooks)}`)});
    const { decodeSound } = await import(${JSON.stringify(sound)});
    await decodeSound('x.mp3').catch((error) => console.log(error.problem, error.message));`;
  const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '-e', script]);
  expect(stdout).toMatch(/^needsFfmpeg x.mp3: .*node-av, which is not installed; run `npm install node-av` \(pictures and WAV/);
});

test('what a fragmented MP4 leaves out behind its priming is no gap', async () => {
  const { file } = JSON.parse(await readFile(new URL('../golden/fragmented.json', import.meta.url), 'utf8')) as { file: string };
  const { sampleRate, channels } = await decodeSound(Buffer.from(file, 'base64'));
  expect(sampleRate).toBe(44100);
  const [samples] = channels;
  expect(Math.abs(samples!.length - 44100)).toBeLessThan(2048);
  // 440 periods a second, from the beginning on.
  const rises = [...samples!.keys()].filter((i) => i > 0 && i < 22050 && samples![i - 1]! < 0 && samples![i]! >= 0).length;
  expect(Math.abs(rises - 220)).toBeLessThan(3);
});
