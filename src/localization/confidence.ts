/** How sure a map is that something in the picture makes the sound. */
import type { BadPair } from '../datasets/loader/loader.js';
import type { MediaRef, Pair, PairSet } from '../datasets/types.js';
import { Random } from '../random.js';
import { checkMap, type HeatMap } from './heatMap.js';
import type { Localizer } from './localizer.js';
import { predictMaps } from './predict.js';

/** P = 1 / (1 + exp(-(slope * m + offset))) of a map's match m. */
export interface Confidence {
  slope: number;
  offset: number;
}

/** Share of a map's positions that its match is the mean of: objects are small. */
const peakShare = 0.05;

/** Of so many positions those that the match is the mean of. */
export const peakCount = (positions: number): number => Math.max(1, Math.round(peakShare * positions));

/** The match of a map: the mean of its highest twentieth (at least one position). */
export function matchOf({ data }: HeatMap): number {
  const count = peakCount(data.length);
  const highest = Float32Array.from(data)
    .sort()
    .subarray(data.length - count);
  return highest.reduce((sum, x) => sum + x, 0) / count;
}

/** Below this a sound counts as one that nothing in the picture makes. */
export const leastConfidence = 0.5;

const probability = (match: number, { slope, offset }: Confidence): number => 1 / (1 + Math.exp(-(slope * match + offset)));

/** The probability, as calibrated, that the picture and the sound of a map belong together. */
export const confidenceOf = (map: HeatMap, confidence: Confidence): number => probability(matchOf(map), confidence);

export interface Calibration {
  /** Undefined where the pairs do not match better than strangers: an untrained model, or pairs too few to tell. */
  confidence?: Confidence;
  /** Share of the pairs and strangers on their side of one half, where there is a confidence: a half is chance. */
  right?: number;
  /** How many pairs it is fitted to, and as many strangers, but for those that could not be read. */
  pairs: number;
  /** Those of the pairs looked at, strangers among them, that could not be read and were left out. */
  problems: readonly BadPair[];
}

/** Pairs looked at. */
const most = 256;

/** Draws of a stranger, until its sound is another one. */
const mostDraws = 32;

/** Pictures may share a sound, as frames of a video do. */
const isSameFile = (a: MediaRef, b: MediaRef): boolean => a.path === b.path && a.member?.offset === b.member?.offset;

/**
 * Fits the probability to pairs as they are and to the same pictures with sounds of other pairs, equally many (logistic regression in one
 * variable). A stranger may fit a picture by chance, so no model gets to 1; its sound lies in another file than the picture's own, and a pair for
 * which no such is found in a few draws is left out. Throws what the model throws, LocalizerError for maps that are not finite, and the
 * signal's reason when it aborts.
 */
export async function calibrate(localizer: Localizer, set: PairSet, seed: number, signal?: AbortSignal): Promise<Calibration> {
  const count = Math.min(most, set.pairs.length);
  if (count < 2) return { pairs: 0, problems: [] };
  const random = new Random(seed, 'calibration');
  const chosen = Array.from({ length: count }, (_, i) => set.pairs[Math.floor((i * set.pairs.length) / count)]!);
  const own: Pair[] = [];
  const strangers: Pair[] = [];
  for (const [i, pair] of chosen.entries())
    for (let draw = 0; draw < mostDraws; draw++) {
      const other = chosen[(i + 1 + random.below(count - 1)) % count]!;
      if (isSameFile(pair.sound, other.sound)) continue;
      own.push(pair);
      strangers.push({ id: `${pair.id} with ${other.id}`, picture: pair.picture, sound: other.sound });
      break;
    }
  if (own.length === 0) return { pairs: 0, problems: [] };
  const pairs: PairSet = { name: set.name, pairs: [...own, ...strangers], problems: [] };
  const matches: number[] = [];
  const labels: number[] = [];
  const { frame, spectrogram } = localizer.views;
  // Nothing makes a silence.
  const hearing = { ...localizer, views: { frame, spectrogram: { ...spectrogram, needsSignal: true } } };
  const predictions = predictMaps(hearing, pairs, { signal });
  let next = await predictions.next();
  for (; !next.done; next = await predictions.next()) {
    const { index, map } = next.value;
    checkMap(map, localizer.name);
    matches.push(matchOf(map));
    labels.push(index < own.length ? 1 : 0);
  }
  const confidence = logistic(matches, labels);
  const right =
    confidence &&
    mean(matches.map((match, i) => ((probability(match, confidence) >= leastConfidence ? 1 : 0) === labels[i] ? 1 : 0)));
  return { confidence, right, pairs: labels.filter((label) => label === 1).length, problems: next.value };
}

const mean = (values: readonly number[]): number => values.reduce((sum, x) => sum + x, 0) / values.length;

/** Newton's method on the log-likelihood with a small penalty on the slope, of the variable at mean 0 and deviation 1. */
function logistic(x: readonly number[], y: readonly number[]): Confidence | undefined {
  const centre = mean(x);
  const deviation = Math.sqrt(mean(x.map((v) => (v - centre) ** 2)));
  const hasBoth = y.includes(0) && y.includes(1);
  if (!hasBoth || !(deviation > 0)) return undefined;
  const z = x.map((v) => (v - centre) / deviation);
  let [slope, offset] = [0, 0];
  for (let step = 0; step < 25; step++) {
    let [gs, go, hss, hso, hoo] = [-penalty * slope, 0, penalty, 0, 1e-9];
    for (const [i, v] of z.entries()) {
      const p = probability(v, { slope, offset });
      const w = p * (1 - p);
      gs += (y[i]! - p) * v;
      go += y[i]! - p;
      hss += w * v * v;
      hso += w * v;
      hoo += w;
    }
    const determinant = hss * hoo - hso * hso;
    slope += (gs * hoo - go * hso) / determinant;
    offset += (go * hss - gs * hso) / determinant;
  }
  if (!(slope > 0)) return undefined;
  return { slope: slope / deviation, offset: offset - (slope * centre) / deviation };
}

const penalty = 1;
