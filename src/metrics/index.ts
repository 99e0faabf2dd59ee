/** The measures of the field, as pure functions of maps, ground truth and embeddings. */
export { type BootstrapOptions, bootstrapMeans, bootstrapStatistic, type Interval, type Values } from './bootstrap.js';
export { bestOverlap } from './ceiling.js';
export { averagePrecision, type Detection, localizationAccuracy, maxF1 } from './detection.js';
export { FMeasure, highestMean } from './fMeasure.js';
export { modalityGap } from './modalityGap.js';
export { type Comparison, ciou, fScore, maskIou, nonSoundingArea, type Overlap, overlapOf, wholeOverlap } from './overlap.js';
export { pointing } from './pointing.js';
export { Ranks } from './rank.js';
export { type MapKernel, MapResizer } from './resize.js';
export {
  hitsAt,
  type PartnerRanks,
  type RetrievalRanks,
  type RetrievalScores,
  recallAt,
  recalls,
  retrievalRanks,
} from './retrieval.js';
export { type ComparisonOptions, compareModels, type ModelComparison } from './significance.js';
export { areaUnderCurve, successCurve, successRate, successThresholds, worstOfGroups } from './success.js';
export { boxTruth, maskTruth, type Truth, truthOf } from './truth.js';
