/** Maps from a file against a benchmark. */
import { availableParallelism } from 'node:os';
import type { Benchmark } from '../datasets/benchmarks/types.js';
import { clipKey } from '../datasets/vggsound.js';
import type { HeatMap } from '../localization/heatMap.js';
import { EvaluationError, type Evaluator } from './evaluator.js';
import { type MapSource, openMaps } from './maps/index.js';
import { ScoringPool } from './scoringPool.js';

/** Bytes of object priors that are kept in memory. */
const maxPriorBytes = 2 ** 28;

/** Which sample each of a file's maps belongs to, in the file's order; undefined for a map of no sample. */
function matched({ path, count, names }: MapSource, { name: benchmark, samples, problems }: Benchmark): (number | undefined)[] {
  if (!names) {
    if (count === samples.length) return samples.map((_, i) => i);
    const unusable = problems.length > 0 ? ` (${problems.length} more are annotated and cannot be used)` : '';
    throw new EvaluationError(
      `${path}: expected ${samples.length} maps, one for each sample of ${benchmark} in the order of the annotations${unusable}, ` +
        `there are ${count}; a .npz file or a folder with the samples' ids as names may have fewer`,
    );
  }
  const indices = new Map(samples.map(({ id }, i) => [clipKey(id), i]));
  const found = names.map((name) => indices.get(clipKey(name)));
  if (!found.some((index) => index !== undefined))
    throw new EvaluationError(
      `${path}: none of its ${count} maps is named like a sample of ${benchmark}: '${names[0]}' is not like '${samples[0]!.id}'`,
    );
  return found;
}

/** The object priors' maps of a file, by sample; matched as `evaluateMaps` does. Throws EvaluationError and MapFileError. */
export async function readPriors(path: string, benchmark: Benchmark): Promise<Map<number, HeatMap>> {
  const source = await openMaps(path);
  try {
    const samples = matched(source, benchmark);
    const priors = new Map<number, HeatMap>();
    let [position, bytes] = [0, 0];
    for await (const map of source.maps()) {
      const index = samples[position++];
      if (index === undefined) continue;
      bytes += map.data.byteLength;
      if (bytes > maxPriorBytes)
        throw new EvaluationError(`${path}: object priors take more than ${maxPriorBytes} bytes; save them smaller, 7 x 7 say`);
      priors.set(index, map);
    }
    return priors;
  } finally {
    await source.close();
  }
}

export interface EvaluateMapsOptions {
  /** The object priors' maps, for evaluators whose protocol has one. */
  priors?: ReadonlyMap<number, HeatMap>;
  /** Threads; when not given as many as there are cores, or none for few maps. */
  threads?: number;
  signal?: AbortSignal;
  onProgress?: (done: number, total: number) => void;
}

/** Fewer maps are scored before threads have started. */
const worthThreads = 1000;
/** Maps that each thread has waiting. */
const ahead = 8;

/**
 * Gives every map of a file to the evaluators, which are of one benchmark. Maps without names are matched by their order and must be as many
 * as the samples; named ones by id (both forms of VGGSound's names are the same), and may be fewer or more: how many belong to no sample is
 * returned. Throws EvaluationError and MapFileError.
 */
export async function evaluateMaps(
  path: string,
  evaluators: readonly [Evaluator, ...Evaluator[]],
  { priors, threads, signal, onProgress }: EvaluateMapsOptions = {},
): Promise<{ unused: number }> {
  const { benchmark } = evaluators[0];
  const source = await openMaps(path);
  const size = threads ?? (source.count < worthThreads ? 0 : availableParallelism());
  const scorings = evaluators.map(({ scoring }) => scoring);
  const pool = size > 0 ? new ScoringPool(size, scorings) : undefined;
  /** Gives a map to every evaluator. */
  const add = async (index: number, map: HeatMap): Promise<void> => {
    const prior = priors?.get(index);
    if (!pool) for (const evaluator of evaluators) await evaluator.add(index, map, prior);
    else {
      const results = pool.score(benchmark.samples[index]!, map, prior);
      await Promise.all(evaluators.map((evaluator, e) => evaluator.record(index, async () => (await results)[e]!)));
    }
  };
  const running = new Set<Promise<void>>();
  try {
    const samples = matched(source, benchmark);
    let [position, done] = [0, 0];
    for await (const map of source.maps()) {
      signal?.throwIfAborted();
      const index = samples[position++];
      const adding = (index === undefined ? Promise.resolve() : add(index, map)).then(() => onProgress?.(++done, source.count));
      const one = adding.finally(() => running.delete(one));
      running.add(one);
      one.catch(() => {}); // Thrown where it is awaited.
      if (running.size > ahead * size) await Promise.race(running);
    }
    await Promise.all(running);
    return { unused: samples.filter((index) => index === undefined).length };
  } finally {
    await pool?.close();
    await Promise.allSettled(running);
    await source.close();
  }
}
