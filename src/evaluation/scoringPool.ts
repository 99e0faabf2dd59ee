/** Threads that score samples. */
import { Worker } from 'node:worker_threads';
import type { BenchmarkSample } from '../datasets/benchmarks/types.js';
import type { HeatMap } from '../localization/heatMap.js';
import type { SampleResult, Scoring } from './sampleScorer.js';

// Under a test runner this file runs from src, where a worker could not load TypeScript: the built one takes its place.
const workerUrl = new URL(
  import.meta.url.endsWith('.ts') ? '../../dist/evaluation/scoringWorker.js' : './scoringWorker.js',
  import.meta.url,
);

/** A map to score under each of the pool's scorings. */
export interface ScoringTask {
  id: number;
  sample: BenchmarkSample;
  map: HeatMap;
  prior?: HeatMap;
}

/** One for each scoring, or the message of what was thrown. */
export type ScoringAnswer = { id: number } & ({ results: SampleResult[] } | { message: string });

interface Waiting {
  resolve: (results: SampleResult[]) => void;
  reject: (error: Error) => void;
}

export class ScoringPool {
  readonly #workers: readonly Worker[];
  readonly #waiting = new Map<number, Waiting>();
  #nextId = 0;
  /** Why nothing more is scored. */
  #ended: Error | undefined;

  /** `size` threads; every sample is scored under all of `scorings`. */
  constructor(size: number, scorings: readonly Scoring[]) {
    this.#workers = Array.from({ length: size }, () => {
      const worker = new Worker(workerUrl, { workerData: scorings, execArgv: [] });
      worker.on('message', (answer: ScoringAnswer) => {
        const waiting = this.#waiting.get(answer.id);
        this.#waiting.delete(answer.id);
        if ('results' in answer) waiting?.resolve(answer.results);
        else waiting?.reject(new RangeError(answer.message));
      });
      worker.on('error', (error) => this.#end(new Error(`a scoring thread failed: ${error.message}`, { cause: error })));
      worker.on('exit', () => this.#end(new Error('a scoring thread ended')));
      return worker;
    });
  }

  /** Rejects with what the thread threw. */
  score(sample: BenchmarkSample, map: HeatMap, prior?: HeatMap): Promise<SampleResult[]> {
    const id = this.#nextId++;
    return new Promise((resolve, reject) => {
      if (this.#ended) return reject(this.#ended);
      this.#waiting.set(id, { resolve, reject });
      const { picture: _, sound: __, ...annotated } = sample;
      const task: ScoringTask = { id, sample: annotated, map, prior };
      this.#workers[id % this.#workers.length]!.postMessage(task);
    });
  }

  /** Ends the threads; what was waiting rejects. */
  async close(): Promise<void> {
    this.#end(new Error('the evaluation was ended'));
    await Promise.all(this.#workers.map((worker) => worker.terminate()));
  }

  #end(error: Error): void {
    this.#ended ??= error;
    for (const { reject } of this.#waiting.values()) reject(error);
    this.#waiting.clear();
  }
}
