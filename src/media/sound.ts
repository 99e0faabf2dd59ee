/** Sounds on Node: WAV by our own reader, everything else by FFmpeg. */
import { closeSync, fstatSync, openSync, readSync, read as readWith, statSync } from 'node:fs';
import { promisify } from 'node:util';
import { atRate, checkSoundOptions, mixChannels } from './clip.js';
import { decodeSound } from './ffmpeg/sound.js';
import { nameOf, type Source, sniff } from './source.js';
import { type AudioClip, MediaError, type SoundOptions } from './types.js';
import { readWav } from './wav.js';
import type { ByteRanges } from './wavHeader.js';

/** Bytes read when a file is opened: enough to tell its format, and the headers of most. */
const opening = 4096;
/** Reads of up to this many bytes are made at once: that takes less time than to hand them to another thread and back. */
const quick = 2 ** 20;
const readLater = promisify(readWith);

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
  const file = openRanges(source);
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

/** Throws MediaError: `missing` when the file cannot be opened or is none, `corrupt` when it is empty. */
function openRanges(path: string): OpenRanges {
  const file = openFile(path);
  const close = () => closeSync(file);
  try {
    const stat = fstatSync(file);
    if (stat.size === 0) throw new MediaError('corrupt', path, 'the file is empty');
    const ended = () => new MediaError('corrupt', path, `expected ${stat.size} bytes, it ended while being read`);
    const beginning = new Uint8Array(Math.min(stat.size, opening));
    if (readSync(file, beginning, 0, beginning.length, 0) < beginning.length) throw ended();
    const read = async (offset: number, length: number) => {
      if (offset + length <= beginning.length) return beginning.subarray(offset, offset + length);
      const bytes = new Uint8Array(length);
      for (let done = 0; done < length; ) {
        const [count, position] = [length - done, offset + done];
        const got =
          length <= quick
            ? readSync(file, bytes, done, count, position)
            : (await readLater(file, bytes, done, count, position)).bytesRead;
        if (got === 0) throw ended();
        done += got;
      }
      return bytes;
    };
    return { name: path, size: stat.size, beginning, read, close };
  } catch (error) {
    close();
    throw error;
  }
}

function openFile(path: string): number {
  try {
    // Before it is opened: to open a pipe is to wait for who writes to it.
    if (statSync(path).isFile()) return openSync(path, 'r');
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    throw new MediaError('missing', path, `cannot be opened (${code ?? message})`, { cause: error });
  }
  throw new MediaError('missing', path, 'expected a file, this is none');
}
