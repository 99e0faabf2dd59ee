/** What models got on the benchmarks: each is scored once. */
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { evaluateModel } from '../evaluation/evaluateModel.js';
import type { Evaluation } from '../evaluation/evaluation.js';
import { Evaluator } from '../evaluation/evaluator.js';
import { protocols } from '../evaluation/protocols.js';
import { readRun, runOf, writeRun } from '../evaluation/run.js';
import { hashOfFile } from '../fileHash.js';
import { loadModel } from '../localization/model.js';
import { modelLocalizer } from '../localization/modelLocalizer.js';
import { makeFolder } from '../makeFolder.js';
import { examplesOf } from '../retrieval/nearest.js';
import { retrievalScores } from '../retrieval/scores.js';
import { writeWhole } from '../wholeFile.js';
import { AblationError, type Scored } from './folder.js';

const batch = 32;

/** Beside the scores: the SHA-256 of the model's file. */
const hashFile = 'model.sha256';

interface ScoreOptions {
  threads?: number;
  signal: AbortSignal;
}

/** `NAME/BENCHMARK/` below a folder, each as "earshot evaluate --out" leaves it, for "earshot report". */
export class Scores {
  readonly #found = new Map<string, Map<string, Evaluation>>();

  private constructor(
    private readonly folder: string,
    private readonly scored: readonly Scored[],
  ) {}

  /**
   * Reads the evaluations that there are. `models` are the files that each may be of, by its name; one whose files are all gone is taken as it is.
   * Throws EvaluationError for damaged ones, AblationError for some of something else.
   */
  static async open(folder: string, scored: readonly Scored[], models: ReadonlyMap<string, readonly string[]>): Promise<Scores> {
    const scores = new Scores(folder, scored);
    for (const [name, files] of models)
      for (const one of scored) {
        const path = scores.#path(name, one);
        if (!existsSync(join(path, 'evaluation.json'))) continue;
        const { evaluation } = await readRun(path);
        if (evaluation.benchmark !== one.benchmark.name || evaluation.protocol.name !== one.protocol)
          throw new AblationError(
            `${path}: expected scores on ${one.benchmark.name} under ${one.protocol}, they are on ${evaluation.benchmark} under ${evaluation.protocol.name}; delete it to have them made again`,
          );
        await checkModel(path, files);
        scores.#keep(name, one, evaluation);
      }
    return scores;
  }

  /** By the name of the model, then by the label of the benchmark. */
  get evaluations(): ReadonlyMap<string, ReadonlyMap<string, Evaluation>> {
    return this.#found;
  }

  /** Whether a model has been scored on every benchmark. */
  has(name: string): boolean {
    return this.scored.every(({ label }) => this.#found.get(name)?.has(label));
  }

  /** Scores the model in `file`, retrieval included, where it has not been. Throws what the model and the evaluation throw, and the signal's reason. */
  async make(name: string, file: string, { threads, signal }: ScoreOptions): Promise<void> {
    if (this.has(name)) return;
    const localizer = await modelLocalizer(await loadModel(file), { name, batch, threads });
    try {
      for (const one of this.scored) {
        if (this.#found.get(name)?.has(one.label)) continue;
        const path = this.#path(name, one);
        await makeFolder(path);
        const evaluator = new Evaluator(one.benchmark, protocols[one.protocol], name);
        const maps = 'maps.npy';
        const embeddings = await evaluateModel(localizer, [evaluator], { mapFile: join(path, maps), signal });
        const evaluation = evaluator.result();
        if (embeddings) evaluation.retrieval = await retrievalScores(embeddings, { threads });
        await writeWhole(join(path, hashFile), `${await hashOfFile(file)}\n`);
        await writeRun(path, { ...runOf(one.benchmark, evaluation, maps), retrieval: embeddings && examplesOf(embeddings) });
        this.#keep(name, one, evaluation);
      }
    } finally {
      await localizer.release();
    }
  }

  #path = (name: string, { label }: Scored): string => join(this.folder, name, label);

  #keep(name: string, { label }: Scored, evaluation: Evaluation): void {
    const byLabel = this.#found.get(name) ?? new Map<string, Evaluation>();
    this.#found.set(name, byLabel.set(label, evaluation));
  }
}

/** Throws AblationError unless the scores in a folder are those of one of the files, where there is any. */
async function checkModel(path: string, files: readonly string[]): Promise<void> {
  const there = files.filter((file) => existsSync(file));
  if (there.length === 0) return;
  const noted = join(path, hashFile);
  const wanted = existsSync(noted) ? (await readFile(noted, 'utf8')).trim() : undefined;
  for (const file of there) if ((await hashOfFile(file)) === wanted) return;
  throw new AblationError(
    `${path}: expected the scores of ${there[0]}, they are of another model; delete it to have them made again`,
  );
}
