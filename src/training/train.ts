/** The training loop: an async generator of what happens. */
import { join } from 'node:path';
import { type BadPair, Loader } from '../datasets/loader/loader.js';
import type { Partners } from '../datasets/loader/views.js';
import type { PairSet } from '../datasets/types.js';
import type { Weights } from '../graph/lower/weights.js';
import { calibrate } from '../localization/confidence.js';
import { type Encoder, modelEncoder, onnxEncoder, type Side } from '../localization/encoder.js';
import { type Model, saveModel } from '../localization/model.js';
import { modelLocalizer } from '../localization/modelLocalizer.js';
import type { TrainConfig } from './config.js';
import { ConfigError } from './configError.js';
import { MetricsFile } from './metricsFile.js';
import type { Neighbours } from './neighbours.js';
import { loadNeighbours } from './neighboursFile.js';
import type { Progress, RunFolder } from './runFolder.js';
import { constant, cosine, type Schedule } from './schedule.js';
import { findNeighbours, largestK, partnersOf } from './semanticPositives.js';
import { createStepper, type Stepper } from './stepper.js';
import type { Checkpoint, StepSessionOptions } from './stepSession.js';
import { loaderViews, needsNeighbours, viewPlan, waitsForNeighbours } from './views.js';

export interface StepRecord {
  kind: 'step';
  /** From 0. */
  epoch: number;
  /** Updates done, and those of the whole run. */
  update: number;
  updates: number;
  loss: number;
  /** Parts of the loss, and the norm of the gradient when it is clipped. */
  terms: Readonly<Record<string, number>>;
  learningRate: number;
  /** Pairs a second since the last update. */
  rate: number;
}

export interface ValidationRecord {
  kind: 'validation';
  epoch: number;
  update: number;
  scores: Readonly<Record<string, number | null>>;
  /** Whether no earlier one was better. */
  best: boolean;
}

/** The search for semantic positives, before an epoch. */
export interface SearchRecord {
  kind: 'search';
  epoch: number;
  update: number;
  side: Side;
  seconds: number;
}

export type TrainRecord = StepRecord | ValidationRecord | SearchRecord;

/** What a validation found: `score` decides which model is the best one. */
export interface Validated {
  score: number;
  scores: Readonly<Record<string, number | null>>;
}

export interface TrainOptions extends Pick<StepSessionOptions, 'session'> {
  /** Parameters to begin with, some or all; the others are drawn from the seed. */
  weights?: Weights;
  /** Looks at the model after every so many epochs, and after the last. */
  validation?: { every: number; validate: (model: Model, epoch: number) => Promise<Validated> };
  /** Pairs to which the best model's confidence is fitted; those of the training when not given, where it is surer than it should be. */
  calibration?: PairSet;
  /** Seconds between two checkpoints, besides those after epochs; default 60. */
  checkpointSeconds?: number;
  /** Stops after the step it is in; what was done is saved first. */
  signal?: AbortSignal;
  /** Pairs whose files cannot be used, as they are met. */
  onBad?: (pair: BadPair) => void;
  /** Of searches. */
  onSearch?: (side: Side, done: number, total: number) => void;
}

const searchBatch = 16;

/**
 * Trains, in `folder`, from where it stands to the last epoch. In the folder come `metrics.jsonl`, `first.safetensors` (the model that it begins with),
 * `last.safetensors` (where it goes on after any interruption, bit for bit, on the same machine with the same number of threads) and
 * `best.safetensors` (the model with the best validation, of equal ones the last; without any the one after the last epoch that was completed).
 *
 * Throws ConfigError for a batch larger than the set, or than what of it can be used, NonFiniteLossError, LocalizerError for maps that are not
 * finite, the signal's reason, and what files and sessions throw.
 */
export async function* train(
  config: TrainConfig,
  pairs: PairSet,
  folder: RunFolder,
  options: TrainOptions = {},
): AsyncGenerator<TrainRecord, void> {
  const { batch, epochs, microBatch = batch } = config;
  if (pairs.pairs.length < batch)
    throw new ConfigError(
      `batch: ${batch} pairs are more than the ${pairs.pairs.length} of '${pairs.name}'; expected at most so many`,
    );
  const run = new Run(config, pairs, folder, options);
  try {
    await run.begin();
    for (; run.progress.epoch < epochs; ) yield* run.epoch(microBatch);
  } finally {
    await run.end();
  }
}

