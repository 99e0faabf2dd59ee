/** What `earshot train` does once it knows what is wanted. */
import { existsSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import type { BenchmarkName } from '../datasets/benchmarks/index.js';
import { readBenchmark } from '../datasets/index.js';
import { readPairs } from '../datasets/read.js';
import { DatasetError, type PairSet } from '../datasets/types.js';
import { evaluateModel } from '../evaluation/evaluateModel.js';
import type { Scores } from '../evaluation/evaluation.js';
import { Evaluator } from '../evaluation/evaluator.js';
import { type ProtocolName, protocols } from '../evaluation/protocols.js';
import { hashOfFile } from '../fileHash.js';
import type { Model } from '../localization/model.js';
import { modelLocalizer } from '../localization/modelLocalizer.js';
import { pairsOf } from '../localization/predict.js';
import { type MethodName, methodNames } from '../methods/index.js';
import { loadSafetensors } from '../runtime/safetensors.js';
import { checkConfig, presetConfig, type TrainConfig, type TrainPreset } from '../training/config.js';
import { ConfigError } from '../training/configError.js';
import { holdsRun, type RunDescription, RunError, RunFolder, readDescription } from '../training/runFolder.js';
import { type TrainRecord, train, type Validated } from '../training/train.js';
import { modelFile } from './modelFile.js';
import { Progress } from './progress.js';
import { merged } from './trainOptions.js';

export interface TrainCommand {
  out: string;
  resume?: boolean;
  method: MethodName;
  preset?: TrainPreset;
  config?: string;
  weights?: string;
  skipMissing?: boolean;
  threads?: number;
  checkpointSeconds: number;
  validate?: string;
  validateData?: string;
  validateBenchmark?: BenchmarkName;
  validateProtocol?: ProtocolName;
  validateEvery?: number;
}

const validationBatch = 32;
/** Milliseconds between two notices of a search. */
const searchNotice = 5000;

type Validation = NonNullable<RunDescription['validation']>;

/** What a run has begun with, or a preset, with what is wanted over it. */
function configOf(options: TrainCommand, wanted: unknown, before: RunDescription | undefined): TrainConfig {
  if (before && options.preset === undefined) return checkConfig(merged(before.config, wanted));
  const { method = options.method, epochs } = wanted as { method?: MethodName; epochs?: unknown };
  // What the rest of another method's configuration would be, nobody knows.
  const known = methodNames.find((name) => name === method) ?? options.method;
  const preset = presetConfig(known, options.preset ?? 'laptop', epochs);
  return checkConfig(merged({ ...preset, method }, wanted));
}

export async function runTraining(
  data: string,
  options: TrainCommand,
  { file, given, goOn = '--resume' }: { file: unknown; given: unknown; goOn?: string },
  signal: AbortSignal,
): Promise<void> {
  // Where it is to be, and from what: that is seen at once, and no configuration mends it.
  const isBegun = await holdsRun(options.out, options.resume === true);
  if (options.resume && !isBegun) throw new RunError(`no run in ${options.out} to go on with; to begin one leave --resume out`);
  if (!existsSync(data)) await readPairs(data);
  const before = isBegun ? await readDescription(options.out) : undefined;
  const config = configOf(options, merged(file, given), before);
  const pairs = await readPairs(data);
  checkPairs(data, pairs, options.skipMissing === true);
  if (pairs.pairs.length < config.batch)
    throw new ConfigError(
      `${data}: its ${pairs.pairs.length} pairs are fewer than a batch of ${config.batch}; pass a smaller --batch (at least 2)`,
    );
  const validation = validationIn(options) ?? before?.validation;
  const validating = validation && (await validationOf(validation, options.threads, signal));
  const weights = options.weights === undefined ? undefined : await readWeights(await modelFile(options.weights));
  if (config.batchNorm === 'frozen' && !weights && before?.weights === undefined)
    throw new ConfigError(
      'batchNorm: frozen statistics are those of --weights, and there are none: give some, or train without --freeze-batch-norm',
    );
  const folder = await RunFolder.open(options.out, config, pairs, {
    resume: options.resume,
    weights: weights?.hash ?? before?.weights,
    validation,
  });
  if (!folder.start && before?.weights !== undefined && !weights) {
    folder.release();
    throw new ConfigError(`${options.out} has not begun yet: give it the --weights that it is to begin with again`);
  }
  const progress = new Progress('pairs');
  const started = folder.start?.progress.updates ?? 0;
  const epoch = folder.start?.progress.epoch;
  if (epoch !== undefined && epoch < config.epochs) progress.notice(`going on after update ${started}, in epoch ${epoch + 1}`);
  let records = 0;
  let told = performance.now();
  try {
    const running = train(config, pairs, folder, {
      weights: weights?.tensors,
      ...validating,
      checkpointSeconds: options.checkpointSeconds,
      session: { threads: options.threads },
      signal,
      onBad: ({ file: bad, reason }) => progress.notice(`left out: ${bad}: ${reason}`),
      onSearch: (side, done, total) => {
        if (performance.now() - told < searchNotice) return;
        told = performance.now();
        progress.notice(`looking for similar ${side}s: ${done} of ${total} embedded`);
      },
    });
    for await (const record of running) {
      records++;
      show(record, config.batch, progress);
    }
  } catch (error) {
    await folder.forget();
    if (signal.aborted && folder.saved !== undefined) progress.notice(`saved after update ${folder.saved}; go on with ${goOn}`);
    throw error;
  } finally {
    progress.stop();
    folder.release();
  }
  console.log(
    records === 0 ? `nothing to do: ${options.out} has done its ${config.epochs} epochs` : `the model is ${folder.file('best')}`,
  );
}

/** Throws DatasetError for a list with entries that cannot be used, unless they are to be left out. */
export function checkPairs(data: string, { problems, pairs }: PairSet, skip: boolean): void {
  if (problems.length === 0) return;
  const shown = problems.slice(0, 5).map(({ file, reason }) => `\n  ${file}: ${reason}`);
  const more = problems.length > shown.length ? `\n  and ${problems.length - shown.length} more` : '';
  const what = `${problems.length} of ${problems.length + pairs.length} entries cannot be used`;
  if (!skip)
    throw new DatasetError(data, `${what}; mend the list, or leave them out with --skip-missing:${shown.join('')}${more}`);
  console.error(`${data}: ${what} and are left out:${shown.join('')}${more}`);
}

const percent = (share: number | null): string => (share === null ? '-' : (100 * share).toFixed(1));

function show(record: TrainRecord, batch: number, progress: Progress): void {
  switch (record.kind) {
    case 'step': {
      const { update, updates, loss, terms, epoch } = record;
      const parts = Object.entries(terms).map(([name, value]) => `${name} ${value.toFixed(3)}`);
      const note = `epoch ${epoch + 1}, loss ${loss.toFixed(3)}${parts.length > 0 ? ` (${parts.join(', ')})` : ''}`;
      progress.update(update * batch, updates * batch, note);
      return;
    }
    case 'validation': {
      const scores = Object.entries(record.scores).map(([name, score]) => `${name} ${percent(score)}`);
      progress.notice(`epoch ${record.epoch + 1}: ${scores.join(', ')}${record.best ? ' (best)' : ''}`);
      return;
    }
    case 'search':
      progress.notice(`epoch ${record.epoch + 1}: found similar ${record.side}s in ${record.seconds.toFixed(1)} s`);
  }
}

/** Weights, and a hash of their file: a run goes on only with the ones it began with. */
async function readWeights(path: string) {
  const { tensors } = await loadSafetensors(path);
  return { tensors, hash: await hashOfFile(path) };
}

/** What the best model is chosen by, where a picture has one sound and where it has several. */
const chosenBy = { single: 'cIoUAdap', interactive: 'IIoUAdap' } as const satisfies Record<string, keyof Scores>;

/** By what the command line says that the best model is chosen. Throws ConfigError for parts of it without the annotations. */
function validationIn(options: TrainCommand): Validation | undefined {
  const { validate, validateData, validateBenchmark, validateProtocol, validateEvery } = options;
  if (validate === undefined) {
    const parts = {
      'validate-data': validateData,
      'validate-benchmark': validateBenchmark,
      'validate-protocol': validateProtocol,
    };
    const [alone] = Object.entries({ ...parts, 'validate-every': validateEvery }).find(([, value]) => value !== undefined) ?? [];
    if (alone !== undefined) throw new ConfigError(`--${alone} is of a validation, and there is none: give --validate too`);
    return undefined;
  }
  return {
    annotations: resolve(validate),
    data: resolve(validateData ?? dirname(validate)),
    benchmark: validateBenchmark ?? 'world',
    protocol: validateProtocol ?? 'sslalign',
    every: validateEvery ?? 1,
  };
}

/** What is told of a validation. */
const toldScores = ['cIoU', 'cIoUAdap', 'IIoUAdap', 'pointing'] as const satisfies readonly (keyof Scores)[];

async function validationOf(
  { annotations, data, benchmark: name, protocol, every }: Validation,
  threads: number | undefined,
  signal: AbortSignal,
) {
  const benchmark = await readBenchmark(name as BenchmarkName, { annotations, data, signal });
  const validate = async (model: Model): Promise<Validated> => {
    const localizer = await modelLocalizer(model, { batch: validationBatch, threads });
    try {
      const evaluator = new Evaluator(benchmark, protocols[protocol as ProtocolName], model.method);
      await evaluateModel(localizer, [evaluator], { signal });
      const { scores, ceiling, images, singleImages } = evaluator.result();
      const score = scores[images > singleImages ? chosenBy.interactive : chosenBy.single];
      // One that no map can get says nothing of the model.
      const told = toldScores.filter((one) => ceiling[one] !== 0);
      return { score: score ?? 0, scores: Object.fromEntries(told.map((one) => [one, scores[one]])) };
    } finally {
      await localizer.release();
    }
  };
  return { validation: { every, validate }, calibration: pairsOf(benchmark) };
}
