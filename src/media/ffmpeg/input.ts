/** An open media file: its streams and the zero of its clock. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import type { FormatContext, Stream } from 'node-av/lib';
import { checkComplete } from '../completeness.js';
import { type Format, openFile, type Source, sniff } from '../source.js';
import { MediaError } from '../types.js';
import { type Ffmpeg, loadFfmpeg } from './binding.js';

/**
 * Containers that hold their streams themselves. FFmpeg knows many more, among them playlists and scripts that make it open other
 * files or addresses; none of those is let in.
 */
const containers =
  'mov,matroska,avi,ogg,flac,mp3,wav,w64,aac,ac3,amr,aiff,au,caf,asf,flv,mpegts,mpeg,mpegvideo,h264,hevc,m4v,ivf,dv,mxf,nut';

/** Names that announce sound or video: nonsense in such a file is a damaged file, anywhere else an unknown format. */
const mediaName =
  /\.(mp4|m4v|m4a|mov|3gp|webm|mkv|mka|avi|ogg|oga|ogv|opus|flac|mp3|wav|aac|ac3|amr|aiff?|au|caf|wma|wmv|asf|flv|ts|mts|mpe?g)$/i;

/** FFmpeg's names for what the first bytes announce; left to itself it goes by the file's name as well, and may be misled. */
const demuxers: Partial<Record<Format, string>> = {
  wav: 'wav',
  flac: 'flac',
  mp3: 'mp3',
  ogg: 'ogg',
  mp4: 'mov',
  matroska: 'matroska',
  avi: 'avi',
};

/** A path FFmpeg can open: FFmpeg's plain-file reader is several times faster than one that calls back for every piece. */
export interface LocalFile {
  readonly path: string;
  /** Removes what was written for it. */
  release(): Promise<void>;
}

/** The file itself; bytes are written to a private temporary folder until released. Throws MediaError 'missing' and 'corrupt'. */
export async function localFile(source: Source): Promise<LocalFile> {
  if (typeof source === 'string') return { path: source, release: async () => {} };
  const folder = await mkdtemp(join(tmpdir(), 'earshot-'));
  const path = join(folder, 'media');
  const release = () => rm(folder, { recursive: true, force: true });
  try {
    await writeFile(path, source);
    return { path, release };
  } catch (error) {
    await release();
    throw error;
  }
}

/** The first bytes of a regular file, after checking that it is one and complete as far as its container tells. */
async function inspect(path: string, name: string, signal?: AbortSignal): Promise<Uint8Array> {
  const file = openFile(path, name);
  try {
    return await checkComplete({ ...file, name }, signal);
  } finally {
    file.close();
  }
}

/**
 * An open media file. Its clock starts where its picture starts when that is within a tenth of a second after the file's first
 * timestamp (encoders delay the picture by what the sound codec needs to get going), else at the file's first timestamp.
 */
export class Input {
  private constructor(
    readonly ffmpeg: Ffmpeg,
    readonly path: string,
    readonly name: string,
    readonly format: FormatContext,
    readonly picture: Stream | undefined,
    readonly sound: Stream | undefined,
  ) {}

  /**
   * Opens `path`, called `name` in messages. Throws MediaError: `missing`, `needsFfmpeg`, `corrupt`, and `unsupported` for what is
   * neither sound nor video or only refers to other files, like a playlist; the reason of `signal` when it aborts.
   */
  static async open(path: string, name: string, signal?: AbortSignal): Promise<Input> {
    const ffmpeg = await loadFfmpeg(name);
    const content = sniff(await inspect(path, name, signal));
    const demuxer = content && demuxers[content];
    if (content && !demuxer)
      throw new MediaError('unsupported', name, `expected a sound or a video, this is a picture (${content})`);
    const { lib, constants: av } = ffmpeg;
    const format = new lib.FormatContext();
    const options = lib.Dictionary.fromObject({ protocol_whitelist: 'file', format_whitelist: containers });
    try {
      // With the protocol spelt out no name can be taken for an address, and `%d` in it for a number.
      const opened = format.openInputSync(
        `file:${resolve(path)}`,
        demuxer ? lib.InputFormat.findInputFormat(demuxer) : null,
        options,
      );
      if (opened < 0)
        throw content || (mediaName.test(path) && opened === av.AVERROR_INVALIDDATA)
          ? new MediaError(
              'corrupt',
              name,
              `cannot be read as the sound or video that its ${content ? 'beginning' : 'name'} announces (${lib.FFmpegError.strerror(opened)})`,
            )
          : new MediaError('unsupported', name, 'expected a sound or a video that holds its own streams, this is none');
      const found = format.findStreamInfoSync();
      if (found < 0) throw new MediaError('corrupt', name, `its streams cannot be read (${lib.FFmpegError.strerror(found)})`);
      const best = (type: typeof av.AVMEDIA_TYPE_AUDIO | typeof av.AVMEDIA_TYPE_VIDEO) => {
        const stream = format.streams[format.findBestStream(type)];
        // The cover of an album is no video.
        return stream && stream.disposition & av.AV_DISPOSITION_ATTACHED_PIC ? undefined : stream;
      };
      const [picture, sound] = [best(av.AVMEDIA_TYPE_VIDEO), best(av.AVMEDIA_TYPE_AUDIO)];
      return new Input(ffmpeg, path, name, format, picture, sound);
    } catch (error) {
      format.closeInputSync();
      throw error;
    }
  }

  /** The zero of its clock on FFmpeg's, in seconds. */
  get zero(): number {
    const first = this.seconds(this.format.startTime, 1e-6) ?? 0;
    const picture = this.picture && this.startOf(this.picture);
    return picture !== undefined && picture - first <= 0.1 ? picture : first;
  }

  /** Seconds, on FFmpeg's clock, where a stream says that it begins. */
  startOf(stream: Stream): number | undefined {
    return this.seconds(stream.startTime, tickOf(stream));
  }

  /** Seconds of a number of ticks, undefined where FFmpeg does not know it. */
  seconds(ticks: bigint, tick: number): number | undefined {
    return ticks === this.ffmpeg.constants.AV_NOPTS_VALUE ? undefined : Number(ticks) * tick;
  }

  corrupt(message: string): MediaError {
    return new MediaError('corrupt', this.name, message);
  }

  close(): void {
    this.format.closeInputSync();
  }
}

/** Seconds per unit of a stream's timestamps. */
export const tickOf = (stream: Stream): number => stream.timeBase.num / stream.timeBase.den;
