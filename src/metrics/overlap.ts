/** How a thresholded map and the ground truth overlap, and the measures that follow from that. */
import type { Truth } from './truth.js';

/** Which values count as predicted: those above a threshold, or also those at it. */
export type Comparison = '>' | '>=';

/** Of the predicted pixels P. */
export interface Overlap {
  /** How many there are. */
  predicted: number;
  /** How many of them have G > 0. */
  positives: number;
  /** The sum of G over them. */
  weight: number;
}

/** How many values are above `threshold`, or also at it. */
function countPredicted(values: Float32Array, threshold: number, comparison: Comparison): number {
  const atToo = comparison === '>=';
  let predicted = 0;
  for (let i = 0; i < values.length; i++) {
    const v = values[i]!;
    if (v > threshold || (atToo && v === threshold)) predicted++;
  }
  return predicted;
}

/**
 * P = the values above (or at) `threshold`, against the truth. `predicted`, how many there are, is counted when it is not known. Throws
 * RangeError for another number of pixels.
 */
export function overlapOf(
  values: Float32Array,
  threshold: number,
  comparison: Comparison,
  { weight, width, bounds }: Truth,
  predicted = countPredicted(values, threshold, comparison),
): Overlap {
  if (values.length !== weight.length)
    throw new RangeError(`overlap: the map has ${values.length} pixels, the ground truth ${weight.length}`);
  const { left, top, right, bottom } = bounds;
  const atToo = comparison === '>=';
  let positives = 0;
  let sum = 0;
  for (let y = top; y < bottom; y++)
    for (let i = y * width + left, end = y * width + right; i < end; i++) {
      const v = values[i]!;
      if (v > threshold || (atToo && v === threshold)) {
        const w = weight[i]!;
        if (w > 0) {
          positives++;
          sum += w;
        }
      }
    }
  return { predicted, positives, weight: sum };
}

/** The overlap of the whole picture, everything predicted. */
export const wholeOverlap = ({ weight, area, sum }: Truth): Overlap => ({
  predicted: weight.length,
  positives: area,
  weight: sum,
});

/**
 * ciou = sum_P G / (sum G + |P with G = 0|) (Senocak et al., CVPR 2018; all published evaluators). NaN where that is 0/0: nothing is
 * annotated and nothing predicted.
 */
export const ciou = ({ predicted, positives, weight }: Overlap, truth: Truth): number =>
  weight / (truth.sum + predicted - positives);

/**
 * NSA = 1 - |P with G = 0| / |G = 0|, the share of the non-sounding area that is left alone (Liu et al., "Induction Network", ACM MM 2023).
 * NaN where the object fills the picture.
 */
export const nonSoundingArea = ({ predicted, positives }: Overlap, { weight, area }: Truth): number =>
  1 - (predicted - positives) / (weight.length - area);

/**
 * |P and G| / |P or G| of masks; of an empty mask the share of pixels that are rightly not predicted (Zhou et al., "Audio-Visual
 * Segmentation", ECCV 2022: `mask_iou`).
 */
export function maskIou({ predicted, positives }: Overlap, { weight, area }: Truth): number {
  if (area === 0) return 1 - predicted / weight.length;
  return positives / (area + predicted - positives);
}

/** Weight of precision in the F-score of masks: beta^2. */
const beta2 = 0.3;

/** F = (1 + beta^2) p r / (beta^2 p + r) with precision p, recall r and beta^2 = 0.3; 0 where it is 0/0. */
export function fScore(correct: number, predicted: number, area: number): number {
  if (correct === 0) return 0;
  const precision = correct / predicted;
  const recall = correct / area;
  return ((1 + beta2) * precision * recall) / (beta2 * precision + recall);
}
