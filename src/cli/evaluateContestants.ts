/** What `earshot evaluate` does once it knows what is wanted. */
import { extname, join, resolve } from 'node:path';
import type { BenchmarkName } from '../datasets/benchmarks/index.js';
import { readBenchmark } from '../datasets/index.js';
import { evaluateMaps, readPriors } from '../evaluation/evaluateMaps.js';
import { evaluateModel } from '../evaluation/evaluateModel.js';
import type { Evaluation } from '../evaluation/evaluation.js';
import { EvaluationError, Evaluator } from '../evaluation/evaluator.js';
import { type Embeddings, readEmbeddings } from '../evaluation/maps/embeddings.js';
import type { Protocol } from '../evaluation/protocol.js';
import { defaultProtocol, groupedByName, type ProtocolName, protocols, withObjectPrior } from '../evaluation/protocols.js';
import { openRunFolder, runOf, writeRun } from '../evaluation/run.js';
import type { HeatMap } from '../localization/heatMap.js';
import { loadModel } from '../localization/model.js';
import { modelLocalizer } from '../localization/modelLocalizer.js';
import { onnxLocalizer } from '../localization/onnxLocalizer.js';
import { summary } from '../report/summary.js';
import { type TableFormat, table } from '../report/tables.js';
import { examplesOf } from '../retrieval/nearest.js';
import { retrievalScores } from '../retrieval/scores.js';
import { exitCode } from './exit.js';
import { modelFile } from './modelFile.js';
import { Progress } from './progress.js';

/** What is scored: maps or a model, and the name it has in tables. */
export interface Contestant {
  kind: 'maps' | 'model';
  name: string;
  path: string;
}

export interface EvaluateOptions {
  contestants: readonly Contestant[];
  benchmark: BenchmarkName;
  annotations: string;
  data?: string;
  list?: string;
  extended?: string;
  embeddings: readonly string[];
  picture?: string;
  sound?: string;
  size?: number;
  batch: number;
  threads?: number;
  protocol?: ProtocolName;
  ogl?: string;
  alpha: number;
  groupByName?: boolean;
  json?: boolean;
  format?: TableFormat;
  published: boolean;
  out?: string;
  strict?: boolean;
}

/** What one contestant got, without and with the object prior. */
interface Result {
  plain: Evaluation;
  withPrior?: Evaluation;
}

/** The object that `--json` prints: the scores beside everything else, and those with the object prior under `OGL`. */
function inJson({ plain: { samples: _, scores, ...evaluation }, withPrior }: Result): string {
  const { benchmark, model, protocol, N, ...rest } = evaluation;
  const prior = withPrior && { OGL: { ...withPrior.scores, ceiling: withPrior.ceiling, intervals: withPrior.intervals } };
  return JSON.stringify({ benchmark, model, protocol, N, ...scores, ...rest, ...prior });
}

export async function evaluate(options: EvaluateOptions, signal: AbortSignal): Promise<void> {
  const { contestants, alpha, ogl, out, json, format, strict, published } = options;
  const named = protocols[options.protocol ?? defaultProtocol(options.benchmark)];
  const protocol: Protocol = options.groupByName ? groupedByName(named) : named;
  const benchmark = await readBenchmark(options.benchmark, { ...options, signal });
  const priors = ogl === undefined ? undefined : await readPriors(ogl, benchmark);
  const folders = contestants.map(({ name }) => (out === undefined || contestants.length === 1 ? out : join(out, name)));
  // Before hours of work: a folder that holds something else is an error now.
  for (const folder of folders) if (folder !== undefined) await openRunFolder(folder);

  const results: Result[] = [];
  for (const [i, contestant] of contestants.entries()) {
    const evaluators: [Evaluator, ...Evaluator[]] = [new Evaluator(benchmark, protocol, contestant.name)];
    if (priors) evaluators.push(new Evaluator(benchmark, withObjectPrior(protocol, alpha), `${contestant.name} + OGL`));
    const folder = folders[i];
    // A model's lie in the run's folder, wherever that will be.
    const maps = contestant.kind === 'maps' ? resolve(contestant.path) : 'maps.npy';
    const mapFile = folder && resolve(folder, maps);
    const batch = Math.min(options.batch, Math.max(1, benchmark.samples.length));
    const scored = await score(contestant, evaluators, { ...options, batch }, { priors, mapFile, signal });
    const plain = evaluators[0].result();
    const embeddings = scored ?? (await embeddingsOf(options.embeddings[i], plain));
    if (embeddings) plain.retrieval = await retrievalScores(embeddings, { threads: options.threads });
    results.push({ plain, withPrior: evaluators[1]?.result() });
    if (folder !== undefined)
      await writeRun(folder, { ...runOf(benchmark, plain, maps), retrieval: embeddings && examplesOf(embeddings) });
  }
  const evaluations = results.flatMap(({ plain, withPrior }) => (withPrior ? [plain, withPrior] : [plain]));
  if (json) for (const result of results) console.log(inJson(result));
  else if (format) console.log(table(evaluations, { format, published }));
  else {
    for (const evaluation of evaluations) console.log(`${summary(evaluation)}\n`);
    if (evaluations.length > 1 || published) console.log(table(evaluations, { format: 'markdown', published }));
  }
  if (strict && results.some(({ plain }) => plain.missing.length > 0)) process.exitCode = exitCode.failure;
}

/** Fills the evaluators; resolves to the embeddings of a model that has some. */
async function score(
  { kind, path, name }: Contestant,
  evaluators: [Evaluator, ...Evaluator[]],
  { picture, sound, size, batch, threads }: EvaluateOptions,
  { priors, mapFile, signal }: { priors?: ReadonlyMap<number, HeatMap>; mapFile?: string; signal: AbortSignal },
): Promise<Embeddings | undefined> {
  const progress = new Progress('maps');
  const onProgress = (done: number, total: number) => progress.update(done, total, name);
  const onWarning = (line: string) => progress.notice(line);
  try {
    if (kind === 'maps') {
      const { unused } = await evaluateMaps(path, evaluators, { priors, signal, onProgress });
      if (unused > 0) onWarning(`${path}: ${unused} of its maps belong to no sample of the benchmark and were not used`);
      return undefined;
    }
    const localizer =
      extname(path).toLowerCase() === '.onnx'
        ? await onnxLocalizer(path, { name, picture, sound, batch, threads, onWarning })
        : await modelLocalizer(await loadModel(await modelFile(path)), { name, size, batch, threads, onWarning });
    try {
      return await evaluateModel(localizer, evaluators, { priors, mapFile, signal, onProgress });
    } finally {
      await localizer.release();
    }
  } finally {
    progress.stop();
  }
}

/** Embeddings that were made elsewhere, a row for each sample that was scored. */
async function embeddingsOf(path: string | undefined, { N, benchmark }: Evaluation): Promise<Embeddings | undefined> {
  if (path === undefined) return undefined;
  const embeddings = await readEmbeddings(path);
  const rows = embeddings.image.shape[0]!;
  if (rows !== N)
    throw new EvaluationError(`${path}: expected embeddings of the ${N} scored samples of ${benchmark}, got ${rows}`);
  return embeddings;
}
