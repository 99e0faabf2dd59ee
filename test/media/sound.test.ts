import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { mixChannels } from '../../src/media/clip.js';
import { resample } from '../../src/media/resample.js';
import { readSound } from '../../src/media/sound.js';
import type { AudioClip, SoundOptions } from '../../src/media/types.js';
import { encodeWav } from '../../src/media/wav.js';
import { writeSound } from '../../src/media/writeVideo.js';
import { chunk, fmtBody, riff, wavOf } from './wavFile.js';

const folder = mkdtempSync(join(tmpdir(), 'earshot-sound-'));
afterAll(() => rmSync(folder, { recursive: true }));
const path = (name: string) => join(folder, name);
const file = (name: string, bytes: Uint8Array) => (writeFileSync(path(name), bytes), path(name));

/** A tone of `hz`, faded in and out so that codecs have no edge to smear. */
const tone = (hz: number, seconds: number, sampleRate: number): AudioClip => ({
  sampleRate,
  samples: Float32Array.from({ length: seconds * sampleRate }, (_, n) => {
    const fade = Math.min(1, (10 * n) / sampleRate, (10 * (seconds * sampleRate - n)) / sampleRate);
    return 0.5 * fade * Math.sin((2 * Math.PI * hz * n) / sampleRate);
  }),
});

/** Root of the mean of squared differences over the samples that both have. */
const difference = (a: Float32Array, b: Float32Array) => {
  const length = Math.min(a.length, b.length);
  return Math.sqrt(a.subarray(0, length).reduce((sum, v, i) => sum + (v - b[i]!) ** 2, 0) / length);
};

/** What 16 bits keep of it. */
const in16Bits = (clip: AudioClip) => Float32Array.from(clip.samples, (v) => (Math.round(v * 32768) + 0) / 32768);

describe('readSound', () => {
  const sound = tone(440, 1.5, 16000);

  it.each(['file', 'bytes'])('reads WAV from %s', async (from) => {
    const bytes = encodeWav(sound);
    const source = from === 'bytes' ? bytes : file('tone.wav', bytes);
    expect(await readSound(source)).toEqual({ sampleRate: 16000, samples: in16Bits(sound) });
    const part = await readSound(source, { start: 0.5, duration: 0.25 });
    expect(part.samples).toEqual(in16Bits(sound).slice(8000, 12000));
  });

  it('goes by what a file holds, not by its name', async () => {
    expect((await readSound(file('tone.mp3', encodeWav(sound)))).samples).toEqual(in16Bits(sound));
  });

  it('reads a long file from behind its first bytes, whatever the part', async () => {
    const noise = Float32Array.from({ length: 700_000 }, (_, i) => (((i * 7919) % 65536) - 32768) / 32768);
    const long = file('long.wav', encodeWav({ sampleRate: 16000, samples: noise }));
    const { samples } = await readSound(long);
    expect([samples.length, difference(samples, noise)]).toEqual([noise.length, 0]);
    expect((await readSound(long, { start: 1, duration: 0.01 })).samples).toEqual(noise.slice(16000, 16160));
  });

  it.each([
    ['flac', 1e-4],
    // LAME lowers the level by 5 %.
    ['mp3', 0.018],
    ['ogg', 0.01],
    ['opus', 0.01],
    ['m4a', 0.01],
  ])('reads %s in place, whole and in part', async (extension, tolerance) => {
    const rich = tone(440, 1.5, 48000);
    const name = path(`tone.${extension}`);
    await writeSound(name, rich);
    const whole = await readSound(name);
    expect(whole.sampleRate).toBe(48000);
    // MP3 and AAC come in pieces of 1024 to 1152 samples; the last may be filled up.
    expect(Math.abs(whole.samples.length - rich.samples.length)).toBeLessThan(extension === 'flac' ? 1 : 2400);
    // A tone out of place by one sample of 48000 differs by 0.02.
    expect(difference(whole.samples, rich.samples)).toBeLessThan(tolerance);
    const part = await readSound(name, { start: 0.5, duration: 0.5, sampleRate: 16000 });
    expect(part.samples).toHaveLength(8000);
    expect(difference(part.samples.slice(50, -50), tone(440, 1.5, 16000).samples.slice(8050, 15950))).toBeLessThan(
      tolerance + 0.002,
    );
  });

  it('leaves WAV in other codecs to FFmpeg', async () => {
    // mu-law: 0xff is silence, 0x80 the largest positive value, 0x00 the largest negative.
    const law = riff(chunk('fmt ', fmtBody({ tag: 7, bits: 8 })), chunk('data', [0xff, 0x80, 0x00, 0xff]));
    const { samples } = await readSound(law);
    expect([...samples]).toEqual([0, 32124 / 32768, -32124 / 32768, 0]);
  });

  it('mixes first, then resamples', async () => {
    const stereo = wavOf(Array.from({ length: 400 }, (_, i) => (i % 2 ? 3000 : 1000) * Math.sin(i / 9)).map(Math.round), {
      channels: 2,
      rate: 8000,
    });
    const mix = await readSound(stereo);
    expect(mix.samples).toHaveLength(200);
    expect(await readSound(stereo, { sampleRate: 16000 })).toEqual({
      sampleRate: 16000,
      samples: resample(mix.samples, 8000, 16000),
    });
    const left = await readSound(stereo, { channel: 0, start: 0.005, duration: 0.01 });
    const right = await readSound(stereo, { channel: 1, start: 0.005, duration: 0.01 });
    expect(mixChannels([left.samples, right.samples], 'mix', '')).toEqual(mix.samples.slice(40, 120));
  });
});

