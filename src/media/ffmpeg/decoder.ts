/** One stream of an open file, decoded frame by frame in the caller's thread. */
import type { CodecContext, Frame, Packet, Stream } from 'node-av/lib';
import { tooManyPixels } from '../pictureFile.js';
import { MediaError } from '../types.js';
import { type Input, tickOf } from './input.js';

export interface DecoderOptions {
  /** FFmpeg's `err_detect`: what of a damaged stream is an error instead of being concealed. */
  errorDetection: string;
  /** Of a picture; for sound, none. */
  maxPixels?: number;
}

/** FFmpeg's limit for pictures of at most `maxPixels`: it counts the borders, of up to 80 pixels a side, that its decoders work in. */
const roomFor = (maxPixels: number): number => Math.min(4 * maxPixels + 65_536, 2 ** 31 - 1);

/**
 * Decodes `stream` of `input`; the other streams are skipped. FFmpeg's synchronous calls cost a third of its asynchronous ones; callers
 * let the event loop run between frames. Throws MediaError 'unsupported' when there is no decoder for it.
 */
export class Decoder {
  readonly #context: CodecContext;
  readonly #packet: Packet;
  readonly #frame: Frame;
  #draining = false;
  /** Timestamps of packets whose pictures have not come yet; undefined for codecs of which not every packet is a picture. */
  readonly #pending: Set<bigint> | undefined;
  /** Whether a frame has come since the start or the last seek. */
  #started = false;

  constructor(
    private readonly input: Input,
    readonly stream: Stream,
    private readonly options: DecoderOptions,
  ) {
    const { lib, constants } = input.ffmpeg;
    for (const other of input.format.streams) if (other.index !== stream.index) other.discard = constants.AVDISCARD_ALL;
    const codec = lib.Codec.findDecoder(stream.codecpar.codecId);
    if (!codec)
      throw new MediaError(
        'unsupported',
        input.name,
        `there is no decoder for its codec (${stream.codecpar.codecTagString ?? 'unnamed'})`,
      );
    // These leave out what they cannot decode, silently; after a seek, and at the start, also what refers to something before it.
    const eachIsShown: number[] = [constants.AV_CODEC_ID_H264, constants.AV_CODEC_ID_HEVC];
    this.#pending = eachIsShown.includes(stream.codecpar.codecId) ? new Set() : undefined;
    this.#context = new lib.CodecContext();
    this.#packet = new lib.Packet();
    this.#frame = new lib.Frame();
    try {
      this.#packet.alloc();
      this.#frame.alloc();
      this.#context.allocContext3(codec);
      this.#context.parametersToContext(stream.codecpar);
      // Lets it trim the samples that an encoder put in front, and adjust their timestamps.
      this.#context.pktTimebase = stream.timeBase;
      this.#context.threadCount = 1;
      // Set one by one: opening with a dictionary frees it twice in node-av 6.1, which ends the process.
      this.#context.setOption('err_detect', options.errorDetection);
      if (options.maxPixels !== undefined) this.#context.setOption('max_pixels', String(roomFor(options.maxPixels)));
      const opened = this.#context.open2Sync(codec);
      if (opened < 0) throw input.corrupt(`its ${codec.name} decoder does not start (${lib.FFmpegError.strerror(opened)})`);
    } catch (error) {
      this.free();
      throw error;
    }
  }

  /** The next frame, undefined at the end of the stream. It is valid until the next call. Throws MediaError 'corrupt'. */
  next(): Frame | undefined {
    const { constants, again, lib } = this.input.ffmpeg;
    for (;;) {
      const received = this.#context.receiveFrameSync(this.#frame);
      if (received >= 0) {
        this.#checkOrder(this.#frame.pts);
        return this.#frame;
      }
      if (received === constants.AVERROR_EOF || (received === again && this.#draining)) {
        if (this.#started) this.#checkOrder();
        return undefined;
      }
      if (received !== again) throw this.#undecodable(lib.FFmpegError.strerror(received));
      this.#feed();
    }
  }

  /** Gives the codec the next packet of its stream, or tells it that there is none. */
  #feed(): void {
    const { constants, again, lib } = this.input.ffmpeg;
    for (;;) {
      const read = this.input.format.readFrameSync(this.#packet);
      if (read === again) continue;
      if (read < 0) {
        if (read !== constants.AVERROR_EOF) throw this.input.corrupt(`reading stops with: ${lib.FFmpegError.strerror(read)}`);
        this.#draining = true;
        this.#context.sendPacketSync(null);
        return;
      }
      try {
        if (this.#packet.streamIndex !== this.stream.index) continue;
        if (this.#packet.flags & constants.AV_PKT_FLAG_CORRUPT) throw this.#undecodable('a packet is damaged or cut off');
        const sent = this.#context.sendPacketSync(this.#packet);
        if (sent < 0) throw this.#tooLarge() ?? this.#undecodable(lib.FFmpegError.strerror(sent));
        const { pts, flags } = this.#packet;
        if (pts !== constants.AV_NOPTS_VALUE && !(flags & constants.AV_PKT_FLAG_DISCARD)) this.#pending?.add(pts);
        return;
      } finally {
        this.#packet.unref();
      }
    }
  }

  /** Notes that the picture of `pts`, or the end, has come: none that should be shown before it is left out. */
  #checkOrder(pts?: bigint): void {
    if (!this.#pending) return;
    if (pts !== undefined) this.#pending.delete(pts);
    for (const earlier of this.#pending)
      if (pts === undefined || earlier < pts) {
        if (this.#started) throw this.input.corrupt(`the picture at ${this.#timeOf(earlier)} s cannot be decoded`);
        this.#pending.delete(earlier);
      }
    this.#started = true;
  }

  /** Seconds from the input's zero, for messages. */
  #timeOf(pts: bigint): string {
    return (Number(pts) * tickOf(this.stream) - this.input.zero).toFixed(3);
  }

  /** The error for a picture that was refused because the size has grown over the limit on the way. */
  #tooLarge(): MediaError | undefined {
    const { width, height } = this.#context;
    const { maxPixels = Infinity } = this.options;
    return width * height > maxPixels ? tooManyPixels(this.input.name, maxPixels, { width, height }) : undefined;
  }

  #undecodable(reason: string): MediaError {
    const at = this.input.seconds(this.#packet.pts, tickOf(this.stream));
    return this.input.corrupt(
      `cannot be decoded${at === undefined ? '' : ` at ${(at - this.input.zero).toFixed(3)} s`} (${reason})`,
    );
  }

  /** Continues with the last keyframe at or before a time, in seconds on FFmpeg's clock, as far as the container knows. */
  seek(seconds: number): boolean {
    const ticks = BigInt(Math.floor(seconds / tickOf(this.stream) + 1e-6));
    const { constants } = this.input.ffmpeg;
    const found = this.input.format.seekFrameSync(this.stream.index, ticks, constants.AVSEEK_FLAG_BACKWARD);
    if (found < 0) return false;
    this.#context.flushBuffers();
    this.#draining = false;
    this.#started = false;
    this.#pending?.clear();
    return true;
  }

  free(): void {
    this.#packet.free();
    this.#frame.free();
    this.#context.freeContext();
  }
}
