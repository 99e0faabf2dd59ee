/** From what each sample got to the scores of the set. */
import { averagePrecision, type Detection, localizationAccuracy, maxF1 } from '../metrics/detection.js';
import { highestMean } from '../metrics/fMeasure.js';
import { areaUnderCurve, successCurve, successRate, worstOfGroups } from '../metrics/success.js';
import type { Scores } from './evaluation.js';
import type { PlaceScores } from './placeScores.js';

/** The samples with something that sounds, and what each got. */
export interface Totals {
  places: readonly PlaceScores[];
  /** Of each of them: what IIoU takes together. */
  groups: readonly string[];
  /** Where the ground truth is masks: F at every threshold, of those that are not empty. */
  fCurves?: readonly Float32Array[];
  /** Where the set has samples without a source: all of its samples. */
  detections?: readonly Detection[];
  successAt: number;
}

/** The mean without NaN, which is 0/0. */
function meanOf(values: readonly number[]): number {
  const counted = values.filter((v) => !Number.isNaN(v));
  return counted.reduce((sum, v) => sum + v, 0) / counted.length;
}

/** What a set gets; see the functions of `metrics` for the formulas. */
export function scoresOf({ places, groups, fCurves, detections, successAt }: Totals): Scores {
  const of = (name: keyof PlaceScores) => places.map((place) => place[name]);
  const [fixed, adaptive] = [of('ciou'), of('ciouAdap')];
  const area = (values: readonly number[]) => areaUnderCurve(successCurve(values));
  const [worst, worstAdap] = [fixed, adaptive].map((values) => [...worstOfGroups(values, groups).values()]) as [
    number[],
    number[],
  ];
  return {
    cIoU: successRate(fixed, successAt),
    cIoUAdap: successRate(adaptive, successAt),
    AUC: area(fixed),
    AUCAdap: area(adaptive),
    IIoU: successRate(worst, successAt),
    IIoUAdap: successRate(worstAdap, successAt),
    IAUC: area(worst),
    IAUCAdap: area(worstAdap),
    pointing: meanOf(of('pointing')),
    NSA: meanOf(of('nsa')),
    ...(fCurves && {
      mIoU: meanOf(of('iou')),
      mIoUAdap: meanOf(of('iouAdap')),
      FScore: highestMean(fCurves),
      FScoreAdap: meanOf(of('fScoreAdap')),
    }),
    ...(detections && {
      AP: averagePrecision(detections, successAt),
      maxF1: maxF1(detections, successAt),
      LocAcc: localizationAccuracy(detections, successAt),
    }),
  };
}
