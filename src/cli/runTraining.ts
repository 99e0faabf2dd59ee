/** What `earshot train` does once it knows what is wanted. */
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import type { BenchmarkName } from '../datasets/benchmarks/index.js';
import { readBenchmark } from '../datasets/index.js';
import { readPairs } from '../datasets/read.js';
import { DatasetError, type PairSet } from '../datasets/types.js';
import { evaluateModel } from '../evaluation/evaluateModel.js';
import type { Scores } from '../evaluation/evaluation.js';
import { Evaluator } from '../evaluation/evaluator.js';
import { type ProtocolName, protocols } from '../evaluation/protocols.js';
import type { Model } from '../localization/model.js';
import { modelLocalizer } from '../localization/modelLocalizer.js';
import { pairsOf } from '../localization/predict.js';
import { type MethodName, methodNames } from '../methods/index.js';
import { loadSafetensors } from '../runtime/safetensors.js';
import { ConfigError, checkConfig, presetConfig, type TrainPreset } from '../training/config.js';
import { RunFolder } from '../training/runFolder.js';
import { type TrainRecord, train, type Validated } from '../training/train.js';
import { Progress } from './progress.js';
import { merged } from './trainOptions.js';

export interface TrainCommand {
  out: string;
  resume?: boolean;
  method: MethodName;
  preset: TrainPreset;
  config?: string;
  weights?: string;
  skipMissing?: boolean;
  threads?: number;
  checkpointSeconds: number;
  validate?: string;
  validateData?: string;
  validateBenchmark: BenchmarkName;
  validateProtocol: ProtocolName;
  validateEvery: number;
}

const validationBatch = 32;

export async function runTraining(
  data: string,
  options: TrainCommand,
  { file, given }: { file: unknown; given: unknown },
  signal: AbortSignal,
): Promise<void> {
  const wanted = merged(merged({ method: options.method }, file), given);
  const method = (wanted as { method?: MethodName } | null)?.method;
  // What the rest of another method's configuration would be, nobody knows.
  const preset = presetConfig(methodNames.find((name) => name === method) ?? options.method, options.preset);
  const config = checkConfig(merged(preset, wanted));
  const pairs = await readPairs(data);
  checkPairs(data, pairs, options.skipMissing === true);
  if (pairs.pairs.length < config.batch)
    throw new ConfigError(
      `${data}: its ${pairs.pairs.length} pairs are fewer than a batch of ${config.batch}; pass a smaller --batch`,
    );
  const validating = options.validate === undefined ? undefined : await validationOf(options, signal);
  const weights = options.weights === undefined ? undefined : await readWeights(options.weights);
  if (config.batchNorm === 'frozen' && !weights && !options.resume)
    throw new ConfigError(
      'batchNorm: frozen statistics are those of --weights, and there are none: give some, or train without --freeze-batch-norm',
    );
  const folder = await RunFolder.open(options.out, config, pairs, { resume: options.resume, weights: weights?.hash });
  const progress = new Progress('pairs');
  const started = folder.start?.progress.updates ?? 0;
  if (folder.start) progress.notice(`going on after update ${started}, in epoch ${folder.start.progress.epoch + 1}`);
  let records = 0;
  try {
    const running = train(config, pairs, folder, {
      weights: weights?.tensors,
      ...validating,
      checkpointSeconds: options.checkpointSeconds,
      session: { threads: options.threads },
      signal,
      onBad: ({ file: bad, reason }) => progress.notice(`left out: ${bad}: ${reason}`),
      onSearch: (side, done, total) => {
        if (done === total) progress.notice(`looking for similar ${side}s among ${total} pairs`);
      },
    });
    for await (const record of running) {
      records++;
      show(record, config.batch, progress);
    }
  } catch (error) {
    await folder.forget();
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
function checkPairs(data: string, { problems, pairs }: PairSet, skip: boolean): void {
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
  const hash = createHash('sha256')
    .update(await readFile(path))
    .digest('hex');
  return { tensors, hash };
}

/** What the best model is chosen by, where a picture has one sound and where it has several. */
const chosenBy = { single: 'cIoUAdap', interactive: 'IIoUAdap' } as const satisfies Record<string, keyof Scores>;

async function validationOf(options: TrainCommand, signal: AbortSignal) {
  const { validate: annotations, validateData, validateBenchmark, validateProtocol, validateEvery, threads } = options;
  const benchmark = await readBenchmark(validateBenchmark, {
    annotations: annotations!,
    data: validateData ?? folderOf(annotations!),
    signal,
  });
  const validate = async (model: Model): Promise<Validated> => {
    const localizer = await modelLocalizer(model, { batch: validationBatch, threads });
    try {
      const evaluator = new Evaluator(benchmark, protocols[validateProtocol], model.method);
      await evaluateModel(localizer, [evaluator], { signal });
      const { scores, images, singleImages } = evaluator.result();
      const { cIoU, cIoUAdap, IIoUAdap, pointing } = scores;
      const score = scores[images > singleImages ? chosenBy.interactive : chosenBy.single];
      return { score: score ?? 0, scores: { cIoU, cIoUAdap, IIoUAdap, pointing } };
    } finally {
      await localizer.release();
    }
  };
  return { validation: { every: validateEvery, validate }, calibration: pairsOf(benchmark) };
}

const folderOf = (path: string): string => path.replace(/[^/\\]*$/, '') || '.';
