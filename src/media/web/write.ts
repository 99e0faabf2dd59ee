/** Videos and compressed sounds, written by WebCodecs. */
/// <reference lib="dom" />

import {
  type AudioCodec,
  AudioSample,
  AudioSampleSource,
  BufferTarget,
  FlacOutputFormat,
  getFirstEncodableAudioCodec,
  getFirstEncodableVideoCodec,
  MkvOutputFormat,
  MovOutputFormat,
  Mp3OutputFormat,
  Mp4OutputFormat,
  OggOutputFormat,
  Output,
  type OutputFormat,
  Quality,
  type VideoCodec,
  VideoSample,
  VideoSampleSource,
  WebMOutputFormat,
} from 'mediabunny';
import { checkClip } from '../clip.js';
import { checkFrame, evenSided } from '../pictureFile.js';
import { resample } from '../resample.js';
import { type AudioClip, type Frame, MediaError } from '../types.js';
import { encodeWav } from '../wav.js';
import type { VideoToWrite } from '../writeVideo.js';
import { withAlpha } from './pixels.js';

interface SoundKind {
  readonly format: () => OutputFormat;
  readonly type: string;
  /** In the order of preference. */
  readonly sounds: AudioCodec[];
}

/** Browsers have few sound encoders: where AAC is usual and missing, Opus has to do. */
const videos: Record<string, SoundKind & { readonly picture: VideoCodec }> = {
  '.mp4': { format: () => new Mp4OutputFormat(), type: 'video/mp4', picture: 'avc', sounds: ['aac', 'opus'] },
  '.mov': { format: () => new MovOutputFormat(), type: 'video/quicktime', picture: 'avc', sounds: ['aac', 'pcm-s16'] },
  '.webm': { format: () => new WebMOutputFormat(), type: 'video/webm', picture: 'vp9', sounds: ['opus'] },
  '.mkv': { format: () => new MkvOutputFormat(), type: 'video/x-matroska', picture: 'avc', sounds: ['opus'] },
};

const sounds: Record<string, SoundKind> = {
  '.flac': { format: () => new FlacOutputFormat(), type: 'audio/flac', sounds: ['flac'] },
  '.mp3': { format: () => new Mp3OutputFormat(), type: 'audio/mpeg', sounds: ['mp3'] },
  '.ogg': { format: () => new OggOutputFormat(), type: 'audio/ogg', sounds: ['vorbis'] },
  '.opus': { format: () => new OggOutputFormat(), type: 'audio/ogg', sounds: ['opus'] },
  '.m4a': { format: () => new Mp4OutputFormat(), type: 'audio/mp4', sounds: ['aac'] },
};

/** The entry for a name's extension. Throws RangeError that lists the known ones. */
function choose<T>(table: Record<string, T>, name: string): T {
  const choice = table[/\.[^.]*$/.exec(name.toLowerCase())?.[0] ?? ''];
  if (!choice) throw new RangeError(`${name}: expected a name that ends with one of ${Object.keys(table).join(', ')}`);
  return choice;
}

const quality = new Quality('very-high');

/**
 * A video as a file of that name, in memory; its extension says which kind: `.mp4` H.264 with AAC, or Opus where the browser has no AAC
 * encoder, `.mov` H.264 with AAC or PCM, `.webm` VP9 with Opus, `.mkv` H.264 with Opus. Opus is written at 48 kHz. An odd width or
 * height is made even by repeating the last column or row. Throws RangeError for an unknown extension, no frames, frames of different
 * sizes; MediaError 'unsupported' where the browser lacks an encoder; the signal's reason.
 */
