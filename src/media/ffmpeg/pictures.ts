/** The picture stream of an open file, by time. */
import type { Frame as Picture, Stream } from 'node-av/lib';
import { tooManyPixels } from '../pictureFile.js';
import { defaultLimits, type Frame, MediaError, type MediaLimits } from '../types.js';
import { checkWhole, expectedEnd } from './announced.js';
import { Colour } from './colour.js';
import { Decoder } from './decoder.js';
import { type Input, tickOf } from './input.js';
import type { Pace } from './pace.js';

/** A picture further ahead than this many seconds is sought, a nearer one reached by decoding on. */
const near = 3;

/**
 * The pictures of `input`, of which one is shown at a time. Times are in seconds from the input's zero. Throws MediaError: `noPicture`
 * when there are none, `tooLarge` beyond `maxPixels` (also when the size grows on the way), `corrupt` for damaged or missing ones.
 */
export class Pictures {
  /** Upright. */
  readonly width: number;
  readonly height: number;
  /** Average pictures a second; 25 where the file does not tell. */
  readonly frameRate: number;
  /** Seconds; undefined where no header tells it. */
  readonly duration: number | undefined;
  readonly #stream: Stream;
  readonly #maxPixels: number;
  readonly #decoder: Decoder;
  readonly #colour: Colour;
  /** Containers round times to their tick, at worst a millisecond: a picture that begins within one after a time is shown at it. */
  readonly #slack: number;
  /** The picture shown and the one that ends it; kept in turn, as the decoder uses its own again. */
  #shown: Picture;
  #ahead: Picture;
  #shownTime: number | undefined;
  #aheadTime: number | undefined;
  /** Whether the picture ahead failed: what that leaves half done is not shown, and time and picture are sought anew. */
  #lost = false;

  constructor(
    private readonly input: Input,
    limits: MediaLimits = {},
  ) {
    const { picture: stream, format, ffmpeg } = input;
    if (!stream) throw new MediaError('noPicture', input.name, 'there is no video in it');
    this.#stream = stream;
    this.#slack = Math.min(tickOf(stream), 1e-3) + 1e-6;
    this.#maxPixels = limits.maxPixels ?? defaultLimits.maxPixels;
    const { codecpar, avgFrameRate: average, rFrameRate: base } = stream;
    this.#checkSize(codecpar.width, codecpar.height);
    const rate = average.num > 0 ? average : base;
    this.frameRate = rate.num > 0 && rate.den > 0 ? rate.num / rate.den : 25;
    const whole = input.seconds(format.duration, 1e-6);
    this.duration = expectedEnd(input, stream) ?? (whole !== undefined && whole > 0 ? whole : undefined);
    this.#decoder = new Decoder(input, stream, { errorDetection: 'crccheck', maxPixels: this.#maxPixels });
    this.#colour = new Colour(input, stream);
    ({ width: this.width, height: this.height } = this.#colour.upright(codecpar.width, codecpar.height));
    this.#shown = new ffmpeg.lib.Frame();
    this.#ahead = new ffmpeg.lib.Frame();
    this.#shown.alloc();
    this.#ahead.alloc();
  }

  /** When the picture shown begins. */
  get time(): number {
    return this.#shownTime ?? 0;
  }

  /** When the picture shown ends: where the next one begins or, of the last one, after its own duration. */
  get end(): number {
    const own = this.input.seconds(this.#shown.duration, tickOf(this.#stream));
    return this.#aheadTime ?? this.time + (own || 1 / this.frameRate);
  }

  /** Whether the picture shown begins before a time, by more than containers round. */
  beginsBefore(seconds: number): boolean {
    return this.time + this.#slack < seconds;
  }

  /** Whether the picture shown has ended at a time, by the same measure; of the shortest pictures at least half is shown. */
  endsBy(seconds: number): boolean {
    return seconds + Math.min(this.#slack, (this.end - this.time) / 2) >= this.end;
  }

  /** The picture shown, in colours. */
  frame(): Frame {
    return this.#colour.convert(this.#shown);
  }

  /** Shows the next picture, at first the first one; false when there is none. After an error only `show` goes on. */
  advance(): boolean {
    if (this.#shownTime === undefined) this.#fetch();
    if (this.#aheadTime === undefined) return false;
    [this.#shown, this.#ahead] = [this.#ahead, this.#shown];
    this.#shownTime = this.#aheadTime;
    this.#fetch();
    return true;
  }

  /** Shows the last picture that begins at or before a time, or the first one. */
  async show(seconds: number, pace: Pace): Promise<void> {
    const shown = this.#shownTime;
    const far = shown === undefined ? seconds > near : seconds + this.#slack < shown || seconds > shown + near;
    if (far || this.#lost) this.#seek(seconds);
    if (this.#shownTime === undefined && !this.advance()) throw this.input.corrupt('no picture could be decoded');
    while (this.#aheadTime !== undefined && this.#aheadTime <= seconds + this.#slack) {
      this.advance();
      if (pace.due) await pace.breathe();
    }
  }

  free(): void {
    this.#shown.free();
    this.#ahead.free();
    this.#colour.free();
    this.#decoder.free();
  }

  /** Shows the first picture of a stretch that can be decoded by itself and begins at or before a time, as far as there is one. */
  #seek(seconds: number): void {
    this.#lost = true;
    // Containers find keyframes by decoding order, in which a picture may stand before ones that are shown earlier: look further back.
    for (let back = 0; ; back = 2 * back + 1) {
      const target = Math.max(0, seconds - back);
      // The first picture may have a timestamp below zero, but not every container takes a time before its first.
      const found = (target === 0 && this.#decoder.seek(this.input.zero - 10)) || this.#decoder.seek(this.input.zero + target);
      if (!found && target > 0) continue;
      if (!found) throw this.input.corrupt('its beginning is not found again');
      this.#shownTime = undefined;
      this.#aheadTime = undefined;
      if (target === 0 || (this.advance() && this.time <= seconds + this.#slack)) return;
    }
  }

  /** Decodes the picture ahead. */
  #fetch(): void {
    this.#lost = true;
    const { constants: av } = this.input.ffmpeg;
    const previous = this.#shownTime;
    const picture = this.#decoder.next();
    this.#ahead.unref();
    this.#aheadTime = undefined;
    if (!picture) {
      // One picture may be missing: some encoders count the last one twice.
      if (previous !== undefined) checkWhole(this.input, this.#stream, this.end, 1.5 / this.frameRate);
      this.#lost = false;
      return;
    }
    const stamp = this.input.seconds(picture.bestEffortTimestamp, tickOf(this.#stream));
    const time = stamp === undefined ? (previous ?? -1 / this.frameRate) + 1 / this.frameRate : stamp - this.input.zero;
    this.#checkSize(picture.width, picture.height);
    if (picture.decodeErrorFlags || picture.flags & av.AV_FRAME_FLAG_CORRUPT)
      throw this.input.corrupt(`the picture at ${time.toFixed(3)} s is damaged`);
    this.#ahead.ref(picture);
    this.#aheadTime = Math.max(time, previous ?? time);
    this.#lost = false;
  }

  #checkSize(width: number, height: number): void {
    if (width * height > this.#maxPixels) throw tooManyPixels(this.input.name, this.#maxPixels, { width, height });
    if (!(width > 0 && height > 0)) throw this.input.corrupt(`expected a picture size, got ${width}x${height}`);
  }
}
