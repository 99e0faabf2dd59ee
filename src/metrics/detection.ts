/**
 * Detection: a model should also notice when nothing in the picture makes the sound. The measures of Mo and Morgado, "A Closer Look at
 * Weakly-Supervised Audio-Visual Source Localization", NeurIPS 2022 (`EvaluatorFull`), for sets with non-sounding samples.
 */

/** A sample: does anything sound there, how sure was the model, and did it find the place. */
export interface Detection {
  sounding: boolean;
  confidence: number;
  /** Of a sounding sample; NaN is a miss. */
  ciou: number;
}

/** Samples by falling confidence, and how many of the first k are true, false (a wrong place, or nothing there) and sounding. */
interface Ranking {
  confidence: Float64Array;
  truePositives: Float64Array;
  sounding: Float64Array;
}

function ranked(detections: readonly Detection[], successAt: number): Ranking {
  const order = [...detections].sort((a, b) => b.confidence - a.confidence);
  const n = order.length;
  const ranking = { confidence: new Float64Array(n), truePositives: new Float64Array(n + 1), sounding: new Float64Array(n + 1) };
  for (const [i, { confidence, sounding, ciou }] of order.entries()) {
    ranking.confidence[i] = confidence;
    ranking.truePositives[i + 1] = ranking.truePositives[i]! + Number(sounding && ciou >= successAt);
    ranking.sounding[i + 1] = ranking.sounding[i]! + Number(sounding);
  }
  return ranking;
}

/**
 * At a confidence threshold, all samples at or above it are detected. precision = TP / (TP + FP), recall = TP / (TP + FN), 1 where they are
 * 0/0: TP were found in the right place, FP in a wrong one or where nothing sounds, FN are sounding and not detected.
 */
function precisionRecall({ confidence, truePositives, sounding }: Ranking, threshold: number): [number, number] {
  // The number of confidences >= threshold, which are in falling order.
  let [low, high] = [0, confidence.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (confidence[middle]! >= threshold) low = middle + 1;
    else high = middle;
  }
  const found = truePositives[low]!;
  const missed = sounding.at(-1)! - sounding[low]!;
  return [low === 0 ? 1 : found / low, found + missed === 0 ? 1 : found / (found + missed)];
}

/**
 * Average precision: over thresholds that are the confidences in falling order without the largest, every max(1, floor(n / 200))-th, the sum
 * of (r_k+1 - r_k) times the highest precision at k or later. As published: what is recalled at the first threshold does not count, so
 * even a perfect ranking stays below 1. NaN for no samples; 0 for one.
 */
export function averagePrecision(detections: readonly Detection[], successAt = 0.5): number {
  const n = detections.length;
  if (n === 0) return Number.NaN;
  const ranking = ranked(detections, successAt);
  const step = Math.max(1, Math.floor(n / 200));
  const curve: [number, number][] = [];
  // Position 0 of the falling order is the largest. The published slice is of the rising order and steps back from its last but one.
  for (let i = 1; i < n; i += step) curve.push(precisionRecall(ranking, ranking.confidence[i]!));
  let [area, best] = [0, 0];
  for (let k = curve.length - 1; k >= 0; k--) {
    best = Math.max(best, curve[k]![0]);
    if (k + 1 < curve.length) area += best * (curve[k + 1]![1] - curve[k]![1]);
  }
  return area;
}

/** The highest F1 = 2 p r / (p + r) over thresholds that are every max(1, floor(n / 10))-th confidence in rising order. */
export function maxF1(detections: readonly Detection[], successAt = 0.5): number {
  const ranking = ranked(detections, successAt);
  const rising = ranking.confidence.toReversed();
  const step = Math.max(1, Math.floor(rising.length / 10));
  let best = detections.length > 0 ? 0 : Number.NaN;
  for (let i = 0; i < rising.length; i += step) {
    const [p, r] = precisionRecall(ranking, rising[i]!);
    const f1 = p + r > 0 ? (2 * p * r) / (p + r) : 0;
    best = Math.max(best, f1);
  }
  return best;
}

/** LocAcc: the share of sounding samples with a ciou above (not at) the threshold. */
export function localizationAccuracy(detections: readonly Detection[], successAt = 0.5): number {
  const sounding = detections.filter((d) => d.sounding);
  return sounding.filter(({ ciou }) => ciou > successAt).length / sounding.length;
}
