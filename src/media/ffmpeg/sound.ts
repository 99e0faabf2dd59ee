/** Sound of every compressed format, decoded by FFmpeg. */
import type { Frame } from 'node-av/lib';
import { nameOf, type Source } from '../source.js';
import { defaultLimits, MediaError, type MediaLimits } from '../types.js';
import { checkWhole, expectedEnd } from './announced.js';
import { Decoder } from './decoder.js';
import { Input, localFile, tickOf } from './input.js';
import { Pace } from './pace.js';
import { Planes } from './samples.js';

export interface DecodedSound {
  /** Hz. */
  sampleRate: number;
  /** One array a channel, all of one length; nominally within [-1, 1], always finite. */
  channels: Float32Array[];
}

export interface DecodeSoundOptions {
  /** Seconds into the sound; default 0. */
  start?: number;
  /** Seconds; to the end when not given. */
  duration?: number;
  limits?: MediaLimits;
  signal?: AbortSignal;
}

/**
 * Seconds by which timestamps of successive frames may disagree with their lengths: some containers count in milliseconds, and live
 * recorders are not exact; FLAC counts in samples.
 */
const tolerance = 0.05;
const flacTolerance = 0.0005;
/** What an encoder put in front may end so many seconds before the sound begins: fragmented MP4s lose track of it. */
const primingGap = 0.2;
/** Seconds decoded ahead of a start in the middle, so that codecs that build on what came before are at full quality there. */
const preroll = 1;
/** Where timestamps are coarse, only starts beyond this many seconds are sought; before it, counting samples is exact. */
const counted = 60;

/**
 * The sound of a file or the sound track of a video, from `start` seconds on. Time 0 is the first sample of pure sound, whatever the
 * codec put in front of it; in a video it is where the picture begins, and silence stands where the sound begins later. (AVI and
 * bare MP3 and AAC streams do not say what their encoder put in front, so there it stays; where timestamps count milliseconds, as in
 * Matroska and WebM, a start beyond a minute is exact to one of them.) A sound that ends before
 * `start + duration` is returned as far as it goes.
 *
 * Throws MediaError: `noSound` when there is none; `corrupt` for damaged, truncated, empty or non-finite sound, gaps in it, and a start
 * beyond its end; `tooLarge` beyond `maxSeconds` seconds, or beyond as many samples as that many seconds of 48 kHz stereo have.
 */
export async function decodeSound(source: Source, options: DecodeSoundOptions = {}): Promise<DecodedSound> {
  const pace = new Pace(options.signal);
  const file = await localFile(source);
  try {
    const input = await Input.open(file.path, nameOf(source), options.signal);
    try {
      if (!input.sound) throw new MediaError('noSound', input.name, 'there is no sound in it');
      const decoder = new Decoder(input, input.sound, { errorDetection: 'crccheck+explode' });
      try {
        return await new Cut(input, decoder, options).run(pace);
      } finally {
        decoder.free();
      }
    } finally {
      input.close();
    }
  } finally {
    await file.release();
  }
}

/** The part of a sound between two times, being decoded. Positions are counted in samples from the input's zero. */
class Cut {
  readonly #start: number;
  readonly #duration: number | undefined;
  readonly #maxSeconds: number;
  #sampleRate = 0;
  #channelCount = 0;
  #sought = false;
  #planes: Planes | undefined;
  /** Position after the last decoded sample. */
  #position = 0;

