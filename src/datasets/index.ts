/** Pairs of pictures and sounds from lists, folders, videos and shards. Nothing is downloaded, nothing is replaced silently. */
export { type BenchmarkName, benchmarkNames, type ReadBenchmarkOptions, readBenchmark } from './benchmarks/index.js';
export type { Annotation, Benchmark, BenchmarkSample } from './benchmarks/types.js';
export type { FrameChoice } from './folders.js';
export { type BadPair, type Batch, Loader, type LoaderOptions } from './loader/loader.js';
export type { LastBatch } from './loader/order.js';
export type { PictureView, SoundView, View, Views } from './loader/views.js';
export { openPicture, openSound } from './media.js';
export { reportOf } from './problems.js';
export { type ReadPairsOptions, readPairs } from './read.js';
export { readTarIndex, type TarMember, tarEnd, tarMember } from './tar.js';
export { DatasetError, type MediaRef, type Pair, type PairSet, type Problem } from './types.js';
export {
  annotatedFrameSeconds,
  clipKey,
  formatVggSound,
  parseVggSound,
  sameVggSoundClip,
  type VggSoundClip,
} from './vggsound.js';
