/** One clip, from its files to the members of a shard. */
import { createHash } from 'node:crypto';
import { resizeFrame } from '../../features/kernels/index.js';
import { readJpegHeader } from '../../media/jpeg.js';
import { encodeJpeg, readPicture } from '../../media/picture.js';
import { readSound } from '../../media/sound.js';
import { type AudioClip, type Frame, MediaError, type Video } from '../../media/types.js';
import { openVideo } from '../../media/video.js';
import { encodeWav } from '../../media/wav.js';
import type { MediaRef } from '../types.js';
import { cellMeans, largestChange, rootMeanSquare, silenceLevel, stillness } from './checks.js';
import { type MediaFile, mediaFile } from './mediaFile.js';
import type { Clip, PrepareReply, PrepareRequest } from './pool.js';
import { type LeftOut, type PrepareSettings, type Sample, shardSampleRate } from './settings.js';
import { rounded, type Window, windowOf } from './window.js';

/** `prepareClip`, with what it throws said in words. */
export async function answer({ clip, settings }: PrepareRequest): Promise<PrepareReply> {
  try {
    return await prepareClip(clip, settings);
  } catch (error) {
    if (!(error instanceof MediaError)) return { problem: 'undecodable', reason: oneLine(String(error)) };
    if (error.problem === 'needsFfmpeg') return { fatal: error.message };
    const problem = error.problem === 'noSound' || error.problem === 'noPicture' ? error.problem : 'undecodable';
    return { problem, reason: oneLine(error.message.replace(`${error.file}: `, '')) };
  }
}

const oneLine = (text: string) => text.replace(/\s+/g, ' ').trim();

/**
 * What a pair becomes: `jpg` (or `0.jpg`, `1.jpg`, ... with `settings.frames`), `wav` (16 kHz, mono, 16 bits) and `json`. Throws
 * MediaError for files that cannot be decoded.
 */
async function prepareClip({ pair, root }: Clip, settings: PrepareSettings): Promise<Sample | LeftOut> {
  const picture = await mediaFile(pair.picture, root);
  const sound = pair.sound.path === pair.picture.path && !pair.sound.member ? picture : await mediaFile(pair.sound, root);
  if (picture.isPicture) {
    const clip = await soundOfPair(sound, pair.sound, settings);
    return (
      checkSound(clip.sound, settings) ?? sampleOf(pair.id, picture, sound, clip, [await readPicture(picture.source)], settings)
    );
  }
  const video = await openVideo(picture.source);
  try {
    const { seconds: clipStart, duration: clipSeconds } = pair.sound;
    const times = { duration: video.duration, frame: pair.picture.seconds, clipStart, clipSeconds };
    const window = windowOf(times, settings);
    if ('problem' in window) return window;
    const { start, seconds } = window;
    const clip = { start, sound: await readSound(sound.source, { sampleRate: shardSampleRate, start, duration: seconds }) };
    const frames = [];
    const bad = checkSound(clip.sound, settings);
    if (bad) return bad;
    for (const time of window.frameTimes) frames.push(await video.frameAt(time));
    if (!(await moves(video, window, frames)))
      return {
        problem: 'still',
        reason: `no part of the picture changes by more than ${stillness} of 255 levels between its frames`,
      };
    return await sampleOf(pair.id, picture, sound, clip, frames, settings, window.frameTimes);
  } finally {
    await video.close();
  }
}

interface SoundPart {
  /** Seconds into the file. */
  start: number;
  sound: AudioClip;
}

/** The sound of a picture: the middle `seconds` of its clip; the first ones of a clip of which only the beginning is known. */
async function soundOfPair(file: MediaFile, clip: MediaRef, { seconds }: PrepareSettings): Promise<SoundPart> {
  const sampleRate = shardSampleRate;
  const start = clip.seconds ?? 0;
  const duration = clip.duration ?? (clip.seconds === undefined ? undefined : seconds);
  const { samples } = await readSound(file.source, { sampleRate, start, duration });
  const length = Math.min(samples.length, Math.round(seconds * sampleRate));
  const first = (samples.length - length) >> 1;
  return { start: rounded(start + first / sampleRate), sound: { sampleRate, samples: samples.subarray(first, first + length) } };
}