export async function writeVideo(name: string, { frames, frameRate, sound, signal }: VideoToWrite): Promise<File> {
  const kind = choose(videos, name);
  if (!(frameRate > 0 && frameRate <= 1000)) throw new RangeError(`${name}: expected a frame rate up to 1000, got ${frameRate}`);
  signal?.throwIfAborted();
  const target = new BufferTarget();
  const output = new Output({ format: kind.format(), target });
  try {
    let pictures: { source: VideoSampleSource; width: number; height: number } | undefined;
    let soundTrack: SoundTrack | undefined;
    let count = 0;
    for await (const frame of frames) {
      checkFrame(frame);
      if (!pictures) {
        const { width, height } = frame;
        await checkPictureEncoder(name, kind.picture, frame);
        pictures = { source: new VideoSampleSource({ codec: kind.picture, quality }), width, height };
        output.addVideoTrack(pictures.source, { frameRate });
        soundTrack = sound && (await SoundTrack.add(output, name, kind.sounds, sound));
        await output.start();
      }
      if (frame.width !== pictures.width || frame.height !== pictures.height)
        throw new RangeError(
          `${name}: expected frames of one size, ${pictures.width}x${pictures.height}, frame ${count} has ${frame.width}x${frame.height}`,
        );
      const sample = sampleOf(frame, count++, frameRate);
      await pictures.source.add(sample).finally(() => sample.close());
      // As far as the pictures: players want both side by side.
      await soundTrack?.advance(count / frameRate);
      signal?.throwIfAborted();
    }
    if (!pictures) throw new RangeError(`${name}: expected at least one frame, got none`);
    await soundTrack?.advance(Infinity);
    await output.finalize();
  } catch (error) {
    await output.cancel().catch(() => {});
    throw error;
  }
  return new File([target.buffer!], name, { type: kind.type });
}

/**
 * A sound of one channel as a file of that name, in memory; its extension says which kind: `.wav` of 16 bits, and as far as the browser
 * has the encoder `.opus`, `.flac`, `.mp3`, `.ogg` (Vorbis), `.m4a` (AAC). Errors are those of `writeVideo`.
 */
export async function writeSound(name: string, clip: AudioClip): Promise<File> {
  if (name.toLowerCase().endsWith('.wav')) return new File([new Uint8Array(encodeWav(clip))], name, { type: 'audio/wav' });
  const kind = choose(sounds, name);
  const target = new BufferTarget();
  const output = new Output({ format: kind.format(), target });
  const track = await SoundTrack.add(output, name, kind.sounds, clip);
  await output.start();
  await track.advance(Infinity);
  await output.finalize();
  return new File([target.buffer!], name, { type: kind.type });
}

/** A frame of even width and height at its time. */
function sampleOf(frame: Frame, number: number, frameRate: number): VideoSample {
  const { width, height } = frame;
  const [codedWidth, codedHeight] = [width + (width % 2), height + (height % 2)];
  const init = { format: 'RGBX', codedWidth, codedHeight, timestamp: number / frameRate, duration: 1 / frameRate } as const;
  return new VideoSample(withAlpha(evenSided(frame)), init);
}

async function checkPictureEncoder(name: string, codec: VideoCodec, { width, height }: Frame): Promise<void> {
  if (!(await getFirstEncodableVideoCodec([codec], { width: width + (width % 2), height: height + (height % 2), quality })))
    throw new MediaError('unsupported', name, `this browser has no encoder for ${codec} of ${width}x${height} pixels`);
}

/** A sound track that grows with the pictures. */
class SoundTrack {
  #written = 0;

  private constructor(
    private readonly source: AudioSampleSource,
    private readonly clip: AudioClip,
  ) {}

  static async add(output: Output, name: string, codecs: AudioCodec[], clip: AudioClip): Promise<SoundTrack> {
    checkClip(name, clip);
    // The only rate that every encoder of Opus takes.
    const rateOf = (codec: AudioCodec) => (codec === 'opus' ? 48_000 : clip.sampleRate);
    for (const codec of codecs) {
      const sampleRate = rateOf(codec);
      if (!(await getFirstEncodableAudioCodec([codec], { numberOfChannels: 1, sampleRate, quality }))) continue;
      const source = new AudioSampleSource({ codec, quality });
      output.addAudioTrack(source);
      return new SoundTrack(source, { sampleRate, samples: resample(clip.samples, clip.sampleRate, sampleRate) });
    }
    throw new MediaError('unsupported', name, `this browser has no encoder for ${codecs.join(' or ')} at ${clip.sampleRate} Hz`);
  }

  /** Adds what comes before a time in seconds; with Infinity all, and ends the track. */
  async advance(seconds: number): Promise<void> {
    const { sampleRate, samples } = this.clip;
    const end = Math.min(samples.length, Math.floor(seconds * sampleRate));
    for (let from = this.#written; from < end; from = this.#written) {
      this.#written = Math.min(end, from + sampleRate);
      const data = samples.slice(from, this.#written);
      const timestamp = from / sampleRate;
      const sample = new AudioSample({ data, format: 'f32-planar', numberOfChannels: 1, sampleRate, timestamp });
      await this.source.add(sample).finally(() => sample.close());
    }
    if (seconds === Infinity) this.source.close();
  }
}
