/** Sounds in a browser: WAV by our own reader, everything else by WebCodecs. */
/// <reference lib="dom" />
import { type AudioCodec, type AudioSample, AudioSampleSink, EncodedPacketSink, type InputAudioTrack } from 'mediabunny';
import { atRate, checkSoundOptions, mixChannels } from '../clip.js';
import { sniff } from '../format.js';
import { type AudioClip, defaultLimits, MediaError, type SoundOptions } from '../types.js';
import { readWav } from '../wav.js';
import { Container, damaged } from './container.js';
import { readDiscardPadding } from './matroska.js';
import { readMp3Gaps } from './mp3.js';
import { openFile, rangesOf, type Source } from './source.js';

/**
 * A sound, or the sound track of a video, as one channel: the part from `start` on for `duration` seconds (at least one sample), then
 * the mean of its channels or one of them, then resampled (see `resample`: the part is all that it sees, there is silence around it).
 * What a file is is decided by its content. Of a WAV file only its headers and that part are read; everything else is decoded from
 * its beginning up to the end of the part, so that each sample is where it is when the whole file is decoded.
 *
 * Time 0 is the first sample of pure sound, whatever the codec put in front of it; in a video it is where the picture begins, and silence
 * stands where the sound begins later.
 *
 * Throws MediaError: what `readWav` throws; `missing`; `noSound` when there is none; `corrupt` for damaged, truncated, empty or
 * non-finite sound, gaps in it, and a start beyond its end; `tooLarge` beyond `maxSeconds`; `unsupported` for what this browser does
 * not decode, and rates that `resample` refuses. RangeError for options out of range; the reason of `signal` when it is aborted.
 */
export async function readSound(source: Source, options: SoundOptions = {}): Promise<AudioClip> {
  const { channel = 'mix', sampleRate, signal } = options;
  checkSoundOptions(options);
  signal?.throwIfAborted();
  const content = await openFile(source, signal);
  const file = rangesOf(content);
  let clip = sniff(await file.read(0, Math.min(16, file.size))) === 'wav' ? await readWav(file, options) : undefined;
  if (!clip) {
    const container = await Container.open(content, signal);
    try {
      const decoded = await decodeSound(container, options);
      clip = { sampleRate: decoded.sampleRate, samples: mixChannels(decoded.channels, channel, file.name) };
    } finally {
      container.close();
    }
  }
  signal?.throwIfAborted();
  return atRate(clip, sampleRate, file.name);
}

/** Seconds by which timestamps of successive pieces may disagree with their lengths: some containers count in milliseconds. */
const tolerance = 0.05;
/** Seconds by which a sound may be shorter than its header announces: FLAC and MP3 files count samples, edit lists are rounded. */
const shortBy = (codec: AudioCodec | null) => (codec === 'flac' || codec === 'mp3' ? 0.001 : 0.05);

/** The channels of the part that is asked for, at the file's rate. */
async function decodeSound(
  container: Container,
  { start = 0, duration = Infinity, limits = {}, signal }: SoundOptions,
): Promise<{ sampleRate: number; channels: Float32Array[] }> {
  const { name, sound: track } = container;
  if (!track) throw new MediaError('noSound', name, 'there is no sound in it');
  await container.checkDecodable(track);
  const { maxSeconds = defaultLimits.maxSeconds } = limits;
  try {
    const sampleRate = await track.getSampleRate();
    const { position: begin, end } = await extentOf(container, track, sampleRate);
    const announced = (await track.getDurationFromMetadata()) ?? undefined;
    const tooLong = (seconds: number) =>
      new MediaError(
        'tooLarge',
        name,
        `${seconds.toFixed(1)} s of sound or more are over the limit of ${maxSeconds} s (maxSeconds)`,
      );
    const wanted = Math.min(duration, (announced ?? 0) - container.zero - start);
    if (wanted > maxSeconds) throw tooLong(wanted);

    const first = Math.round(start * sampleRate);
    const last = Math.min(first + Math.max(1, Math.round(duration * sampleRate)), end);
    const channels = await track.getNumberOfChannels();
    const pieces = new Pieces(name, sampleRate, channels);
    // As many samples as that many seconds of 48 kHz stereo have.
    const checkLength = (length: number) => {
      if (length > maxSeconds * sampleRate || length * channels > maxSeconds * 96_000) throw tooLong(length / sampleRate);
    };
    checkLength(Math.min(begin, last) - first);
    let position = begin;
    let drift: number | undefined;
    if (begin > first) pieces.appendSilence(Math.min(begin, last) - first);
    for await (const sample of new AudioSampleSink(track).samples(await track.getFirstTimestamp())) {
      try {
        signal?.throwIfAborted();
        const ahead = sample.timestamp - position / sampleRate;
        if (drift !== undefined && Math.abs(ahead - drift) > tolerance)
          throw container.corrupt(`expected sound without gaps, at ${sample.timestamp.toFixed(3)} s there is one`);
        drift = ahead;
        const [from, to] = [Math.max(0, first - position), Math.min(sample.numberOfFrames, last - position)];
        if (to > from) pieces.append(sample, from, to);
        position += sample.numberOfFrames;
      } finally {
        sample.close();
      }
      checkLength(pieces.length);
      if (position >= last) break;
    }
    if (position < last) {
      const padding = await paddingOf(container, track, sampleRate, signal);
      position -= padding;
      pieces.drop(padding);
    }
    const endTime = position / sampleRate;
    const expected = end < Infinity ? end / sampleRate : (await countsSound(track)) ? (announced ?? 0) - container.zero : 0;
    if (position < last && endTime < expected - shortBy(await track.getCodec()))
      throw container.corrupt(`truncated or damaged: expected ${expected.toFixed(3)} s, it ends at ${endTime.toFixed(3)} s`);
    if (pieces.length === 0) throw container.corrupt(`expected sound from ${start} s on, it ends at ${endTime.toFixed(6)} s`);
    return { sampleRate, channels: pieces.finish(first) };
  } catch (error) {
    signal?.throwIfAborted();
    throw damaged(name, error);
  }
}

