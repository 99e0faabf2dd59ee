/** Sounds on Node: WAV by our own reader, everything else by FFmpeg. */
import { atRate, checkSoundOptions, mixChannels } from './clip.js';
import { decodeSound } from './ffmpeg/sound.js';
import { nameOf, openFile, type Source, sniff } from './source.js';
import { type AudioClip, MediaError, type SoundOptions } from './types.js';
import { readWav } from './wav.js';
import type { ByteRanges } from './wavHeader.js';

/** Bytes read when a file is opened: enough to tell its format, and the headers of most. */
const opening = 4096;

/**
 * A sound, or the sound track of a video, as one channel: the part from `start` on for `duration` seconds (at least one sample), then
 * the mean of its channels or one of them, then resampled (see `resample`: the part is all that it sees, there is silence around it).
 * What a file is is decided by its content. Of a WAV file only its headers and that part are read.
 *
 * Throws MediaError, whose `problem` says why the file cannot be used: see `readWav` and `decodeSound`, and `unsupported` for sample
 * rates whose ratio would need too long a filter. RangeError for options out of range; the reason of `signal` when it is aborted.
 */
export async function readSound(source: Source, options: SoundOptions = {}): Promise<AudioClip> {
  const { channel = 'mix', sampleRate, start, duration, limits, signal } = options;
  checkSoundOptions(options);
  signal?.throwIfAborted();
  const name = nameOf(source);
  let clip = await ifWav(source, options);
  if (!clip) {
    const decoded = await decodeSound(source, { start, duration, limits, signal });
    clip = { sampleRate: decoded.sampleRate, samples: mixChannels(decoded.channels, channel, name) };
  }
  signal?.throwIfAborted();
  return atRate(clip, sampleRate, name);
}

/** `undefined` for what is not WAV, or WAV in a codec that is not ours. */
async function ifWav(source: Source, options: SoundOptions): Promise<AudioClip | undefined> {
  if (typeof source !== 'string') {
    if (source.length === 0) throw new MediaError('corrupt', nameOf(source), 'there is nothing in it');
    if (sniff(source) !== 'wav') return undefined;
    const read = async (offset: number, length: number) => source.subarray(offset, offset + length);
    return readWav({ name: nameOf(source), size: source.length, read }, options);
  }
  const file = await openRanges(source);
  try {
    return sniff(file.beginning) === 'wav' ? await readWav(file, options) : undefined;
  } finally {
    file.close();
  }
}

interface OpenRanges extends ByteRanges {
  /** The first bytes, as many as tell the format. */
  readonly beginning: Uint8Array;
  close(): void;
}

async function openRanges(path: string): Promise<OpenRanges> {
  const file = openFile(path);
  try {
    const beginning = await file.read(0, Math.min(file.size, opening));
    const read = async (offset: number, length: number) =>
      offset + length <= beginning.length ? beginning.subarray(offset, offset + length) : file.read(offset, length);
    return { name: path, size: file.size, beginning, read, close: file.close };
  } catch (error) {
    file.close();
    throw error;
  }
}
