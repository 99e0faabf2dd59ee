/** Maps of a video, whose sound is heard around each frame. */
import type { AudioClip, Frame, Video } from '../media/types.js';
import type { HeatMap } from './heatMap.js';
import { checkSignal, type Localization, type PairLocalizer } from './pairLocalizer.js';

export interface VideoMaps {
  /** Seconds between two maps; map i is of the frame at i * interval. */
  interval: number;
  localizations: Localization[];
}

export interface LocalizeVideoOptions {
  /** Maps a second. */
  rate: number;
  /** Standard deviation, in seconds, of the bell curve by which maps are averaged over time; 0: not at all. */
  smoothing: number;
  signal?: AbortSignal;
  /** In seconds of the video. */
  onProgress?: (done: number, total: number) => void;
}

/** Pairs that are decoded before the model sees them. */
const ahead = 8;

/** The part of a sound about a time, as long as the model listens; what lies beyond the ends is silence. */
export function soundAround({ samples, sampleRate }: AudioClip, seconds: number, length: number): AudioClip {
  const part = new Float32Array(length);
  const start = Math.round(seconds * sampleRate - length / 2);
  const from = Math.max(0, start);
  part.set(samples.subarray(from, Math.max(from, start + length)), from - start);
  return { samples: part, sampleRate };
}

/**
 * A map for every 1 / rate seconds of the video, from the frame shown then and the sound around it, smoothed over time. Throws LocalizerError for a
 * video whose sound has no signal, MediaError for one that cannot be read.
 */
export async function localizeVideo(
  localizer: PairLocalizer,
  video: Video,
  name: string,
  { rate, smoothing, signal, onProgress }: LocalizeVideoOptions,
): Promise<VideoMaps> {
  const sound = await video.sound({ sampleRate: localizer.sampleRate, channel: localizer.sound.clip.channel, signal });
  checkSignal(sound, name);
  // What the model takes before it cuts: a shorter part would be repeated first, and begin elsewhere.
  const length = localizer.sound.clip.samples;
  const found: Localization[] = [];
  let waiting: { frame: Frame; clip: AudioClip }[] = [];
  const flush = async () => {
    found.push(...(await localizer.localize(waiting)));
    waiting = [];
    onProgress?.(Math.min(video.duration, found.length / rate), video.duration);
  };
  let count = 0;
  for await (const { frame } of video.frames({ rate, signal })) {
    waiting.push({ frame, clip: soundAround(sound, count++ / rate, length) });
    if (waiting.length === ahead) await flush();
  }
  if (waiting.length > 0) await flush();
  return { interval: 1 / rate, localizations: smoothed(found, smoothing * rate) };
}

/** Averages over time with weights exp(-d^2 / (2 sigma^2)), d and sigma in maps. */
export function smoothed(localizations: readonly Localization[], sigma: number): Localization[] {
  if (!(sigma > 0)) return [...localizations];
  const reach = Math.ceil(3 * sigma);
  return localizations.map((own, i) => {
    const data = new Float32Array(own.map.data.length);
    let [total, confidence] = [0, 0];
    for (let j = Math.max(0, i - reach); j <= Math.min(localizations.length - 1, i + reach); j++) {
      const weight = Math.exp(-((j - i) ** 2) / (2 * sigma * sigma));
      const other = localizations[j]!;
      for (let p = 0; p < data.length; p++) data[p] = data[p]! + weight * other.map.data[p]!;
      confidence += weight * (other.confidence ?? 0);
      total += weight;
    }
    for (let p = 0; p < data.length; p++) data[p] = data[p]! / total;
    return { map: { ...own.map, data }, confidence: own.confidence === undefined ? undefined : confidence / total };
  });
}

/** The map at a time between two of them, in proportion. */
export function mapAt({ interval, localizations }: VideoMaps, seconds: number): Localization {
  const at = Math.min(Math.max(0, seconds / interval), localizations.length - 1);
  const below = localizations[Math.floor(at)]!;
  const above = localizations[Math.min(Math.floor(at) + 1, localizations.length - 1)]!;
  const share = at - Math.floor(at);
  const between = (a: number, b: number) => a + share * (b - a);
  const map: HeatMap = { ...below.map, data: below.map.data.map((v, p) => between(v, above.map.data[p]!)) };
  const known = below.confidence !== undefined && above.confidence !== undefined;
  return { map, confidence: known ? between(below.confidence!, above.confidence!) : undefined };
}
