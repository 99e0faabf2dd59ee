/** Where the samples of a WAV file lie, and what they are. No Node modules: browsers run it too. */
import { maxSampleRate } from './resample.js';
import { MediaError } from './types.js';

/** Bytes that can be read in any order: a file, or an array. */
export interface ByteRanges {
  /** How messages name it. */
  readonly name: string;
  /** Bytes in all. */
  readonly size: number;
  /** `length` bytes from `offset`; the range lies within `size`. */
  read(offset: number, length: number): Promise<Uint8Array>;
}

/** How a sample is stored, little-endian; 8 bits are unsigned around 128, the other integers signed. */
export type Encoding = 'int8' | 'int16' | 'int24' | 'int32' | 'float32' | 'float64';

/** By wFormatTag and bits a sample. */
const encodings: Readonly<Record<string, Encoding>> = {
  '1/8': 'int8',
  '1/16': 'int16',
  '1/24': 'int24',
  '1/32': 'int32',
  '3/32': 'float32',
  '3/64': 'float64',
};
/** The tags in `encodings`: PCM and IEEE float. */
const knownTags: readonly number[] = [1, 3];
/** WAVE_FORMAT_EXTENSIBLE: the tag is the first two bytes of a GUID, KSDATAFORMAT_SUBTYPE_*, that goes on like this. */
const extensibleTag = 0xfffe;
const subtypeTail = [0, 0, 0, 0, 0x10, 0, 0x80, 0, 0, 0xaa, 0, 0x38, 0x9b, 0x71];

const maxChannels = 64;
/** Chunks before the samples; real files have a handful. */
const maxChunks = 1000;
/** Lengths of the data chunk in files written to a pipe, where nobody went back to fill it in: FFmpeg's and SoX's. */
const streamedLengths: readonly number[] = [0xffff_ffff, 0x7fff_f000];

interface WavFormat {
  /** Hz. */
  readonly sampleRate: number;
  readonly channels: number;
  readonly encoding: Encoding;
  /** Bytes of one sample of all channels. */
  readonly frameBytes: number;
}

export interface WavSamples extends WavFormat {
  /** Where the first sample begins, in bytes. */
  readonly offset: number;
  /** Samples of one channel. */
  readonly length: number;
}

/**
 * Walks the chunks up to `data`; `undefined` for another codec than PCM or IEEE float (A-law, ADPCM, ...). A data chunk longer than
 * the file is an error, unless its length is what programs write that cannot know it: then the samples go to the end of the file. An
 * incomplete sample at the end of the chunk is left out; the file's own length, in its first bytes, is not looked at.
 *
 * Throws MediaError: `unsupported` for what is neither RIFF nor RF64 WAVE; `corrupt` for headers that contradict themselves or the
 * file, a data chunk without a fmt chunk before it, a rate or number of channels that no sound has, and no samples.
 */
export async function findSamples(file: ByteRanges): Promise<WavSamples | undefined> {
  const corrupt = (message: string) => new MediaError('corrupt', file.name, message);
  const riff = await file.read(0, Math.min(12, file.size));
  const kind = nameAt(riff, 0);
  if (!['RIFF', 'RF64'].includes(kind) || nameAt(riff, 8) !== 'WAVE')
    throw new MediaError('unsupported', file.name, `expected a WAV file (RIFF or RF64, WAVE), it begins '${kind}'`);
  let format: WavFormat | 'other' | undefined;
  let longLength: number | undefined;
  let offset = 12;
  for (let chunk = 0; chunk < maxChunks && offset + 8 <= file.size; chunk++) {
    const header = await file.read(offset, 8);
    const name = nameAt(header, 0);
    const announced = viewOf(header).getUint32(4, true);
    offset += 8;
    const there = file.size - offset;
    if (name === 'data') {
      if (!format) throw corrupt('expected a fmt chunk before the data chunk');
      if (format === 'other') return undefined;
      const length = dataLength(announced, there, longLength);
      if (length > there) throw corrupt(`truncated: its data chunk should have ${length} bytes, ${there} are there`);
      if (length < format.frameBytes) throw corrupt('there are no samples in it');
      return { ...format, offset, length: Math.floor(length / format.frameBytes) };
    }
    if (name === 'fmt ' || name === 'ds64') {
      if (announced > there) throw corrupt(`truncated: its '${name}' chunk should have ${announced} bytes, ${there} are there`);
      const body = await file.read(offset, Math.min(announced, 40));
      if (name === 'fmt ') format = readFormat(body, corrupt);
      else if (body.length >= 16) longLength = Number(viewOf(body).getBigUint64(8, true));
    }
    // Chunks begin at even offsets.
    offset += announced + (announced % 2);
  }
  throw corrupt(`expected a data chunk${format ? '' : ' and a fmt chunk before it'}, there is none: truncated or damaged`);
}

function dataLength(announced: number, there: number, longLength: number | undefined): number {
  if (announced === 0xffff_ffff && longLength !== undefined) return longLength;
  return announced > there && streamedLengths.includes(announced) ? there : announced;
}

/** WAVEFORMATEX and WAVEFORMATEXTENSIBLE. */
function readFormat(body: Uint8Array, corrupt: (message: string) => MediaError): WavFormat | 'other' {
  if (body.length < 16) throw corrupt(`expected a fmt chunk of 16 bytes or more, got ${body.length}`);
  const view = viewOf(body);
  const extended = view.getUint16(0, true) === extensibleTag;
  if (extended && body.length < 40) throw corrupt(`expected an extensible fmt chunk of 40 bytes, got ${body.length}`);
  if (extended && subtypeTail.some((byte, i) => body[26 + i] !== byte)) return 'other';
  const tag = view.getUint16(extended ? 24 : 0, true);
  if (!knownTags.includes(tag)) return 'other';
  const channels = view.getUint16(2, true);
  const sampleRate = view.getUint32(4, true);
  const frameBytes = view.getUint16(12, true);
  const bits = view.getUint16(14, true);
  const encoding = encodings[`${tag}/${bits}`];
  if (!encoding)
    throw corrupt(`expected 8, 16, 24 or 32 bits of integer or 32 or 64 of float a sample, got ${bits} (format ${tag})`);
  if (channels < 1 || channels > maxChannels) throw corrupt(`expected 1 to ${maxChannels} channels, got ${channels}`);
  if (sampleRate < 1 || sampleRate > maxSampleRate)
    throw corrupt(`expected a sample rate from 1 to ${maxSampleRate} Hz, got ${sampleRate}`);
  if (frameBytes !== (channels * bits) / 8)
    throw corrupt(
      `expected ${(channels * bits) / 8} bytes for ${channels} channels of ${bits} bits, its header says ${frameBytes}`,
    );
  return { sampleRate, channels, encoding, frameBytes };
}

const nameAt = (bytes: Uint8Array, offset: number) => String.fromCharCode(...bytes.subarray(offset, offset + 4));
const viewOf = (bytes: Uint8Array) => new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
