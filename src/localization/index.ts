/** Trained models at work: maps of pictures and sounds, and of videos. */
export { bundledModel } from './bundled.js';
export { type Calibration, type Confidence, calibrate, confidenceOf, leastConfidence, matchOf } from './confidence.js';
export { type Encoder, modelEncoder, onnxEncoder, type Side } from './encoder.js';
export { type Exported, type ExportOptions, exportFormat, exportModel, pictureSides } from './exportModel.js';
export type { HeatMap } from './heatMap.js';
export { type Localized, type Localizer, LocalizerError } from './localizer.js';
export { loadModel, loadModelAndNotes, type Model, type ModelDescription, saveModel } from './model.js';
export { modelLocalizer } from './modelLocalizer.js';
export { onnxLocalizer } from './onnxLocalizer.js';
export { type Outline, outlineOf, outlineProtocol, runLengths } from './outline.js';
export { checkHeard, checkSignal, type Localization, PairLocalizer } from './pairLocalizer.js';
export { type Prediction, pairsOf, predictMaps } from './predict.js';
export { type LocalizeVideoOptions, localizeVideo, mapAt, smoothed, type VideoMaps } from './video.js';
