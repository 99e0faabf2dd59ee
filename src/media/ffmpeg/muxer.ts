/** A media file being written: the container, and what all its tracks have in common. */
import type { FFEncoderCodec } from 'node-av/constants';
import type { Codec, CodecContext, FormatContext, Packet, Frame as Picture, Stream } from 'node-av/lib';
import type { Ffmpeg } from './binding.js';

/** An encoder by FFmpeg's name, and its options. */
export interface CodecChoice {
  codec: string;
  options: Readonly<Record<string, string>>;
}

/**
 * A media file being written. Order: tracks are added, `begin`, then their frames, in order of time over all tracks; `finish`; `free`
 * in any case. Equal input gives equal bytes (one thread a codec, and FFmpeg writes neither its version nor the time), except with
 * H.264: once in a hundred files or so its encoder takes another way to the same pictures.
 */
export class Muxer {
  readonly #format: FormatContext;
  readonly #packet: Packet;

  constructor(
    readonly ffmpeg: Ffmpeg,
    /** For messages. */
    readonly name: string,
    path: string,
    container: string,
  ) {
    this.#format = new ffmpeg.lib.FormatContext();
    this.#packet = new ffmpeg.lib.Packet();
    this.#packet.alloc();
    this.check(this.#format.allocOutputContext2(null, container, `file:${path}`), `setting up ${container}`);
    this.#format.setFlags(ffmpeg.constants.AVFMT_FLAG_BITEXACT);
  }

  /** Throws an Error that says what was attempted when FFmpeg's `result` is a failure. */
  check(result: number, attempt: string): void {
    if (result < 0) throw new Error(`${this.name}: ${attempt} failed (${this.ffmpeg.lib.FFmpegError.strerror(result)})`);
  }

  codec(choice: CodecChoice): Codec {
    const codec = this.ffmpeg.lib.Codec.findEncoderByName(choice.codec as FFEncoderCodec);
    if (!codec) throw new Error(`${this.name}: this build of FFmpeg has no encoder ${choice.codec}`);
    return codec;
  }

  /** A stream that `context`, all set but its options and flags, will fill. */
  addTrack(context: CodecContext, codec: Codec, choice: CodecChoice): Stream {
    const { constants: av } = this.ffmpeg;
    context.threadCount = 1;
    context.setFlags(av.AV_CODEC_FLAG_BITEXACT);
    if ((this.#format.oformat?.flags ?? 0) & av.AVFMT_GLOBALHEADER) context.setFlags(av.AV_CODEC_FLAG_GLOBAL_HEADER);
    for (const [name, value] of Object.entries(choice.options)) this.check(context.setOption(name, value), `${name}=${value}`);
    this.check(context.open2Sync(codec), `starting ${choice.codec}`);
    const stream = this.#format.newStream(codec);
    stream.timeBase = context.timeBase;
    this.check(stream.codecpar.fromContext(context), `describing ${choice.codec}`);
    return stream;
  }

  begin(): void {
    this.check(this.#format.openOutputSync(), 'creating the file');
    this.check(this.#format.writeHeaderSync(), 'writing the header');
  }

  /** Encodes a frame, or what the encoder still holds (null), and writes the packets that come. */
  encode(context: CodecContext, stream: Stream, frame: Picture | null): void {
    this.check(context.sendFrameSync(frame), 'encoding');
    for (;;) {
      const received = context.receivePacketSync(this.#packet);
      if (received === this.ffmpeg.again || received === this.ffmpeg.constants.AVERROR_EOF) return;
      this.check(received, 'encoding');
      this.#packet.streamIndex = stream.index;
      this.#packet.rescaleTs(context.timeBase, stream.timeBase);
      this.check(this.#format.interleavedWriteFrameSync(this.#packet), 'writing');
    }
  }

  finish(): void {
    this.check(this.#format.writeTrailerSync(), 'writing the end');
  }

  free(): void {
    this.#packet.free();
    this.#format.closeOutputSync();
    this.#format.freeContext();
  }
}