describe('what readSound cannot read', () => {
  const reasonOf = (source: string | Uint8Array, options?: SoundOptions) =>
    readSound(source, options).then(
      () => expect.fail('was read'),
      (reason: unknown) => reason,
    );
  const short = wavOf([1, 2, 3, 4]);

  it('is said with the file and the problem', async () => {
    const none = path('none.wav');
    expect(await reasonOf(none)).toMatchObject({ problem: 'missing', file: none, message: `${none}: cannot be opened (ENOENT)` });
    expect(await reasonOf(folder)).toMatchObject({ problem: 'missing', message: `${folder}: expected a file, this is none` });
    expect(await reasonOf(file('empty.wav', new Uint8Array(0)))).toMatchObject({ problem: 'corrupt' });
    expect(await reasonOf(new Uint8Array(0))).toMatchObject({ problem: 'corrupt', file: '(0 bytes)' });
    expect(await reasonOf(file('cut.wav', short.slice(0, -1)))).toMatchObject({ problem: 'corrupt', file: path('cut.wav') });
    expect(await reasonOf(short, { channel: 2 })).toMatchObject({ problem: 'noSound' });
    expect(await reasonOf(short, { limits: { maxSeconds: 1e-4 } })).toMatchObject({ problem: 'tooLarge' });
    expect(await reasonOf(short, { start: 1 })).toMatchObject({ problem: 'corrupt' });
    expect(await reasonOf(wavOf([1], { rate: 999_983 }), { sampleRate: 16000 })).toMatchObject({
      problem: 'unsupported',
      message: expect.stringContaining('cannot resample from 999983 to 16000 Hz'),
    });
  });

  it('of a compressed file is said in the same words', async () => {
    const name = path('short.flac');
    await writeSound(name, tone(440, 0.5, 16000));
    expect(await reasonOf(name, { channel: 1 })).toMatchObject({
      problem: 'noSound',
      message: `${name}: there is no channel 1: the sound has 1, counted from 0`,
    });
    expect(await reasonOf(name, { start: 0.5 })).toMatchObject({
      problem: 'corrupt',
      message: `${name}: expected sound from 0.5 s on, it ends at 0.5 s`,
    });
    expect(await reasonOf(name, { limits: { maxSeconds: 0.4 } })).toMatchObject({ problem: 'tooLarge' });
    truncateSync(name, statSync(name).size >> 1);
    expect(await reasonOf(name)).toMatchObject({ problem: 'corrupt', file: name });
  });

  it.skipIf(process.platform === 'win32')('may be a pipe that nobody writes to', async () => {
    const pipe = path('pipe.wav');
    await new Promise((resolve) => spawn('/usr/bin/env', ['mkfifo', pipe]).on('exit', resolve));
    expect(await reasonOf(pipe)).toMatchObject({ problem: 'missing', message: `${pipe}: expected a file, this is none` });
  });

  it('may have been aborted', async () => {
    expect(await reasonOf(short, { signal: AbortSignal.abort('enough') })).toBe('enough');
  });

  it.each<[SoundOptions, string]>([
    [{ channel: -1 }, "channel: expected 'mix' or a number from 0, got -1"],
    [{ channel: 0.5 }, "channel: expected 'mix' or a number from 0, got 0.5"],
    [{ sampleRate: 0 }, 'sampleRate: expected whole Hz from 1 to 1000000, got 0'],
    [{ sampleRate: 44100.5 }, 'sampleRate: expected whole Hz from 1 to 1000000, got 44100.5'],
    [{ start: -1 }, 'start: expected seconds from 0, got -1'],
    [{ start: Number.NaN }, 'start: expected seconds from 0, got NaN'],
    [{ duration: 0 }, 'duration: expected seconds over 0, got 0'],
    [{ duration: Number.NaN }, 'duration: expected seconds over 0, got NaN'],
  ])('may be asked for by mistake: %o', async (options, message) => {
    expect(await reasonOf(short, options)).toEqual(new RangeError(message));
  });
});

describe('mixChannels', () => {
  it('is the mean, and one channel is itself', () => {
    const channels = [Float32Array.of(1, 0.5), Float32Array.of(0, -0.5), Float32Array.of(0.5, 0.75)];
    expect(mixChannels(channels, 'mix', '')).toEqual(Float32Array.of(0.5, 0.25));
    expect(mixChannels(channels, 2, '')).toBe(channels[2]);
    expect(mixChannels([channels[0]!], 'mix', '')).toBe(channels[0]);
  });
});
