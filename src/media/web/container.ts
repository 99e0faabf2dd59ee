/** An open sound or video in a browser: its streams and the zero of its clock. */
/// <reference lib="dom" />
import {
  ADTS,
  BlobSource,
  FLAC,
  Input,
  type InputAudioTrack,
  type InputTrack,
  type InputVideoTrack,
  MATROSKA,
  MP3,
  MP4,
  MPEG_TS,
  OGG,
  QTFF,
  UnsupportedInputFormatError,
  WAVE,
  WEBM,
} from 'mediabunny';
import { checkComplete } from '../completeness.js';
import { sniff } from '../format.js';
import { isPicture } from '../pictureFile.js';
import { MediaError } from '../types.js';
import type { ByteRanges } from '../wavHeader.js';
import { rangesOf } from './source.js';

/** Containers that hold their streams themselves: no playlist, which would have other addresses fetched. */
const formats = [MP4, QTFF, MATROSKA, WEBM, OGG, FLAC, MP3, WAVE, ADTS, MPEG_TS];

/** An open file; times of streams are on the container's clock. */
export class Container {
  private constructor(
    readonly name: string,
    readonly file: ByteRanges,
    readonly picture: InputVideoTrack | null,
    readonly sound: InputAudioTrack | null,
    /** The zero of the file's clock, on the container's: see `zeroOf`. */
    readonly zero: number,
    private readonly input: Input,
  ) {}

  /**
   * Throws MediaError: `missing`, `corrupt`, and `unsupported` for what no browser knows how to read; the
   * reason of `signal` when it is aborted.
   */
  static async open(content: File, signal?: AbortSignal): Promise<Container> {
    const file = rangesOf(content);
    const { name } = file;
    const format = sniff(await checkComplete(file, signal));
    if (isPicture(format))
      throw new MediaError('unsupported', name, `expected a sound or a video, this is a picture (${format})`);
    const input = new Input({ formats, source: new BlobSource(content) });
    try {
      const [picture, sound] = [await input.getPrimaryVideoTrack(), await input.getPrimaryAudioTrack()];
      if (!picture && !sound) throw new MediaError('corrupt', name, 'there is neither sound nor video in it: cut off or damaged');
      return new Container(name, file, picture, sound, await zeroOf(picture, sound), input);
    } catch (error) {
      input.dispose();
      if (!(error instanceof UnsupportedInputFormatError) || (format && format !== 'avi')) throw damaged(name, error);
      const what = format === 'avi' ? 'AVI files can be read on Node only' : 'this is none, whatever its name';
      throw new MediaError('unsupported', name, `expected a sound or a video (MP4, WebM, Ogg, ...), ${what}`, { cause: error });
    }
  }

  /** Throws MediaError 'unsupported' when the browser has no decoder for a stream. */
  async checkDecodable(track: InputAudioTrack | InputVideoTrack): Promise<void> {
    const codec = await track.getCodecParameterString().catch(() => null);
    const decodable = await track.canDecode().catch((error) => {
      throw damaged(this.name, error);
    });
    if (!decodable)
      throw new MediaError('unsupported', this.name, `this browser has no decoder for its codec (${codec ?? 'unnamed'})`);
  }

  corrupt(message: string): MediaError {
    return new MediaError('corrupt', this.name, message);
  }

  close(): void {
    this.input.dispose();
  }
}

/** What a demuxer or a decoder stumbled over. */
export const damaged = (name: string, cause: unknown): MediaError =>
  cause instanceof MediaError
    ? cause
    : new MediaError('corrupt', name, `damaged or cut off (${oneLine((cause as Error).message)})`, { cause });

const oneLine = (message: string) => message.split('\n')[0]!;

/**
 * A file's clock starts where its picture starts when that is within a tenth of a second after the file's first timestamp (encoders
 * delay the picture by what the sound codec needs to get going), else at the file's first timestamp. What lies before 0 on the
 * container's clock is not meant to be seen or heard.
 */
async function zeroOf(picture: InputVideoTrack | null, sound: InputAudioTrack | null): Promise<number> {
  const startOf = async (track: InputTrack | null) => (track ? Math.max(0, await track.getFirstTimestamp()) : Infinity);
  const [pictureStart, soundStart] = [await startOf(picture), await startOf(sound)];
  const first = Math.min(pictureStart, soundStart);
  if (first === Infinity) return 0;
  return pictureStart - first <= 0.1 ? pictureStart : first;
}