/** Replaces the weights that are given. Throws ConfigError for some that the network does not have, or of other shapes. */
async function beginWith(stepper: Stepper, weights: Weights): Promise<void> {
  try {
    await stepper.setWeights({ ...(await stepper.weights()), ...weights });
  } catch (error) {
    throw new ConfigError(
      `weights: they do not fit this network (are its preset and its settings those of theirs?): ${(error as Error).message}`,
      [],
      { cause: error },
    );
  }
}

class Run {
  progress: Progress;
  readonly #updatesPerEpoch: number;
  readonly #schedule: Schedule;
  #metrics: MetricsFile | undefined;
  #stepper: Stepper | undefined;
  #loader: Loader | undefined;
  #neighbours: { readonly [S in Side]?: Neighbours } | undefined;
  #saved = performance.now();

  constructor(
    private readonly config: TrainConfig,
    private readonly pairs: PairSet,
    private readonly folder: RunFolder,
    private readonly options: TrainOptions,
  ) {
    const { batch, epochs, optimizer } = config;
    this.#updatesPerEpoch = Math.floor(pairs.pairs.length / batch);
    const steps = epochs * this.#updatesPerEpoch;
    // Of a set of a few batches a fraction of an epoch may be all of them.
    const warmup = Math.min(Math.round(optimizer.warmup * this.#updatesPerEpoch), steps - 1);
    const warming: Schedule = (step) => Math.min(1, (step + 1) / Math.max(1, warmup));
    this.#schedule = optimizer.schedule === 'cosine' ? cosine({ steps, warmup }) : warmup > 0 ? warming : constant;
    this.progress = folder.start?.progress ?? { epoch: 0, batch: 0, updates: 0, lines: 0, bad: [] };
  }

  async begin(): Promise<void> {
    const { neighbours } = this.progress;
    const read = async (name: string | undefined) =>
      name === undefined ? undefined : (await loadNeighbours(join(this.folder.file('neighbours'), name))).neighbours;
    if (neighbours) this.#neighbours = { picture: await read(neighbours.picture), sound: await read(neighbours.sound) };
    this.#metrics = await MetricsFile.open(this.folder.file('metrics'), this.progress.lines);
    await this.#build(this.folder.start);
    await this.#checkEncoders();
    if (this.folder.start) return;
    await saveModel(this.folder.file('first'), await this.#model());
    await this.#save();
  }

  /** Opens encoders of others: what is wrong with them is said before any work. */
  async #checkEncoders(): Promise<void> {
    const { pictureEncoder, soundEncoder } = this.config.neighbours;
    for (const [side, given] of [
      ['picture', pictureEncoder],
      ['sound', soundEncoder],
    ] as const)
      if (given) await (await this.#encoder(side, given)).release();
  }

  async #encoder(side: Side, given: TrainConfig['neighbours']['pictureEncoder']): Promise<Encoder> {
    const options = { batch: searchBatch, threads: this.options.session?.threads };
    return given
      ? onnxEncoder(given.path, side, { preset: given.preset, ...options })
      : modelEncoder(await this.#model(), side, options);
  }

  async end(): Promise<void> {
    await this.#loader?.close();
    await this.#stepper?.release();
    await this.#metrics?.close();
  }

  /** Whether steps of this epoch have semantic positives: drawn ones come when there are neighbours. */
  get #searches(): boolean {
    return needsNeighbours(this.config) && this.config.neighbours.sampling !== 'anchor';
  }
  get #plan() {
    return viewPlan(this.config, { neighbours: !this.#searches || this.#neighbours !== undefined });
  }

  /** The step and the loader for what is fed now. */
  async #build(from: Checkpoint | undefined): Promise<void> {
    const { config, pairs, options } = this;
    const { batch, microBatch = batch, seed } = config;
    const plan = this.#plan;
    await this.#loader?.close();
    await this.#stepper?.release();
    // The loader needs the cores that idle threads would spin on.
    const session = { spinning: false, ...options.session };
    this.#stepper = await createStepper(config, plan, { seed, session });
    if (from) await this.#stepper.restore(from);
    else if (options.weights) await beginWith(this.#stepper, options.weights);
    this.#loader = new Loader(pairs, { views: loaderViews(config, plan), batch: microBatch, seed, bad: this.progress.bad });
  }

  /** The epoch that it is in, to its end. */
  async *epoch(microBatch: number): AsyncGenerator<TrainRecord, void> {
    const { epoch } = this.progress;
    const { signal } = this.options;
    if (this.progress.batch === 0) yield* this.#search();
    const groups = this.config.batch / microBatch;
    const { sampling } = this.config.neighbours;
    const partners: Partners | undefined =
      this.#neighbours && sampling !== 'anchor'
        ? partnersOf(this.#neighbours, { sampling, seed: this.config.seed, epoch })
        : undefined;
    let last = performance.now();
    let group: Record<string, Weights[string]>[] = [];
    let read = this.progress.batch;
    for await (const { tensors } of this.#loader!.epoch(epoch, { from: read, partners })) {
      read++;
      // The loader writes over its tensors; a whole batch has to be there twice.
      group.push(
        groups === 1
          ? { ...tensors }
          : Object.fromEntries(Object.entries(tensors).map(([name, t]) => [name, { ...t, data: t.data.slice() }])),
      );
      if (group.length < groups) continue;
      const record = await this.#step(group, last);
      this.progress = { ...this.progress, batch: read, updates: record.update };
      group = [];
      last = performance.now();
      await this.#metrics!.write(record);
      this.#tellBad();
      yield record;
      if (signal?.aborted) {
        await this.#save();
        throw signal.reason;
      }
      if (performance.now() - this.#saved > 1000 * (this.options.checkpointSeconds ?? 60)) await this.#save();
    }
    this.#tellBad();
    if (this.progress.batch === 0) {
      const { batch } = this.config;
      const { length } = this.pairs.pairs;
      throw new ConfigError(
        `batch: of the ${length} pairs of '${this.pairs.name}' only ${length - this.progress.bad.length} can be used, fewer than a batch of ${batch}`,
      );
    }
    yield* this.#finishEpoch();
  }

  async #step(batches: Record<string, Weights[string]>[], since: number): Promise<StepRecord> {
    const { config, progress } = this;
    const factor = this.#schedule(progress.updates);
    const { loss, ...terms } = await this.#stepper!.run(batches, { factor });
    return {
      kind: 'step',
      epoch: progress.epoch,
      update: progress.updates + 1,
      updates: config.epochs * this.#updatesPerEpoch,
      loss,
      terms,
      learningRate: config.optimizer.learningRate * factor,
      rate: (1000 * config.batch) / (performance.now() - since),
    };
  }

  #tellBad(): void {
    const known = new Set(this.progress.bad);
    const found = this.#loader!.problems.filter(({ id }) => !known.has(id));
    if (found.length === 0) return;
    for (const pair of found) this.options.onBad?.(pair);
    this.progress = { ...this.progress, bad: [...known, ...found.map(({ id }) => id)] };
  }

  async #save(): Promise<void> {
    await this.folder.save(await this.#stepper!.checkpoint(), { ...this.progress, lines: this.#metrics!.lines });
    this.#saved = performance.now();
  }

  async #model(): Promise<Model> {
    const { method, settings, picture, sound } = this.config;
    return { method, settings, picture, sound, weights: await this.#stepper!.weights() };
  }

  /** What is interrupted between two epochs goes on after the last step. */
  async #orSave<T>(work: Promise<T>): Promise<T> {
    try {
      return await work;
    } catch (error) {
      if (this.options.signal?.aborted) await this.#save();
      throw error;
    }
  }

  /** Writes the best model; with its confidence, which takes a while, where it may be the last that is kept. */
  async #keep(model: Model, more: Record<string, string>, isCalibrated: boolean): Promise<void> {
    if (!isCalibrated) return saveModel(this.folder.file('best'), model, more);
    const { calibration = this.pairs, session, signal } = this.options;
    const localizer = await modelLocalizer(model, { batch: searchBatch, threads: session?.threads });
    try {
      const { confidence } = await calibrate(localizer, calibration, this.config.seed, signal);
      await saveModel(this.folder.file('best'), { ...model, ...(confidence && { confidence }) }, more);
    } finally {
      await localizer.release();
    }
  }

  /** Validates where it is time, keeps the best model, and goes to the next epoch. */
  async *#finishEpoch(): AsyncGenerator<ValidationRecord, void> {
    const { epoch, updates, best } = this.progress;
    const { validation } = this.options;
    const model = await this.#model();
    const more = { epoch: String(epoch + 1) };
    const isTime = validation && ((epoch + 1) % validation.every === 0 || epoch + 1 === this.config.epochs);
    if (isTime) {
      const { score, scores } = await this.#orSave(validation.validate(model, epoch));
      const isBest = best === undefined || score >= best.score;
      if (isBest) await this.#orSave(this.#keep(model, { ...more, scores: JSON.stringify(scores) }, true));
      const record: ValidationRecord = { kind: 'validation', epoch, update: updates, scores, best: isBest };
      await this.#metrics!.write(record);
      if (isBest) this.progress = { ...this.progress, best: { epoch, score } };
      yield record;
    } else if (!validation) await this.#orSave(this.#keep(model, more, epoch + 1 === this.config.epochs));
    this.progress = { ...this.progress, epoch: epoch + 1, batch: 0 };
    await this.#save();
  }

