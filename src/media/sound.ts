/** Sounds on Node: WAV by our own reader, everything else by FFmpeg. */
import { open } from 'node:fs/promises';
import { atRate, checkSoundOptions, mixChannels } from './clip.js';
import { decodeSound } from './ffmpeg/sound.js';
import { nameOf, type Source, sniff } from './source.js';
import { type AudioClip, MediaError, type SoundOptions } from './types.js';
import { readWav } from './wav.js';
import type { ByteRanges } from './wavHeader.js';

/** Read at once when a file is opened: all of its headers, and the whole of a short sound. */
const opening = 2 ** 16;

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
    await file.close();
  }
}

interface OpenRanges extends ByteRanges {
  /** The first bytes, at least as many as tell the format. */
  readonly beginning: Uint8Array;
  close(): Promise<void>;
}

/** Throws MediaError: `missing` when the file cannot be opened or is none, `corrupt` when it is empty. */
async function openRanges(path: string): Promise<OpenRanges> {
  const file = await open(path).catch((error: NodeJS.ErrnoException) => {
    throw new MediaError('missing', path, `cannot be opened (${error.code ?? error.message})`, { cause: error });
  });
  const close = () => file.close();
  try {
    const stat = await file.stat();
    if (!stat.isFile()) throw new MediaError('missing', path, 'expected a file, this is none');
    if (stat.size === 0) throw new MediaError('corrupt', path, 'the file is empty');
    const beginning = new Uint8Array(Math.min(stat.size, opening));
    const fill = async (bytes: Uint8Array, from: number) => {
      for (let done = 0; done < bytes.length; ) {
        const { bytesRead } = await file.read(bytes, done, bytes.length - done, from + done);
        if (bytesRead === 0) throw new MediaError('corrupt', path, `expected ${stat.size} bytes, it ended while being read`);
        done += bytesRead;
      }
      return bytes;
    };
    await fill(beginning, 0);
    const read = async (offset: number, length: number) =>
      offset + length <= beginning.length ? beginning.subarray(offset, offset + length) : fill(new Uint8Array(length), offset);
    return { name: path, size: stat.size, beginning, read, close };
  } catch (error) {
    await close();
    throw error;
  }
}