function checkSound(sound: AudioClip, { minSeconds }: PrepareSettings): LeftOut | undefined {
  const seconds = sound.samples.length / sound.sampleRate;
  if (seconds === 0) return { problem: 'noSound', reason: 'the sound has no samples' };
  if (seconds < minSeconds)
    return { problem: 'tooShort', reason: `expected at least ${minSeconds} s of sound, found ${rounded(seconds)} s` };
  const level = rootMeanSquare(sound);
  if (level >= silenceLevel) return undefined;
  const decibels = level === 0 ? 'nothing but zeros' : `a level of ${(20 * Math.log10(level)).toFixed(1)} dB of full scale`;
  return { problem: 'silent', reason: `expected at least ${20 * Math.log10(silenceLevel)} dB, found ${decibels}` };
}

/** Whether the picture changes between the frames taken and some more over the clip; stops at the first that differs. */
async function moves(video: Video, { start, seconds }: Window, frames: readonly Frame[]): Promise<boolean> {
  const first = cellMeans(frames[0]!);
  const differs = (frame: Frame) => largestChange(first, cellMeans(frame)) > stillness;
  if (frames.slice(1).some(differs)) return true;
  for (const part of [0.02, 0.98, 0.2, 0.8, 0.35, 0.65]) if (differs(await video.frameAt(start + part * seconds))) return true;
  return false;
}

async function sampleOf(
  id: string,
  picture: MediaFile,
  sound: MediaFile,
  clip: SoundPart,
  frames: readonly Frame[],
  settings: PrepareSettings,
  frameTimes?: readonly number[],
): Promise<Sample> {
  const shrunk = frames.map((frame) => shrink(frame, settings.size));
  const wav = encodeWav(clip.sound, 'int16');
  const hash = createHash('sha256');
  for (const { width, height, rgb } of shrunk) hash.update(`${width} x ${height}`).update(rgb);
  const content = hash.update(wav).digest('hex');
  const [{ width, height }] = shrunk as [Frame];
  const json = {
    id,
    picture: { source: picture.name, sha256: picture.sha256, frameTimes, width, height },
    sound: {
      source: sound.name,
      sha256: sound.sha256,
      start: clip.start,
      seconds: rounded(clip.sound.samples.length / clip.sound.sampleRate),
      sampleRate: clip.sound.sampleRate,
    },
  };
  const jpegs = await Promise.all(shrunk.map((frame, i) => (frame === frames[i] && plainJpeg(picture)) || encodeJpeg(frame)));
  return {
    members: [
      ...jpegs.map((jpeg, i) => ({ extension: settings.frames && frameTimes ? `${i}.jpg` : 'jpg', content: jpeg })),
      { extension: 'wav', content: wav },
      { extension: 'json', content: new TextEncoder().encode(`${JSON.stringify(json)}\n`) },
    ],
    content,
  };
}

/** The file itself when every reader sees the same picture in it: a JPEG in grey or three colours without a rotation in EXIF data. */
function plainJpeg({ format, source }: MediaFile): Uint8Array | undefined {
  if (format !== 'jpeg' || typeof source === 'string') return undefined;
  const header = readJpegHeader(source);
  return header?.plain && header.components <= 3 ? source : undefined;
}

/** The short side to `size`, the long one in proportion, rounded down as torchvision does; smaller frames stay. */
function shrink(frame: Frame, size: number): Frame {
  const { width, height } = frame;
  const short = Math.min(width, height);
  if (short <= size) return frame;
  return resizeFrame(frame, Math.floor((width * size) / short), Math.floor((height * size) / short), 'bicubic');
}
