/** How sure the scores are: bootstrap intervals over pictures. */
import { bootstrapMeans, bootstrapStatistic, type Interval } from '../metrics/bootstrap.js';
import { averagePrecision, maxF1 } from '../metrics/detection.js';
import { highestMean } from '../metrics/fMeasure.js';
import { areaOfOne, worstOfGroups } from '../metrics/success.js';
import type { ScoreName } from './evaluation.js';
import type { PlaceScores } from './placeScores.js';
import type { Totals } from './totals.js';

/** Statistics that are no means are computed anew for each drawn set. */
const resamplesOfStatistics = 200;

/** The picture of each of the `places`, of each of the `fCurves`, and of each of the `detections`. */
export interface Pictures {
  sounding: readonly string[];
  curves: readonly string[];
  all: readonly string[];
}

/** 95 % intervals of every score, from draws of pictures. Scores without any value are left out. */
export function intervalsOf(
  { places, groups, fCurves, detections, successAt }: Totals,
  pictures: Pictures,
): Partial<Record<ScoreName, Interval>> {
  if (places.length === 0) return {};
  const success = (v: number | null) => (v === null ? null : Number(v >= successAt));
  const area = (v: number | null) => (v === null ? null : areaOfOne(v));
  const fixed = places.map(({ ciou }) => ciou);
  const adaptive = places.map(({ ciouAdap }) => ciouAdap);
  const [worst, worstAdap] = [worstAtFirst(fixed, groups), worstAtFirst(adaptive, groups)];
  const finite = (name: keyof PlaceScores) => places.map(({ [name]: v }) => (Number.isNaN(v) ? null : v));
  const values: Partial<Record<ScoreName, (number | null)[]>> = {
    cIoU: fixed.map(success),
    cIoUAdap: adaptive.map(success),
    AUC: fixed.map(area),
    AUCAdap: adaptive.map(area),
    IIoU: worst.map(success),
    IIoUAdap: worstAdap.map(success),
    IAUC: worst.map(area),
    IAUCAdap: worstAdap.map(area),
    pointing: finite('pointing'),
    NSA: finite('nsa'),
  };
  if (fCurves) Object.assign(values, { mIoU: finite('iou'), mIoUAdap: finite('iouAdap'), FScoreAdap: finite('fScoreAdap') });
  if (detections) values.LocAcc = fixed.map((v) => Number(v > successAt));
  const known = Object.entries(values).filter(([, list]) => list.some((v) => v !== null));
  const intervals: Partial<Record<ScoreName, Interval>> = bootstrapMeans(Object.fromEntries(known), pictures.sounding);
  const statistic = (groups: readonly string[], of: (samples: Int32Array) => number) =>
    bootstrapStatistic(groups, of, { resamples: resamplesOfStatistics });
  if (fCurves && fCurves.length > 0)
    intervals.FScore = statistic(pictures.curves, (drawn) => highestMean(Array.from(drawn, (i) => fCurves[i]!)));
  if (detections) {
    const drawn = (samples: Int32Array) => Array.from(samples, (i) => detections[i]!);
    intervals.AP = statistic(pictures.all, (samples) => averagePrecision(drawn(samples), successAt));
    intervals.maxF1 = statistic(pictures.all, (samples) => maxF1(drawn(samples), successAt));
  }
  return intervals;
}

/** A group's worst value stands at its first sample; the others have none. */
function worstAtFirst(values: readonly number[], groups: readonly string[]): (number | null)[] {
  const worst = worstOfGroups(values, groups);
  return groups.map((group) => {
    const value = worst.get(group) ?? null;
    worst.delete(group);
    return value;
  });
}
