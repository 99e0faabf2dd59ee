/** Video in a browser: pictures and sound of a file by time. */
/// <reference lib="dom" />

import { type InputVideoTrack, type VideoSample, VideoSampleSink } from 'mediabunny';
import { tooManyPixels } from '../pictureFile.js';
import {
  type AudioClip,
  defaultLimits,
  type Frame,
  type FramesOptions,
  MediaError,
  type MediaLimits,
  type SoundOptions,
  type TimedFrame,
  type Video,
} from '../types.js';
import type { VideoOptions } from '../video.js';
import { frameOf, orientationOf, type StreamColour } from './colour.js';
import { Container, damaged } from './container.js';
import { readSound } from './sound.js';
import { openFile, type Source } from './source.js';

/**
 * Opens a video: MP4, MOV, WebM and MKV with the codecs that the browser has (not AVI), whatever the file is called. Time 0 is where the
 * picture begins. Throws MediaError: `missing`, `unsupported`, `corrupt`, `tooLarge`, `noPicture`; the reason of `signal`.
 *
 * A damaged picture is an error of the call that needs it (`corrupt`), as far as the browser's decoder notices.
 */
export async function openVideo(source: Source, { limits = {}, signal }: VideoOptions = {}): Promise<Video> {
  signal?.throwIfAborted();
  const file = await openFile(source, signal);
  const container = await Container.open(file, signal);
  try {
    const { picture, name } = container;
    if (!picture) throw new MediaError('noPicture', name, 'there is no video in it');
    await container.checkDecodable(picture);
    return new WebVideo(file, container, picture, await measure(container, picture, limits), { limits, signal });
  } catch (error) {
    container.close();
    throw damaged(file.name, error);
  }
}

interface Measures {
  readonly width: number;
  readonly height: number;
  readonly duration: number;
  readonly frameRate: number;
  readonly colour: StreamColour;
  /** Where the first picture begins, on the container's clock. */
  readonly first: number;
  /** Containers round times to their tick, at worst a millisecond: a picture that begins within one after a time is shown at it. */
  readonly slack: number;
}

/** Pictures looked at for their average rate. */
const counted = 500;

async function measure(container: Container, track: InputVideoTrack, limits: MediaLimits): Promise<Measures> {
  const [width, height] = [await track.getCodedWidth(), await track.getCodedHeight()];
  checkSize(container.name, width, height, limits);
  const { transposed } = orientationOf(await track.getRotation(), await track.getFlip());
  return {
    width: transposed ? height : width,
    height: transposed ? width : height,
    duration: (await track.computeDuration()) - container.zero,
    frameRate: (await track.computePacketStats(counted)).averagePacketRate,
    colour: { codec: await track.getCodec(), matrix: (await track.getColorSpace()).matrix },
    first: await track.getFirstTimestamp(),
    slack: Math.min(1 / (await track.getTimeResolution()), 1e-3) + 1e-6,
  };
}

function checkSize(name: string, width: number, height: number, { maxPixels = defaultLimits.maxPixels }: MediaLimits): void {
  if (width * height > maxPixels) throw tooManyPixels(name, maxPixels, { width, height });
}

class WebVideo implements Video {
  #closed = false;

  constructor(
    private readonly file: File,
    private readonly container: Container,
    private readonly track: InputVideoTrack,
    private readonly measures: Measures,
    private readonly options: VideoOptions,
  ) {}

  get width(): number {
    return this.measures.width;
  }

  get height(): number {
    return this.measures.height;
  }

  get duration(): number {
    return this.measures.duration;
  }

  get frameRate(): number {
    return this.measures.frameRate;
  }

  get hasSound(): boolean {
    return this.container.sound !== null;
  }

  async frameAt(seconds: number): Promise<Frame> {
    this.#checkOpen();
    if (!Number.isFinite(seconds)) throw new RangeError(`frameAt: expected a time in seconds, got ${seconds}`);
    this.options.signal?.throwIfAborted();
    try {
      return await this.#convert(await new VideoSampleSink(this.track).getSample(this.#clock(seconds)));
    } catch (error) {
      throw this.#reasonOf(error);
    }
  }

  async *frames({ rate, start = 0, end = Infinity, signal }: FramesOptions = {}): AsyncGenerator<TimedFrame> {
    this.#checkOpen();
    if (!(rate === undefined || (rate > 0 && rate < Infinity)) || !(start >= 0 && start < Infinity) || Number.isNaN(end))
      throw new RangeError(
        `frames: expected a positive rate and times of at least 0 s, got rate ${rate}, start ${start}, end ${end}`,
      );
    const signals = AbortSignal.any([this.options.signal, signal].filter((s) => s !== undefined));
    signals.throwIfAborted();
    if (start >= this.duration)
      throw this.container.corrupt(`expected pictures from ${start} s on, they end at ${this.duration} s`);
    try {
      for await (const { time, sample } of rate === undefined ? this.#each(start, end) : this.#every(rate, start, end)) {
        yield { time, frame: await this.#convert(sample) };
        this.#checkOpen();
        signals.throwIfAborted();
      }
    } catch (error) {
      signals.throwIfAborted();
      throw this.#reasonOf(error);
    }
  }

  /** Every picture that begins within [start, end). */
  async *#each(start: number, end: number): AsyncGenerator<{ time: number; sample: VideoSample }> {
    const { zero } = this.container;
    const { slack } = this.measures;
    for await (const sample of new VideoSampleSink(this.track).samples(this.#clock(start), zero + end - slack)) {
      const time = sample.timestamp - zero;
      if (time + slack >= start) yield { time, sample };
      else sample.close();
    }
  }

  /** The pictures shown at `start + i / rate`. */
  async *#every(rate: number, start: number, end: number): AsyncGenerator<{ time: number; sample: VideoSample | null }> {
    const until = Math.min(end, this.duration);
    const clock = this.#clock;
    // One by one: a damaged file may announce any length.
    function* times(): Generator<number> {
      for (let i = 0; start + i / rate < until; i++) yield clock(start + i / rate);
    }
    let i = 0;
    for await (const sample of new VideoSampleSink(this.track).samplesAtTimestamps(times()))
      yield { time: start + i++ / rate, sample };
  }

  async sound(options: SoundOptions = {}): Promise<AudioClip> {
    this.#checkOpen();
    if (!this.hasSound) throw new MediaError('noSound', this.file.name, 'there is no sound in it');
    const signals = [this.options.signal, options.signal].filter((s) => s !== undefined);
    return readSound(this.file, {
      ...options,
      limits: options.limits ?? this.options.limits,
      signal: AbortSignal.any(signals),
    });
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.container.close();
  }

  /** A time on the container's clock, not before the first picture. */
  #clock = (seconds: number) => Math.max(this.container.zero + seconds + this.measures.slack, this.measures.first);

  async #convert(sample: VideoSample | null): Promise<Frame> {
    if (!sample) throw this.container.corrupt('a picture could not be decoded');
    try {
      checkSize(this.file.name, sample.codedWidth, sample.codedHeight, this.options.limits ?? {});
      return await frameOf(sample, this.measures.colour);
    } finally {
      sample.close();
    }
  }

  /** Decoders that are cut short by `close` complain in their own words. */
  #reasonOf(error: unknown): unknown {
    this.#checkOpen();
    this.options.signal?.throwIfAborted();
    return damaged(this.file.name, error);
  }

  #checkOpen(): void {
    if (this.#closed) throw new Error(`${this.file.name}: the video has been closed`);
  }
}