/** Whether a file's header tells how long its sound is: Matroska's tells how long the longest of its streams is. */
const countsSound = async (track: InputAudioTrack) => (await track.getTimeResolution()) > 1000;

/**
 * Where the first decoded sample lies and where the sound ends, in samples from the file's zero: decoders put samples in front and
 * fill the last packet, and each container has its own way to say how many.
 */
async function extentOf(
  { file, name, zero }: Container,
  track: InputAudioTrack,
  sampleRate: number,
): Promise<{ position: number; end: number }> {
  const packets = new EncodedPacketSink(track);
  const packet = await packets.getFirstPacket({ metadataOnly: true });
  if (!packet) throw new MediaError('corrupt', name, 'there are no samples in it');
  const codec = await track.getCodec();
  if (codec === 'mp3') {
    const gaps = await readMp3Gaps(file, sampleRate < 32000 ? 576 : 1152);
    if (gaps) return { position: -gaps.skip, end: gaps.length };
  }
  // A Vorbis decoder gives nothing for the first packet, and Matroska counts that as time that has passed.
  const begin = packet.timestamp + (codec === 'vorbis' ? packet.duration : 0) - zero;
  const position = Math.round(begin * sampleRate);
  const exact = (await track.getTimeResolution()) >= sampleRate;
  if (exact) return { position, end: Math.round(((await track.computeDuration()) - zero) * sampleRate) };
  return { position, end: Infinity };
}

/** Samples that a codec added to fill its last packet, where the decoder does not know of them: those of Opus in Matroska and WebM. */
async function paddingOf(
  { file }: Container,
  track: InputAudioTrack,
  sampleRate: number,
  signal: AbortSignal | undefined,
): Promise<number> {
  if ((await track.getCodec()) !== 'opus' || (await countsSound(track))) return 0;
  return Math.round((await readDiscardPadding(file, signal)) * sampleRate);
}

/** Channels as they are decoded. */
class Pieces {
  length = 0;
  readonly #channels: Float32Array<ArrayBuffer>[][];

  constructor(
    private readonly name: string,
    private readonly sampleRate: number,
    channels: number,
  ) {
    this.#channels = Array.from({ length: channels }, () => []);
  }

  /** Appends samples `from` up to `to` (not included) of a decoded piece. */
  append(sample: AudioSample, from: number, to: number): void {
    if (sample.sampleRate !== this.sampleRate || sample.numberOfChannels !== this.#channels.length)
      throw new MediaError(
        'corrupt',
        this.name,
        `expected ${this.#channels.length} channels at ${this.sampleRate} Hz throughout, at ${sample.timestamp.toFixed(3)} s there are ` +
          `${sample.numberOfChannels} at ${sample.sampleRate} Hz`,
      );
    this.#channels.forEach((pieces, planeIndex) => {
      const piece = new Float32Array(to - from);
      sample.copyTo(piece, { planeIndex, format: 'f32-planar', frameOffset: from, frameCount: to - from });
      pieces.push(piece);
    });
    this.length += to - from;
  }

  appendSilence(count: number): void {
    for (const pieces of this.#channels) pieces.push(new Float32Array(count));
    this.length += count;
  }

  /** Leaves out samples at the end. */
  drop(count: number): void {
    this.length = Math.max(0, this.length - count);
  }

  /** Throws MediaError 'corrupt' for samples that are not finite; `first` is where the channels begin, for the message. */
  finish(first: number): Float32Array[] {
    return this.#channels.map((pieces) => {
      const whole = new Float32Array(this.length);
      let at = 0;
      for (const piece of pieces) {
        if (at >= this.length) break;
        whole.set(piece.subarray(0, this.length - at), at);
        at += piece.length;
      }
      const bad = whole.findIndex((v) => !Number.isFinite(v));
      if (bad >= 0)
        throw new MediaError(
          'corrupt',
          this.name,
          `expected finite samples, that at ${(first + bad) / this.sampleRate} s is ${whole[bad]}`,
        );
      return whole;
    });
  }
}
