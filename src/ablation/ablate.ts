/** Trains and scores what the tables need, and writes them: what is there already is not done again. */
import { join } from 'node:path';
import type { PairSet } from '../datasets/types.js';
import { takeLock } from '../lock.js';
import { makeFolder } from '../makeFolder.js';
import type { TrainConfig } from '../training/config.js';
import { runFiles } from '../training/runFolder.js';
import type { StepRecord } from '../training/train.js';
import { writeWhole } from '../wholeFile.js';
import { type Asked, ablationFiles, openAblation, type Scored, subjectOf } from './folder.js';
import { ablationMarkdown } from './markdown.js';
import { baseOf, type PlannedRun, planTables, runsOf } from './plan.js';
import { type Results, resultsOf } from './results.js';
import { Scores } from './scores.js';
import { trainRun, viewsIn } from './trainRun.js';

export interface Ablation {
  /** A new or empty folder, or one with an ablation of the same. */
  folder: string;
  /** A whole configuration of sslalign, which is checked here; the tables replace parts of it. */
  config: unknown;
  pairs: PairSet;
  scored: readonly Scored[];
  asked: Asked;
}

export interface AblateOptions {
  /** Of this package. */
  version: string;
  /** Threads of ONNX Runtime. */
  threads?: number;
  signal: AbortSignal;
  /** How many pictures and sounds were learnt from, of those that are left to this call; `note` says in which run. */
  onProgress: (done: number, total: number, note: string) => void;
  onNotice: (line: string) => void;
}

/** The model before training: one for each seed, named as the runs are. */
const untrainedName = (base: TrainConfig, { seed }: Pick<TrainConfig, 'seed'>): string =>
  seed === base.seed ? 'untrained' : `untrained_seed-${seed}`;

/**
 * Makes the tables in `folder`: each configuration is trained once, in a folder of its own below `runs/` where it goes on after any interruption, and
 * scored once on each benchmark, into `scores/`. `ablation.md` and `ablation.json` are written anew after each run; tables that were asked for
 * earlier stay in them. Resolves to what `ablation.json` holds. Throws ConfigError for rows that cannot be trained, AblationError, LockedError, the
 * signal's reason, and what training and evaluation throw.
 */
export async function ablate(ablation: Ablation, options: AblateOptions): Promise<Results> {
  const { folder, pairs, scored, asked } = ablation;
  const count = pairs.pairs.length;
  const base = baseOf(ablation.config, count);
  // A row that makes no sense is an error before anything is written.
  const wanted = runsOf(planTables(base, count, asked.tables, asked.seeds), asked.seeds);
  await makeFolder(folder);
  const unlock = takeLock(join(folder, '.lock'), 'ablation');
  try {
    const subject = subjectOf(base, pairs, scored);
    const all = await openAblation(folder, subject, asked);
    const planned = planTables(base, count, all.tables, all.seeds);
    const untrained = Array.from({ length: all.seeds }, (_, i) => untrainedName(base, { seed: base.seed + i }));
    const runs = runsOf(planned, all.seeds);
    const fileOf = (run: PlannedRun, file: 'best' | 'first') => join(folder, ablationFiles.runs, run.name, runFiles[file]);
    const scores = await Scores.open(
      join(folder, ablationFiles.scores),
      scored,
      new Map<string, readonly string[]>([
        // The first run of a seed that is trained gives its untrained model.
        ...untrained.map((name) => {
          const same = runs.filter(({ config }) => untrainedName(base, config) === name);
          return [name, same.map((run) => fileOf(run, 'first'))] as const;
        }),
        ...runs.map((run) => [run.name, [fileOf(run, 'best')]] as const),
      ]),
    );
    const write = async (): Promise<Results> => {
      const { evaluations } = scores;
      const results = resultsOf({ ...options, subject, asked: all, planned, evaluations, untrained });
      await writeWhole(join(folder, ablationFiles.numbers), `${JSON.stringify(results, null, 2)}\n`);
      await writeWhole(join(folder, ablationFiles.tables), ablationMarkdown(results));
      return results;
    };
    let results = await write();
    const isDone = ({ name, config }: PlannedRun) => scores.has(name) && scores.has(untrainedName(base, config));
    const left = wanted.filter((run) => !isDone(run));
    const work = new Work(left, count, options);
    for (const run of left) {
      const path = join(folder, ablationFiles.runs, run.name);
      const place = `run ${wanted.indexOf(run) + 1} of ${wanted.length}: ${run.name}`;
      await trainRun(path, run.config, pairs, { ...options, ...work.of(run, place) });
      await scores.make(run.name, fileOf(run, 'best'), options);
      await scores.make(untrainedName(base, run.config), fileOf(run, 'first'), options);
      results = await write();
      options.onNotice(`${place}: trained and scored`);
    }
    return results;
  } finally {
    unlock();
  }
}

/** How much of the training is done, over all runs. */
class Work {
  #done = 0;
  #total: number;
  /** Files that were said to be bad: every run meets them again. */
  readonly #bad = new Set<string>();

  constructor(
    runs: readonly PlannedRun[],
    private readonly pairs: number,
    private readonly options: Pick<AblateOptions, 'onProgress' | 'onNotice'>,
  ) {
    this.#total = runs.reduce((sum, { config }) => sum + viewsIn(config, pairs), 0);
  }

  /** What listens to one run. */
  of({ config }: PlannedRun, place: string) {
    const { pairs, options } = this;
    return {
      onStart: (updates: number) => {
        this.#total -= viewsIn(config, pairs, updates);
        if (updates > 0) options.onNotice(`${place}: going on after update ${updates}`);
      },
      onStep: ({ update, epoch, loss }: StepRecord) => {
        this.#done += viewsIn(config, pairs, update) - viewsIn(config, pairs, update - 1);
        options.onProgress(this.#done, this.#total, `${place}, epoch ${epoch + 1} of ${config.epochs}, loss ${loss.toFixed(3)}`);
      },
      onBad: ({ file, reason }: { file: string; reason: string }) => {
        if (!this.#bad.has(file)) options.onNotice(`left out: ${file}: ${reason}`);
        this.#bad.add(file);
      },
    };
  }
}
