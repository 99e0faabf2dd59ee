export { loadCheckpoint, saveCheckpoint } from './checkpoint.js';
export { checkConfig, presetConfig, type TrainConfig, type TrainPreset, trainPresets } from './config.js';
export { ConfigError, type ConfigProblem } from './configError.js';
export { CachedTrainingStep, type CachedTrainingStepOptions } from './gradientCaching.js';
export { initialize } from './initialize.js';
export { type MomentumCopyOptions, momentumCopy } from './momentum.js';
export { type Neighbours, nearestNeighbours } from './neighbours.js';
export { loadNeighbours, saveNeighbours } from './neighboursFile.js';
export {
  type AdamOptions,
  adam,
  adamW,
  type Optimizer,
  type OptimizerOptions,
  type ParameterGroup,
  type SgdOptions,
  sgd,
  type Updates,
} from './optimizer.js';
export { type Progress, RunError, RunFolder, runFiles } from './runFolder.js';
export { type CosineOptions, constant, cosine, type Schedule } from './schedule.js';
export { NonFiniteLossError, TrainingStep, type TrainingStepOptions } from './step.js';
export { type Objective, type StepGraph, type StepGraphOptions, stepGraph } from './stepGraph.js';
export { type Checkpoint, type Lowering, type RunOptions, StepSession, type StepSessionOptions } from './stepSession.js';
export { type TrainOptions, type TrainRecord, train, type Validated } from './train.js';
