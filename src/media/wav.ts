/** WAV files: RIFF and RF64 with PCM or IEEE floats. No Node modules: browsers run it too. */
import { checkClip, findNonFinite, noChannel } from './clip.js';
import { type AudioClip, defaultLimits, MediaError, type SoundOptions } from './types.js';
import { type ByteRanges, type Encoding, findSamples } from './wavHeader.js';

/**
 * The part of a WAV file that is asked for, at the file's rate; only its headers and that part are read. `undefined` for a file in
 * another codec than PCM or IEEE float (A-law, ADPCM, ...), which FFmpeg may know.
 *
 * Integers of b bits are scaled by 2^-(b - 1), as libsndfile does; 'mix' is the mean of all channels, added in double precision.
 * See `findSamples` for how truncated files and unknown lengths are told apart.
 *
 * Throws MediaError: what `findSamples` throws; `corrupt` for a start beyond the end and samples that are not finite (NaN,
 * infinite, or too large for 32 bits); `noSound` for a channel that is not there; `tooLarge` when the part has more seconds than
 * `maxSeconds` or bytes than `maxBytes`, before room is made for it.
 */
export async function readWav(
  file: ByteRanges,
  { channel = 'mix', start = 0, duration = Infinity, limits = {} }: SoundOptions = {},
): Promise<AudioClip | undefined> {
  const found = await findSamples(file);
  if (!found) return undefined;
  const { sampleRate, channels, encoding, frameBytes } = found;
  const { maxSeconds = defaultLimits.maxSeconds, maxBytes = defaultLimits.maxBytes } = limits;
  if (channel !== 'mix' && channel >= channels) throw noChannel(file.name, channel, channels);
  const first = Math.round(start * sampleRate);
  if (first >= found.length)
    throw new MediaError('corrupt', file.name, `expected sound from ${start} s on, it ends at ${found.length / sampleRate} s`);
  const length = Math.min(Math.max(Math.round(duration * sampleRate), 1), found.length - first);
  const tooLarge = (size: string, limit: string) =>
    new MediaError('tooLarge', file.name, `${size} of sound are more than the limit of ${limit}`);
  if (length > maxSeconds * sampleRate) throw tooLarge(`${length / sampleRate} s`, `${maxSeconds} (maxSeconds)`);
  if (length * frameBytes > maxBytes) throw tooLarge(`${length * frameBytes} bytes`, `${maxBytes} (maxBytes)`);

  const bytes = await file.read(found.offset + first * frameBytes, length * frameBytes);
  const { values, unit } = decode(bytes, encoding);
  const samples = channel === 'mix' ? mean(values, channels, unit) : pick(values, channels, channel, unit);
  const bad = encoding.startsWith('float') ? findNonFinite(samples) : -1;
  if (bad >= 0)
    throw new MediaError(
      'corrupt',
      file.name,
      `expected finite samples, that at ${(first + bad) / sampleRate} s is ${samples[bad]}`,
    );
  return { sampleRate, samples };
}

type Values = Int16Array | Int32Array | Float32Array | Float64Array;

/** The samples of all channels in turn: numbers that are samples when multiplied with `unit`. Exact. */
function decode(bytes: Uint8Array, encoding: Encoding): { values: Values; unit: number } {
  switch (encoding) {
    case 'int8': {
      const values = new Int16Array(bytes.length);
      for (let i = 0; i < values.length; i++) values[i] = bytes[i]! - 128;
      return { values, unit: 2 ** -7 };
    }
    case 'int24': {
      const values = new Int32Array(bytes.length / 3);
      for (let i = 0, j = 0; i < values.length; i++, j += 3)
        values[i] = (bytes[j]! << 8) | (bytes[j + 1]! << 16) | (bytes[j + 2]! << 24);
      return { values, unit: 2 ** -31 };
    }
    case 'int16':
      return { values: viewAs(Int16Array, bytes), unit: 2 ** -15 };
    case 'int32':
      return { values: viewAs(Int32Array, bytes), unit: 2 ** -31 };
    case 'float32':
      return { values: viewAs(Float32Array, bytes), unit: 1 };
    case 'float64':
      return { values: viewAs(Float64Array, bytes), unit: 1 };
  }
}