  constructor(
    private readonly input: Input,
    private readonly decoder: Decoder,
    { start = 0, duration, limits }: DecodeSoundOptions,
  ) {
    if (!(start >= 0 && start < Infinity) || !(duration === undefined || duration > 0))
      throw new RangeError(`expected a start of at least 0 seconds and a duration over 0, got ${start} and ${duration}`);
    this.#start = start;
    this.#duration = duration;
    this.#maxSeconds = limits?.maxSeconds ?? defaultLimits.maxSeconds;
    const wanted = Math.min(duration ?? Infinity, (expectedEnd(this.input, this.decoder.stream) ?? duration ?? 0) - start);
    if (wanted > this.#maxSeconds) throw this.#tooLong(wanted);
  }

  async run(pace: Pace): Promise<DecodedSound> {
    this.#seek();
    let whole = true;
    for (let frame = this.decoder.next(); frame; frame = this.decoder.next()) {
      this.#take(frame);
      if (this.#position >= this.#end) {
        whole = false;
        break;
      }
      if (pace.due) await pace.breathe();
    }
    if (!this.#planes) throw this.input.corrupt('no sound could be decoded');
    if (whole) checkWhole(this.input, this.decoder.stream, this.#position / this.#sampleRate);
    if (this.#planes.length === 0)
      throw this.input.corrupt(`expected sound from ${this.#start} s on, it ends at ${this.#time(this.#position)} s`);
    const bad = this.#planes.findNonFinite();
    if (bad) {
      const at = this.#time(this.#first + bad.position);
      throw this.input.corrupt(`expected finite samples, that at ${at} s in channel ${bad.channel} is not`);
    }
    return { sampleRate: this.#sampleRate, channels: this.#planes.finish() };
  }

  /** Positions of the first sample wanted, and after the last. */
  get #first(): number {
    return Math.round(this.#start * this.#sampleRate);
  }

  get #end(): number {
    return this.#duration === undefined ? Infinity : this.#first + Math.max(1, Math.round(this.#duration * this.#sampleRate));
  }

  get #tolerance(): number {
    return this.input.format.iformat?.name === 'flac' ? flacTolerance : tolerance;
  }

  #time = (position: number) => Number((position / this.#sampleRate).toFixed(6));

  #seek(): void {
    const { timeBase, codecpar } = this.decoder.stream;
    const container = this.input.format.iformat?.name ?? '';
    const exact = /mov|flac/.test(container) && (timeBase.num * codecpar.sampleRate) % timeBase.den === 0;
    if (this.#start <= (exact ? preroll : counted)) return;
    this.decoder.seek(this.input.zero + this.#start - preroll);
    this.#sought = true;
  }

  /** Appends what is wanted of a frame. */
  #take(frame: Frame): void {
    const stamp = this.input.seconds(frame.pts, tickOf(this.decoder.stream));
    const count = frame.nbSamples;
    if (!this.#planes) {
      this.#begin(frame);
      // What does not know when it begins begins at 0.
      this.#startAt(stamp ?? this.input.zero);
    } else {
      this.#checkSame(frame);
      const gap = this.#gapBefore(stamp);
      if (this.#position <= 0 && gap > 0 && gap < primingGap) this.#startAt(stamp!);
      else if (Math.abs(gap) > this.#tolerance)
        throw this.input.corrupt(
          `expected sound without gaps, at ${this.#time(this.#position)} s the next piece is ${gap.toFixed(3)} s off`,
        );
    }
    if (stamp !== undefined) this.#drift = stamp - this.input.zero - this.#position / this.#sampleRate;
    const from = Math.max(0, this.#first - this.#position);
    const to = Math.min(count, this.#end - this.#position);
    if (to > from) {
      this.#checkLength(this.#planes!.length + to - from);
      this.#planes!.append(frame, from, to);
    }
    this.#position += count;
  }

  /** The next sample is that at `stamp`, rounded; what is missing before it, from the first one wanted on, is silence. */
  #startAt(stamp: number): void {
    this.#position = Math.round((stamp - this.input.zero) * this.#sampleRate);
    const begins = this.input.startOf(this.decoder.stream);
    if (
      this.#sought &&
      stamp - this.input.zero > this.#start + this.#tolerance &&
      begins !== undefined &&
      stamp > begins + this.#tolerance
    )
      throw this.input.corrupt(`expected sound at ${this.#start} s, the next piece begins at ${this.#time(this.#position)} s`);
    this.#checkLength(this.#position - this.#first);
    if (this.#position > this.#first) this.#planes!.appendSilence(Math.min(this.#position, this.#end) - this.#first);
  }

  /** Seconds between the end of what came and a frame at `stamp`; 0 where there are no timestamps to tell. */
  #gapBefore(stamp: number | undefined): number {
    if (stamp === undefined || this.#drift === undefined) return 0;
    return stamp - this.input.zero - this.#time(this.#position) - this.#drift;
  }

  /** How far timestamps are ahead of counted samples, in seconds: clocks drift slowly, only jumps are gaps. */
  #drift: number | undefined;

  #begin(frame: Frame): void {
    this.#sampleRate = frame.sampleRate;
    this.#channelCount = frame.channels;
    if (!(this.#sampleRate > 0) || !(this.#channelCount > 0))
      throw this.input.corrupt(
        `expected a sample rate and channels, got ${this.#sampleRate} Hz and ${this.#channelCount} channels`,
      );
    const announced = expectedEnd(this.input, this.decoder.stream) ?? 0;
    // A header may promise anything: only so much is made room for before it is there.
    const expected = Math.min(announced - this.#start, this.#duration ?? Infinity) * this.#sampleRate;
    this.#planes = new Planes(this.#channelCount, Math.min(Math.max(Math.ceil(expected), 1), 2 ** 20));
  }

  #checkSame(frame: Frame): void {
    if (frame.sampleRate !== this.#sampleRate || frame.channels !== this.#channelCount)
      throw this.input.corrupt(
        `at ${this.#time(this.#position)} s it changes from ${this.#sampleRate} Hz with ${this.#channelCount} channels to ` +
          `${frame.sampleRate} Hz with ${frame.channels}; expected one form throughout`,
      );
  }

  #checkLength(samples: number): void {
    if (samples > this.#maxSeconds * this.#sampleRate || samples * this.#channelCount > this.#maxSeconds * 96_000)
      throw this.#tooLong(samples / this.#sampleRate);
  }

  #tooLong(seconds: number): MediaError {
    return new MediaError(
      'tooLarge',
      this.input.name,
      `${seconds.toFixed(1)} s of sound or more, ${this.#channelCount || this.decoder.stream.codecpar.channels} channels at ` +
        `${this.#sampleRate || this.decoder.stream.codecpar.sampleRate} Hz, are over the limit of ${this.#maxSeconds} s (maxSeconds)`,
    );
  }
}
