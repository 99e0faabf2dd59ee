/** Decoded pictures and sounds, what may be decoded, and what went wrong. The same on Node and in the browser. */

/** A picture: 8-bit sRGB, row by row from the top, three bytes a pixel; `rgb.length` is 3 * width * height. */
export interface Frame {
  readonly width: number;
  readonly height: number;
  readonly rgb: Uint8Array;
}

/** One channel of sound. Samples are nominally within [-1, 1] and always finite. */
export interface AudioClip {
  /** Hz. */
  readonly sampleRate: number;
  readonly samples: Float32Array;
}

/** What a file may cost before it is refused, so that a hostile one cannot take the machine's memory. */
export interface MediaLimits {
  /** Width times height of a picture or of a video's frame. Default 2^26, a square of 8192. */
  maxPixels?: number;
  /** Seconds of sound decoded from one file. Default 3600. */
  maxSeconds?: number;
  /** Bytes of a picture's or WAV file; videos and compressed sounds are read in pieces. Default 2^30. */
  maxBytes?: number;
}

export const defaultLimits: Required<MediaLimits> = { maxPixels: 2 ** 26, maxSeconds: 3600, maxBytes: 2 ** 30 };

/** Why a file could not be used:
 * - `missing`: there is no such file, or it may not be read;
 * - `unsupported`: neither its name nor its content is of a known format;
 * - `corrupt`: truncated, damaged, empty, or holding samples that are not finite;
 * - `tooLarge`: beyond MediaLimits;
 * - `noPicture`, `noSound`: the file is sound, the stream asked for is not in it;
 * - `needsFfmpeg`: the format needs the optional package node-av, which is not installed.
 */
export type MediaProblem = 'missing' | 'unsupported' | 'corrupt' | 'tooLarge' | 'noPicture' | 'noSound' | 'needsFfmpeg';

/** A file that cannot be used. `message` is one line: the file, what was expected, what came, what to do. */
export class MediaError extends Error {
  override name = 'MediaError';

  constructor(
    readonly problem: MediaProblem,
    /** The path, or a description of bytes that have none. */
    readonly file: string,
    /** The message without the file. */
    readonly reason: string,
    options?: ErrorOptions,
  ) {
    super(`${file}: ${reason}`, options);
  }
}

/** Which sound to take from a file. */
export interface SoundOptions {
  /** The mean of all channels ('mix', the default), or one channel by number, from 0. */
  channel?: 'mix' | number;
  /** Hz to resample to; the file's own rate when not given. */
  sampleRate?: number;
  /** Seconds into the sound; default 0. */
  start?: number;
  /** Seconds; to the end when not given. A sound that ends earlier gives a shorter clip. */
  duration?: number;
  limits?: MediaLimits;
  signal?: AbortSignal;
}

/** Which frames of a video to take. */
export interface FramesOptions {
  /** Frames a second: frame i is the one shown at `start + i / rate`. Every frame as it comes when not given. */
  rate?: number;
  /** Seconds; default 0. */
  start?: number;
  /** Seconds; to the end of the video when not given. */
  end?: number;
  signal?: AbortSignal;
}

export interface TimedFrame {
  /** When it is shown, in seconds. */
  readonly time: number;
  readonly frame: Frame;
}

/** An open video. Pictures are upright: a rotation stored in the file has been applied, to width and height too. */
export interface Video {
  readonly width: number;
  readonly height: number;
  /** Seconds. */
  readonly duration: number;
  /** Average frames a second. */
  readonly frameRate: number;
  readonly hasSound: boolean;
  /** The frame shown at a time in seconds: the last that begins at or before it, the first one for times before that. */
  frameAt(seconds: number): Promise<Frame>;
  /** Ends early, freeing what it holds, when the consumer stops. One iteration at a time. */
  frames(options?: FramesOptions): AsyncGenerator<TimedFrame>;
  /** The sound track; MediaError 'noSound' when there is none. */
  sound(options?: SoundOptions): Promise<AudioClip>;
  close(): Promise<void>;
}
