/** Video on Node: pictures and sound of a file by time. */
import { Input, type LocalFile, localFile } from './ffmpeg/input.js';
import { measureEnd } from './ffmpeg/length.js';
import { Pace } from './ffmpeg/pace.js';
import { Pictures } from './ffmpeg/pictures.js';
import { readSound } from './sound.js';
import { nameOf, type Source } from './source.js';
import {
  type AudioClip,
  type Frame,
  type FramesOptions,
  MediaError,
  type MediaLimits,
  type SoundOptions,
  type TimedFrame,
  type Video,
} from './types.js';

export interface VideoOptions {
  limits?: MediaLimits;
  /** Ends everything that is done with the video. */
  signal?: AbortSignal;
}

/**
 * Opens a video by FFmpeg (the optional package node-av): MP4, MOV, WebM, MKV, AVI and others, whatever the file is called. Bytes are
 * kept in a temporary file until the video is closed. Time 0 is where the picture begins when that is within 0.1 s of the file's first
 * timestamp, else that timestamp. Colours are those of ffmpeg: BT.601 where the file does not say. Throws MediaError: `missing`, `unsupported`, `corrupt`, `tooLarge`, `noPicture`, `needsFfmpeg`.
 *
 * A damaged or missing picture is an error of the call that needs it (`corrupt`), as far as the codec notices: bits that changed into
 * others that make sense cannot be told from a picture.
 */
export async function openVideo(source: Source, { limits, signal }: VideoOptions = {}): Promise<Video> {
  signal?.throwIfAborted();
  const file = await localFile(source);
  try {
    const reader = await Reader.open(file.path, nameOf(source), limits);
    try {
      const duration = reader.pictures.duration ?? (await measureEnd(file.path, nameOf(source), new Pace(signal)));
      return new FfmpegVideo(source, file, reader, duration, { limits, signal });
    } catch (error) {
      reader.free();
      throw error;
    }
  } catch (error) {
    await file.release();
    throw error;
  }
}

/** An open file and its pictures, freed together. */
class Reader {
  private constructor(
    readonly input: Input,
    readonly pictures: Pictures,
  ) {}

  static async open(path: string, name: string, limits: MediaLimits | undefined): Promise<Reader> {
    const input = await Input.open(path, name);
    try {
      return new Reader(input, new Pictures(input, limits));
    } catch (error) {
      input.close();
      throw error;
    }
  }

  free(): void {
    this.pictures.free();
    this.input.close();
  }
}

class FfmpegVideo implements Video {
  #closed = false;
  /** What `frameAt` did last: its calls share one decoder and take turns. */
  #turn: Promise<unknown> = Promise.resolve();

  constructor(
    private readonly source: Source,
    private readonly file: LocalFile,
    private readonly reader: Reader,
    readonly duration: number,
    private readonly options: VideoOptions,
  ) {}

  get width(): number {
    return this.reader.pictures.width;
  }

  get height(): number {
    return this.reader.pictures.height;
  }

  get frameRate(): number {
    return this.reader.pictures.frameRate;
  }

  get hasSound(): boolean {
    return this.reader.input.sound !== undefined;
  }

  async frameAt(seconds: number): Promise<Frame> {
    this.#checkOpen();
    if (!Number.isFinite(seconds)) throw new RangeError(`frameAt: expected a time in seconds, got ${seconds}`);
    const result = this.#turn.then(async () => {
      await this.reader.pictures.show(seconds, new Pace(this.options.signal));
      return this.reader.pictures.frame();
    });
    this.#turn = result.catch(() => {});
    return result;
  }

  async *frames({ rate, start = 0, end = Infinity, signal }: FramesOptions = {}): AsyncGenerator<TimedFrame> {
    this.#checkOpen();
    if (!(rate === undefined || (rate > 0 && rate < Infinity)) || !(start >= 0 && start < Infinity) || Number.isNaN(end))
      throw new RangeError(
        `frames: expected a positive rate and times of at least 0 s, got rate ${rate}, start ${start}, end ${end}`,
      );
    const signals = [this.options.signal, signal].filter((s) => s !== undefined);
    const pace = new Pace(AbortSignal.any(signals));
    // A reader of its own: `frameAt` may be called in between.
    const reader = await Reader.open(this.file.path, nameOf(this.source), this.options.limits);
    try {
      const { pictures } = reader;
      await pictures.show(start, pace);
      if (pictures.endsBy(start))
        throw new MediaError(
          'corrupt',
          nameOf(this.source),
          `expected pictures from ${start} s on, they end at ${pictures.end} s`,
        );
      // Every picture that begins within [start, end): the one shown at the start may have begun before it.
      if (rate === undefined && pictures.beginsBefore(start) && !pictures.advance()) return;
      for (let i = 0; ; i++) {
        const time = rate === undefined ? pictures.time : start + i / rate;
        if (rate === undefined ? !pictures.beginsBefore(end) : time + 1e-9 >= end) return;
        if (rate !== undefined) await pictures.show(time, pace);
        if (rate !== undefined && pictures.endsBy(time)) return;
        yield { time, frame: pictures.frame() };
        this.#checkOpen();
        if (rate === undefined && !pictures.advance()) return;
        if (pace.due) await pace.breathe();
      }
    } finally {
      reader.free();
    }
  }

  async sound(options: SoundOptions = {}): Promise<AudioClip> {
    this.#checkOpen();
    if (!this.hasSound) throw new MediaError('noSound', nameOf(this.source), 'there is no sound in it');
    const signals = [this.options.signal, options.signal].filter((s) => s !== undefined);
    return readSound(this.source, {
      ...options,
      limits: options.limits ?? this.options.limits,
      signal: AbortSignal.any(signals),
    });
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    // Not under the feet of a call that is going on.
    await this.#turn;
    this.reader.free();
    await this.file.release();
  }

  #checkOpen(): void {
    if (this.#closed) throw new Error(`${nameOf(this.source)}: the video has been closed`);
  }
}
