/** An evaluation protocol as a value: everything that makes two numbers of the same name differ. */

export interface Protocol {
  name: string;
  /** Whose evaluator this is, and the file of it. */
  source: string;
  /** Pixels of the square on which maps and ground truth are compared. */
  size: number;
  /** How a map gets there: bilinear, or bicubic with a = -0.75. */
  resize: 'bilinear' | 'bicubic';
  /** True: the map's corner pixels lie on the square's corner pixels; false: half-pixel centres, as OpenCV. */
  alignCorners: boolean;
  /**
   * What is done to the values before a threshold, in float32 as published, where rounding can make neighbours equal:
   * `minMax` (x - min) / (max - min); `negatedMinMax` 1 - (max - x) / (max - min) (LVS); `range` (x - low) / (high - low) with the range
   * that values can have; `sigmoid`.
   */
  values: { scale: 'minMax' } | { scale: 'negatedMinMax' } | { scale: 'range'; low: number; high: number } | { scale: 'sigmoid' };
  /** The fixed threshold: the value of rank floor(share * N) from below among the N pixels, or a value. */
  binarize: { by: 'rank'; share: number } | { by: 'value'; threshold: number };
  /** Which pixels are predicted: those above the threshold, or also those at it. */
  comparison: '>' | '>=';
  /** Annotators who must agree for a pixel to count fully, where a benchmark has several: G = min(1, boxes over the pixel / consensus). */
  consensus: number;
  /** A sample succeeds at a ciou of at least this. */
  successAt: number;
  /** What IIoU takes together: samples of one picture, or of one published name up to its last `_`. */
  groupBy: 'image' | 'publishedName';
  /** Range of the object prior's values where `values` is a range too. */
  priorRange?: { low: number; high: number };
  /** Set when maps are mixed with an object prior (OGL): alpha * map + (1 - alpha) * prior, both scaled, scaled again. */
  objectPrior?: { alpha: number };
}

/** The rank, counted from below, of the value that is the fixed threshold; undefined where that is a value. */
export const fixedRank = ({ binarize, size }: Protocol): number | undefined =>
  binarize.by === 'rank' ? Math.floor(binarize.share * size ** 2) : undefined;

/** The rank of the adaptive threshold: as many pixels from above as the object has, half of all where it has none. */
export function adaptiveRank({ size }: Protocol, area: number): number {
  const pixels = size ** 2;
  return pixels - (area > 0 ? area : Math.floor(pixels / 2));
}

/** How many pixels a threshold of that rank predicts in a map whose values all differ. */
export const untiedCount = ({ size, comparison }: Protocol, rank: number): number =>
  size ** 2 - rank - (comparison === '>' ? 1 : 0);
