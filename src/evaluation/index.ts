/** Evaluation: published protocols as values, and what models and maps get under them. */

export type { HeatMap } from '../localization/heatMap.js';
export { type ComparedScore, compareEvaluations } from './compare.js';
export { type EvaluateMapsOptions, evaluateMaps, readPriors } from './evaluateMaps.js';
export type { Evaluation, SampleScores, ScoreName, Scores } from './evaluation.js';
export { EvaluationError, Evaluator } from './evaluator.js';
export { type Embeddings, readEmbeddings } from './maps/embeddings.js';
export { MapFileError, type MapSource, type NamedMap, NpyWriter, openMaps } from './maps/index.js';
export type { Protocol } from './protocol.js';
export { groupedByName, type ProtocolName, protocolNames, protocols, withObjectPrior } from './protocols.js';
