/** The tracks of a file being written. */
import type { CodecContext, Frame as Picture, SoftwareScaleContext, Stream } from 'node-av/lib';
import { evenSided } from '../pictureFile.js';
import type { AudioClip, Frame } from '../types.js';
import type { CodecChoice, Muxer } from './muxer.js';

/** The fraction that a frame rate stands for: a whole number, one of NTSC's like 30000/1001, or thousandths. */
export function fractionOf(rate: number): { num: number; den: number } {
  if (Number.isInteger(rate)) return { num: rate, den: 1 };
  const ntsc = Math.round(rate * 1.001) * 1000;
  return Math.abs(ntsc / 1001 - rate) < 1e-3 ? { num: ntsc, den: 1001 } : { num: Math.round(rate * 1000), den: 1000 };
}

/**
 * Frames of one size at a constant rate, stored as YUV 4:2:0 by BT.601 in the limited range, and marked so. Odd sizes are made even by
 * repeating the last column or row.
 */
export class PictureTrack {
  readonly #context: CodecContext;
  readonly #stream: Stream;
  readonly #scaler: SoftwareScaleContext;
  readonly #yuv: Picture;
  /** Frames written. */
  count = 0;

  constructor(
    private readonly muxer: Muxer,
    choice: CodecChoice,
    private readonly size: { width: number; height: number },
    frameRate: number,
  ) {
    const { lib, constants: av } = muxer.ffmpeg;
    const codec = muxer.codec(choice);
    this.#context = new lib.CodecContext();
    this.#scaler = new lib.SoftwareScaleContext();
    this.#yuv = new lib.Frame();
    const context = this.#context;
    context.allocContext3(codec);
    const { num, den } = fractionOf(frameRate);
    context.width = size.width + (size.width % 2);
    context.height = size.height + (size.height % 2);
    context.timeBase = new lib.Rational(den, num);
    context.framerate = new lib.Rational(num, den);
    context.pixelFormat = av.AV_PIX_FMT_YUV420P;
    context.colorSpace = av.AVCOL_SPC_SMPTE170M;
    context.colorRange = av.AVCOL_RANGE_MPEG;
    this.#stream = muxer.addTrack(context, codec, choice);
    this.#stream.avgFrameRate = context.framerate;
    this.#scaler.allocContext();
    this.#scaler.setOption('sws_flags', 'bicubic+accurate_rnd+full_chroma_int');
  }

  /** Throws RangeError when the frame is not of the size of the first. */
  add(frame: Frame): void {
    const { lib, constants: av } = this.muxer.ffmpeg;
    const { width, height } = this.size;
    if (frame.width !== width || frame.height !== height || frame.rgb.length !== 3 * width * height)
      throw new RangeError(
        `${this.muxer.name}: expected frames of ${width}x${height} like the first, frame ${this.count} is ` +
          `${frame.width}x${frame.height} with ${frame.rgb.length} bytes`,
      );
    const even = evenSided(frame);
    const rgb = lib.Frame.fromVideoBuffer(Buffer.from(even.rgb.buffer, even.rgb.byteOffset, even.rgb.length), {
      width: even.width,
      height: even.height,
      format: av.AV_PIX_FMT_RGB24,
    });
    const yuv = this.#yuv;
    try {
      rgb.colorSpace = av.AVCOL_SPC_RGB;
      rgb.colorRange = av.AVCOL_RANGE_JPEG;
      // A buffer for each: the encoder keeps the last few.
      yuv.alloc();
      yuv.width = even.width;
      yuv.height = even.height;
      yuv.format = av.AV_PIX_FMT_YUV420P;
      yuv.colorSpace = av.AVCOL_SPC_SMPTE170M;
      yuv.colorRange = av.AVCOL_RANGE_MPEG;
      this.muxer.check(yuv.getBuffer(), 'making room for a frame');
      this.muxer.check(this.#scaler.scaleFrameSync(yuv, rgb), 'converting colours');
      yuv.pts = BigInt(this.count);
      this.muxer.encode(this.#context, this.#stream, yuv);
      this.count++;
    } finally {
      rgb.free();
      yuv.free();
    }
  }

  finish(): void {
    this.muxer.encode(this.#context, this.#stream, null);
  }

  free(): void {
    this.#scaler.freeContext();
    this.#context.freeContext();
  }
}

/** The rate nearest to `rate` that an encoder takes, from above where there is one. */
function rateFor(rates: readonly number[] | null, rate: number): number {
  if (!rates?.length) return rate;
  const above = rates.filter((r) => r >= rate);
  return above.length ? Math.min(...above) : Math.max(...rates);
}

/** One channel of sound. */
export class SoundTrack {
  /** Hz. The samples given must be at this rate: the one asked for, or the nearest that the codec has. */
  readonly sampleRate: number;
  readonly #context: CodecContext;
  readonly #stream: Stream;
  /** Samples given to the encoder. */
  #count = 0;

  constructor(
    private readonly muxer: Muxer,
    choice: CodecChoice,
    sampleRate: number,
  ) {
    const { lib, constants: av } = muxer.ffmpeg;
    const codec = muxer.codec(choice);
    this.sampleRate = rateFor(codec.supportedSamplerates, sampleRate);
    this.#context = new lib.CodecContext();
    const context = this.#context;
    context.allocContext3(codec);
    context.sampleRate = this.sampleRate;
    context.timeBase = new lib.Rational(1, this.sampleRate);
    context.channelLayout = av.AV_CHANNEL_LAYOUT_MONO;
    const formats = codec.sampleFormats ?? [];
    const floats = [av.AV_SAMPLE_FMT_FLTP, av.AV_SAMPLE_FMT_FLT].find((format) => formats.includes(format));
    context.sampleFormat = floats ?? av.AV_SAMPLE_FMT_S16;
    this.#stream = muxer.addTrack(context, codec, choice);
  }

  /** Gives the encoder as many whole frames as there are in `clip` before `end` samples; the rest, too, at the end of the clip. */
  add(clip: AudioClip, end: number): void {
    const { lib, constants: av } = this.muxer.ffmpeg;
    const context = this.#context;
    const size = context.frameSize || 4096;
    const last = clip.samples.length;
    while (this.#count < Math.min(end, last)) {
      const samples = clip.samples.subarray(this.#count, this.#count + size);
      if (this.#count + size > end && end < last) return;
      const values = context.sampleFormat === av.AV_SAMPLE_FMT_S16 ? toInt16(samples) : samples;
      const frame = lib.Frame.fromAudioBuffer(Buffer.from(values.buffer, values.byteOffset, values.byteLength), {
        nbSamples: samples.length,
        format: context.sampleFormat,
        sampleRate: this.sampleRate,
        channelLayout: av.AV_CHANNEL_LAYOUT_MONO,
        timeBase: context.timeBase,
        pts: BigInt(this.#count),
      });
      try {
        this.muxer.encode(context, this.#stream, frame);
      } finally {
        frame.free();
      }
      this.#count += samples.length;
    }
  }

  finish(): void {
    this.muxer.encode(this.#context, this.#stream, null);
  }

  free(): void {
    this.#context.freeContext();
  }
}

/** Rounded, and kept within the range: 1 becomes 32767. */
const toInt16 = (samples: Float32Array): Int16Array =>
  Int16Array.from(samples, (x) => Math.max(-32768, Math.min(32767, Math.round(x * 32768))));