/** The same bytes as numbers, copied only where the numbers would straddle words. Every machine that runs this is little-endian. */
function viewAs<T>(
  kind: { new (buffer: ArrayBufferLike, offset: number, length: number): T; BYTES_PER_ELEMENT: number },
  bytes: Uint8Array,
): T {
  const { buffer, byteOffset, length } = bytes.byteOffset % kind.BYTES_PER_ELEMENT === 0 ? bytes : new Uint8Array(bytes);
  return new kind(buffer, byteOffset, length / kind.BYTES_PER_ELEMENT);
}

function pick(values: Values, channels: number, channel: number, unit: number): Float32Array {
  if (channels === 1) return scale(new Float32Array(values), unit);
  const samples = new Float32Array(values.length / channels);
  for (let i = 0, j = channel; i < samples.length; i++, j += channels) samples[i] = values[j]! * unit;
  return samples;
}

/** Multiplies in place, four samples a turn: the loop costs more than the product. */
function scale(samples: Float32Array, unit: number): Float32Array {
  if (unit === 1) return samples;
  const last = samples.length - (samples.length % 4);
  for (let i = 0; i < last; i += 4) {
    samples[i]! *= unit;
    samples[i + 1]! *= unit;
    samples[i + 2]! *= unit;
    samples[i + 3]! *= unit;
  }
  for (let i = last; i < samples.length; i++) samples[i]! *= unit;
  return samples;
}

function mean(values: Values, channels: number, unit: number): Float32Array {
  if (channels === 1) return pick(values, channels, 0, unit);
  const samples = new Float32Array(values.length / channels);
  for (let i = 0, j = 0; i < samples.length; i++) {
    let sum = 0;
    for (const end = j + channels; j < end; j++) sum += values[j]!;
    samples[i] = (sum * unit) / channels;
  }
  return samples;
}

/**
 * A WAV file of one channel. `int16` rounds 32768 x to the nearest whole number, halves upwards, and limits it to [-32768, 32767]:
 * what was read from 16 bits is written as it was. `float32` keeps every sample. Equal clips give equal bytes.
 *
 * Throws RangeError for samples that are not finite, for a sample rate that is no whole number of Hz from 1 to 1,000,000, and for
 * more samples than 4 GiB hold.
 */
export function encodeWav({ samples, sampleRate }: AudioClip, format: 'int16' | 'float32' = 'int16'): Uint8Array {
  const width = format === 'int16' ? 2 : 4;
  // Formats other than PCM say in a 'fact' chunk how many samples there are.
  const dataOffset = format === 'int16' ? 44 : 56;
  const size = dataOffset + samples.length * width;
  checkClip('encodeWav', { samples, sampleRate });
  if (size > 0xffff_ffff)
    throw new RangeError(`encodeWav: a WAV file holds less than 4 GiB, ${samples.length} samples need more`);
  const bytes = new Uint8Array(size);
  const view = new DataView(bytes.buffer);
  const name = (offset: number, text: string) =>
    bytes.set(
      [...text].map((c) => c.charCodeAt(0)),
      offset,
    );
  name(0, 'RIFF');
  view.setUint32(4, size - 8, true);
  name(8, 'WAVEfmt ');
  view.setUint32(16, 16, true);
  view.setUint16(20, format === 'int16' ? 1 : 3, true);
  view.setUint16(22, 1, true);
  view.setUint32(24, sampleRate, true);
  view.setUint32(28, sampleRate * width, true);
  view.setUint16(32, width, true);
  view.setUint16(34, 8 * width, true);
  if (format === 'float32') {
    name(36, 'fact');
    view.setUint32(40, 4, true);
    view.setUint32(44, samples.length, true);
  }
  name(dataOffset - 8, 'data');
  view.setUint32(dataOffset - 4, size - dataOffset, true);
  if (format === 'float32') new Float32Array(bytes.buffer, dataOffset).set(samples);
  else {
    const values = new Int16Array(bytes.buffer, dataOffset);
    for (let i = 0; i < values.length; i++) values[i] = Math.floor(Math.min(Math.max(samples[i]! * 32768, -32768), 32767) + 0.5);
  }
  return bytes;
}
