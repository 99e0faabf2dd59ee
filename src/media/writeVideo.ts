/** Videos and compressed sounds, written by FFmpeg. */

import { randomUUID } from 'node:crypto';
import { rename, rm, writeFile } from 'node:fs/promises';
import { basename, dirname, extname, join, resolve } from 'node:path';
import { checkClip } from './clip.js';
import { loadFfmpeg } from './ffmpeg/binding.js';
import { type CodecChoice, Muxer } from './ffmpeg/muxer.js';
import { Pace } from './ffmpeg/pace.js';
import { PictureTrack, SoundTrack } from './ffmpeg/tracks.js';
import { resample } from './resample.js';
import type { AudioClip, Frame } from './types.js';
import { encodeWav } from './wav.js';

const h264: CodecChoice = { codec: 'libx264', options: { crf: '18', preset: 'medium' } };
const vp9: CodecChoice = { codec: 'libvpx-vp9', options: { crf: '24', b: '0', deadline: 'good', 'cpu-used': '4' } };
const mpeg4: CodecChoice = { codec: 'mpeg4', options: { qmin: '2', qmax: '2' } };
const aac: CodecChoice = { codec: 'aac', options: { b: '128k' } };
const opus: CodecChoice = { codec: 'libopus', options: { b: '96k' } };
const pcm: CodecChoice = { codec: 'pcm_s16le', options: {} };
const mp3: CodecChoice = { codec: 'libmp3lame', options: { b: '128k' } };

const videos: Record<string, { container: string; picture: CodecChoice; sound: CodecChoice }> = {
  '.mp4': { container: 'mp4', picture: h264, sound: aac },
  '.mov': { container: 'mov', picture: h264, sound: aac },
  '.webm': { container: 'webm', picture: vp9, sound: opus },
  '.mkv': { container: 'matroska', picture: h264, sound: opus },
  '.avi': { container: 'avi', picture: mpeg4, sound: pcm },
};

const sounds: Record<string, { container: string; sound: CodecChoice }> = {
  '.flac': { container: 'flac', sound: { codec: 'flac', options: {} } },
  '.mp3': { container: 'mp3', sound: mp3 },
  '.ogg': { container: 'ogg', sound: { codec: 'libvorbis', options: {} } },
  '.opus': { container: 'ogg', sound: opus },
  '.m4a': { container: 'ipod', sound: aac },
};

/** The entry for a path's extension. Throws RangeError that lists the known ones. */
function choose<T>(table: Record<string, T>, path: string): T {
  const choice = table[extname(path).toLowerCase()];
  if (!choice) throw new RangeError(`${path}: expected a name that ends with one of ${Object.keys(table).join(', ')}`);
  return choice;
}

/** Throws what `writeVideo` would throw before its first frame: RangeError for an unknown extension, MediaError 'needsFfmpeg'. */
export async function checkVideoName(path: string): Promise<void> {
  choose(videos, path);
  await loadFfmpeg(path);
}

/** Has `write` fill a temporary file beside `path` that then takes its place; removes it when that fails. */
async function replace(path: string, write: (temporary: string) => Promise<void>): Promise<void> {
  const temporary = join(dirname(resolve(path)), `.${basename(path)}.${randomUUID()}.partial`);
  try {
    await write(temporary);
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
}

export interface VideoToWrite {
  /** All of one size. An odd width or height is made even by repeating the last column or row. */
  frames: AsyncIterable<Frame> | Iterable<Frame>;
  /** Frames a second, constant. */
  frameRate: number;
  /** Begins with the first frame; may be shorter or longer than the pictures. */
  sound?: AudioClip;
  signal?: AbortSignal;
}

/**
 * Writes a video; the name's extension says which kind: `.mp4` and `.mov` H.264 with AAC, `.webm` VP9 with Opus, `.mkv` H.264 with Opus,
 * `.avi` MPEG-4 with PCM. Sound at a rate that its codec does not have is resampled to the next higher one that it has. A file of that
 * name is replaced once the new one is complete, never before. Equal input gives equal bytes by the same build of the codecs, but not
 * always with H.264.
 * Throws RangeError for an unknown extension, no frames, frames of different sizes, samples that are not finite; MediaError 'needsFfmpeg'; the signal's reason.
 */
export async function writeVideo(path: string, { frames, frameRate, sound, signal }: VideoToWrite): Promise<void> {
  const { container, picture, sound: soundChoice } = choose(videos, path);
  if (!(frameRate >= 0.01 && frameRate <= 1000))
    throw new RangeError(`${path}: expected a frame rate from 0.01 to 1000, got ${frameRate}`);
  if (sound) checkClip(path, sound);
  const pace = new Pace(signal);
  const ffmpeg = await loadFfmpeg(path);
  await replace(path, async (temporary) => {
    const muxer = new Muxer(ffmpeg, path, temporary, container);
    let pictures: PictureTrack | undefined;
    let sounds: AddedSound | undefined;
    try {
      for await (const frame of frames) {
        if (!pictures) {
          pictures = new PictureTrack(muxer, picture, frame, frameRate);
          sounds = sound && addSound(muxer, soundChoice, sound);
          muxer.begin();
        }
        pictures.add(frame);
        // As far as the pictures: players want both side by side.
        sounds?.track.add(sounds.clip, Math.floor((pictures.count / frameRate) * sounds.clip.sampleRate));
        if (pace.due) await pace.breathe();
      }
      if (!pictures) throw new RangeError(`${path}: expected at least one frame, got none`);
      pictures.finish();
      if (sounds) await addRest(sounds, pace);
      muxer.finish();
    } finally {
      sounds?.track.free();
      pictures?.free();
      muxer.free();
    }
  });
}

/**
 * Writes a sound as one channel; the name's extension says which kind: `.wav` and `.flac` of 16 bits, `.mp3`, `.ogg` (Vorbis), `.opus`,
 * `.m4a` (AAC). Replacing, resampling and errors are those of `writeVideo`; WAV needs no FFmpeg.
 */
export async function writeSound(path: string, clip: AudioClip, { signal }: { signal?: AbortSignal } = {}): Promise<void> {
  if (extname(path).toLowerCase() === '.wav') return replace(path, (temporary) => writeFile(temporary, encodeWav(clip)));
  const { container, sound } = choose(sounds, path);
  checkClip(path, clip);
  const pace = new Pace(signal);
  const ffmpeg = await loadFfmpeg(path);
  await replace(path, async (temporary) => {
    const muxer = new Muxer(ffmpeg, path, temporary, container);
    let added: AddedSound | undefined;
    try {
      added = addSound(muxer, sound, clip);
      muxer.begin();
      await addRest(added, pace);
      muxer.finish();
    } finally {
      added?.track.free();
      muxer.free();
    }
  });
}

interface AddedSound {
  track: SoundTrack;
  /** At the track's rate. */
  clip: AudioClip;
}

/** Encodes what is left of a sound, a second at a time, so that others can run and an abort is noticed. */
async function addRest({ track, clip }: AddedSound, pace: Pace): Promise<void> {
  for (let end = clip.sampleRate; end < clip.samples.length; end += clip.sampleRate) {
    track.add(clip, end);
    if (pace.due) await pace.breathe();
  }
  track.add(clip, Infinity);
  track.finish();
}

function addSound(muxer: Muxer, choice: CodecChoice, clip: AudioClip): AddedSound {
  const track = new SoundTrack(muxer, choice, clip.sampleRate);
  const { sampleRate } = track;
  if (sampleRate === clip.sampleRate) return { track, clip };
  return { track, clip: { sampleRate, samples: resample(clip.samples, clip.sampleRate, sampleRate) } };
}