  /** Looks for semantic positives where it is time, and for the first ones builds the step that has them. */
  async *#search(): AsyncGenerator<SearchRecord, void> {
    const { epoch, updates, searched } = this.progress;
    const { neighbours: wanted } = this.config;
    const { after, every } = wanted;
    if (!this.#searches || searched === epoch) return;
    const plan = viewPlan(this.config, { neighbours: true });
    const sides = (['picture', 'sound'] as const).filter((side) => plan[side].includes('neighbour'));
    const encoderOf = (side: Side) => (side === 'picture' ? wanted.pictureEncoder : wanted.soundEncoder);
    // One side is of no use without the other.
    if (epoch < after && waitsForNeighbours(this.config)) return;
    const found: { [S in Side]?: Neighbours } = { ...this.#neighbours };
    const files: { [S in Side]?: string } = { ...this.progress.neighbours };
    let isNew = false;
    for (const side of sides) {
      const given = encoderOf(side);
      // An encoder of its own does not change: once is enough, and there is no need to wait.
      const due = given ? found[side] === undefined : (epoch - after) % every === 0;
      if (!due) continue;
      const begun = performance.now();
      const result = await this.#searchSide(side, given);
      found[side] = result.neighbours;
      files[side] = result.file;
      isNew = true;
      const record: SearchRecord = { kind: 'search', epoch, update: updates, side, seconds: (performance.now() - begun) / 1000 };
      await this.#metrics!.write(record);
      yield record;
    }
    if (!isNew) return;
    const isFirst = this.#neighbours === undefined;
    this.#neighbours = found;
    this.progress = { ...this.progress, neighbours: files, searched: epoch };
    if (isFirst) await this.#build(await this.#stepper!.checkpoint());
    await this.#save();
    await this.folder.keepOnly(this.progress);
  }

  async #searchSide(
    side: Side,
    given: TrainConfig['neighbours']['pictureEncoder'],
  ): Promise<{ neighbours: Neighbours; file: string }> {
    const { session, signal, onSearch } = this.options;
    const encoder = await this.#encoder(side, given);
    try {
      return await findNeighbours(encoder, side, this.pairs, {
        k: Math.min(this.config.neighbours.k, largestK(this.pairs.pairs.length)),
        bad: this.progress.bad,
        threads: session?.threads,
        folder: this.folder.file('neighbours'),
        signal,
        onProgress: (done, total) => onSearch?.(side, done, total),
      });
    } finally {
      await encoder.release();
    }
  }
}
