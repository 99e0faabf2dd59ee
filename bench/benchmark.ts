/** What a benchmark is, and a row of its results. */

export interface Settings {
  /** Turns of each side. */
  rounds: number;
  /** Steps in a turn. */
  steps: number;
}

/** What is asked for on the command line. */
export interface Request extends Settings {
  /** Lists of pairs to measure besides generated ones. */
  data: readonly string[];
}

/** `null` wherever it takes PyTorch and there is none. Times are of one step, in milliseconds, over all rounds. */
export interface Row extends Settings {
  name: string;
  batch: number;
  precision?: 'fp32';
  /** The lowering of our side. */
  lowering?: string;
  /** Median of ours / median of theirs; below 1 we are faster. */
  ratio: number | null;
  /** Median of the ratios of each round's medians. */
  roundRatio: number | null;
  /** Ours / theirs. */
  peakMemoryRatio: number | null;
  oursMs: number;
  theirsMs: number | null;
  oursMinMs: number;
  theirsMinMs: number | null;
  /** Largest resident set of the whole process, in MiB. */
  oursPeakMB: number;
  theirsPeakMB: number | null;
  threads: number;
  /** What was loaded. */
  data?: string;
  /** Ours, over a training run of ten epochs; of the benchmark `loader`, like the following. */
  pairsPerSecond?: number;
  /** Pairs a second over that run, ours / theirs. */
  speedup?: number | null;
  /** The same in its first epoch, when everything is decoded (what a set far larger than the loader's memory gets). */
  firstSpeedup?: number | null;
  /** The same in the others, when the loader has kept what fits into its memory. */
  laterSpeedup?: number | null;
  /** Share of a training run's time in which the step waits for data. */
  waitShare?: number;
  /** Share of the processors that was in use, by others, while both sides waited; near 0 in a figure worth keeping. */
  background: number;
  /** 2026-11-21 */
  date: string;
  cpu: string;
  versions: { node: string; 'onnxruntime-node': string; torch: string | null };
}

export interface Benchmark {
  description: string;
  defaults: Settings;
  /** Yields every row as soon as it is known; `progress` gets one line for every stage. */
  run: (request: Request, progress: (line: string) => void) => AsyncIterable<Row>;
}
