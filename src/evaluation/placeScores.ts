/** The scores of a prediction's place: of a map's, of the best possible one's, and of the whole picture's. */
import { bestOverlap } from '../metrics/ceiling.js';
import { ciou, fScore, maskIou, nonSoundingArea, type Overlap, wholeOverlap } from '../metrics/overlap.js';
import type { Truth } from '../metrics/truth.js';
import { adaptiveRank, fixedRank, type Protocol, untiedCount } from './protocol.js';

/** Of one sample; NaN where a measure is 0/0. */
export interface PlaceScores {
  ciou: number;
  ciouAdap: number;
  pointing: number;
  nsa: number;
  iou: number;
  iouAdap: number;
  fScoreAdap: number;
}

/**
 * `fixed` is the overlap at the fixed threshold, `adaptive` at the one that predicts as many pixels as the object has, `half` that of values
 * above 0.5, which is the mask of a map.
 */
export const placeScores = (
  { fixed, adaptive, half }: Readonly<Record<'fixed' | 'adaptive' | 'half', Overlap>>,
  pointing: number,
  truth: Truth,
): PlaceScores => ({
  ciou: ciou(fixed, truth),
  ciouAdap: ciou(adaptive, truth),
  pointing,
  nsa: nonSoundingArea(fixed, truth),
  iou: maskIou(half, truth),
  iouAdap: maskIou(adaptive, truth),
  fScoreAdap: truth.area > 0 ? fScore(adaptive.positives, adaptive.predicted, truth.area) : Number.NaN,
});

/** What the best map without ties gets: the pixels it may predict are chosen well, how many they are is the protocol's word. */
export function ceilingOf(truth: Truth, protocol: Protocol): PlaceScores {
  const rank = fixedRank(protocol);
  // Where there is no object, predicting something is better than 0/0.
  const free = bestOverlap(Math.max(1, truth.area), truth);
  const exact = bestOverlap(truth.area, truth);
  return placeScores(
    {
      fixed: rank === undefined ? free : bestOverlap(untiedCount(protocol, rank), truth),
      adaptive: bestOverlap(untiedCount(protocol, adaptiveRank(protocol, truth.area)), truth),
      half: exact,
    },
    Number(truth.area > 0),
    truth,
  );
}

/** What predicting the whole picture gets, and pointing anywhere. */
export function wholeImageScores(truth: Truth): PlaceScores {
  const whole = wholeOverlap(truth);
  return placeScores({ fixed: whole, adaptive: whole, half: whole }, truth.area / truth.weight.length, truth);
}
