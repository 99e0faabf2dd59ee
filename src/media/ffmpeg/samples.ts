/** FFmpeg's sample formats as float32, and channels that grow as they are decoded. */
import type { Frame } from 'node-av/lib';

type Samples = Uint8Array | Int16Array | Int32Array | Float32Array | Float64Array | BigInt64Array;

/** AVSampleFormat, in FFmpeg's order: interleaved formats first, then the same ones with a plane for each channel, then 64 bits. */
const formats: readonly { array: new (buffer: ArrayBuffer, from: number, length: number) => Samples; planar: boolean }[] = [
  ...[false, true].flatMap((planar) =>
    [Uint8Array, Int16Array, Int32Array, Float32Array, Float64Array].map((array) => ({ array, planar })),
  ),
  { array: BigInt64Array, planar: false },
  { array: BigInt64Array, planar: true },
];

/** Writes every `stride`-th value of `from`, from `offset`, to `to` at `at`: integers scaled by 2^-(bits - 1), bytes centred at 128. */
function convert(from: Samples, offset: number, stride: number, to: Float32Array, at: number, count: number): void {
  if (from instanceof Float32Array && stride === 1) {
    to.set(from.subarray(offset, offset + count), at);
  } else if (from instanceof Int16Array) {
    convertInt16(from, offset, stride, to, at, count);
  } else if (from instanceof BigInt64Array) {
    for (let i = 0; i < count; i++) to[at + i] = Number(from[offset + i * stride]) * 2 ** -63;
  } else {
    convertNumbers(from, offset, stride, to, at, count);
  }
}

function convertNumbers(
  from: Exclude<Samples, BigInt64Array>,
  offset: number,
  stride: number,
  to: Float32Array,
  at: number,
  count: number,
): void {
  const scale = from instanceof Uint8Array ? 2 ** -7 : from instanceof Int32Array ? 2 ** -31 : 1;
  const centre = from instanceof Uint8Array ? 128 : 0;
  for (let i = 0; i < count; i++) to[at + i] = (from[offset + i * stride]! - centre) * scale;
}

/** The commonest format in a loop of its own, which the JavaScript engine then compiles for this one type. */
function convertInt16(from: Int16Array, offset: number, stride: number, to: Float32Array, at: number, count: number): void {
  for (let i = 0; i < count; i++) to[at + i] = from[offset + i * stride]! * 2 ** -15;
}

/** Float32 planes of a sound of unknown length. */
export class Planes {
  #channels: Float32Array[];
  #length = 0;
  /** Whole numbers are always finite. */
  #mayBeNonFinite = false;

  /** `expected` samples a channel are made room for at first. */
  constructor(count: number, expected: number) {
    this.#channels = Array.from({ length: count }, () => new Float32Array(expected));
  }

  get length(): number {
    return this.#length;
  }

  /** Appends samples `from` up to `to` (not included) of a decoded frame. */
  append(frame: Frame, from: number, to: number): void {
    const format = formats[frame.format];
    const planes = frame.extendedData ?? frame.data;
    if (!format || !planes) throw new RangeError(`sample format ${frame.format} is unknown`);
    const count = to - from;
    this.#mayBeNonFinite ||= format.array === Float32Array || format.array === Float64Array;
    this.#reserve(this.#length + count);
    const channels = this.#channels.length;
    this.#channels.forEach((channel, c) => {
      const plane = planes[format.planar ? c : 0]!;
      const stride = format.planar ? 1 : channels;
      const values = new format.array(plane.buffer as ArrayBuffer, plane.byteOffset, frame.nbSamples * stride);
      convert(values, from * stride + (format.planar ? 0 : c), stride, channel, this.#length, count);
    });
    this.#length += count;
  }

  appendSilence(count: number): void {
    this.#reserve(this.#length + count);
    this.#length += count;
  }

  /** The position of the first sample that is not a finite number, and its channel. */
  findNonFinite(): { channel: number; position: number } | undefined {
    if (!this.#mayBeNonFinite) return undefined;
    for (const [channel, samples] of this.#channels.entries())
      for (let i = 0; i < this.#length; i++) if (!Number.isFinite(samples[i]!)) return { channel, position: i };
    return undefined;
  }

  finish(): Float32Array[] {
    return this.#channels.map((channel) => (channel.length === this.#length ? channel : channel.slice(0, this.#length)));
  }

  #reserve(length: number): void {
    const capacity = this.#channels[0]?.length ?? 0;
    if (length <= capacity) return;
    this.#channels = this.#channels.map((channel) => {
      const larger = new Float32Array(Math.max(length, 2 * capacity));
      larger.set(channel.subarray(0, this.#length));
      return larger;
    });
  }
}
