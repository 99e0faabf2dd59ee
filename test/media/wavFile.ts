/** WAV files written byte by byte, right and wrong. */

import type { SoundOptions } from '../../src/media/types.js';
import { readWav } from '../../src/media/wav.js';

export const ascii = (text: string) => [...text].map((c) => c.charCodeAt(0));
export const u16 = (v: number) => [v & 255, v >>> 8];
export const u32 = (v: number) => [...u16(v & 0xffff), ...u16(v >>> 16)];
export const u64 = (v: bigint) => [...u32(Number(v & 0xffffffffn)), ...u32(Number(v >> 32n))];

/** A chunk, padded to an even length; `length` is what it says instead of its own. */
export const chunk = (name: string, body: readonly number[], length = body.length) => [
  ...ascii(name),
  ...u32(length),
  ...body,
  ...(body.length % 2 ? [0] : []),
];

interface Fmt {
  tag?: number;
  channels?: number;
  rate?: number;
  bits?: number;
  /** Bytes of one sample of all channels, when the header lies. */
  align?: number;
}

export const fmtBody = ({ tag = 1, channels = 1, rate = 16000, bits = 16, align = (channels * bits) >> 3 }: Fmt = {}) => [
  ...[...u16(tag), ...u16(channels), ...u32(rate)],
  ...[...u32((rate * align) % 2 ** 32), ...u16(align), ...u16(bits)],
];

/** The fmt chunk's body as WAVEFORMATEXTENSIBLE; `tail` is the GUID behind its first two bytes. */
export const extensibleBody = (fmt: Fmt, tail = [0, 0, 0, 0, 0x10, 0, 0x80, 0, 0, 0xaa, 0, 0x38, 0x9b, 0x71]) => [
  ...fmtBody({ ...fmt, tag: 0xfffe }),
  ...[...u16(22), ...u16(fmt.bits ?? 16), ...u32(0), ...u16(fmt.tag ?? 1), ...tail],
];

export const riff = (...chunks: number[][]) => {
  const body = [...ascii('WAVE'), ...chunks.flat()];
  return Uint8Array.from([...ascii('RIFF'), ...u32(body.length), ...body]);
};

export const int16s = (...values: number[]) => values.flatMap((v) => u16(v & 0xffff));
export const float32s = (...values: number[]) => [...new Uint8Array(Float32Array.from(values).buffer)];

/** A right file of 16-bit samples, those of all channels in turn. */
export const wavOf = (values: readonly number[], fmt: Fmt = {}) =>
  riff(chunk('fmt ', fmtBody(fmt)), chunk('data', int16s(...values)));

/** Reads bytes and counts how many are looked at. */
export function counted(bytes: Uint8Array) {
  const file = {
    name: 'test.wav',
    size: bytes.length,
    bytesRead: 0,
    reads: 0,
    read: async (offset: number, length: number) => {
      if (offset < 0 || length < 0 || offset + length > bytes.length) throw new Error(`read ${length} bytes from ${offset}`);
      file.bytesRead += length;
      file.reads++;
      return bytes.subarray(offset, offset + length);
    },
  };
  return file;
}

export const read = (bytes: Uint8Array, options?: SoundOptions) => readWav(counted(bytes), options);
