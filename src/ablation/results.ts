/** Every number of an ablation, as plain JSON: the runs' scores, and their means by row. */
import type { Evaluation } from '../evaluation/evaluation.js';
import { cpu, onnxRuntimeVersion } from '../machine.js';
import type { Asked, Subject } from './folder.js';
import type { PlannedTable } from './plan.js';
import { type Row, type TableName, tables } from './tables.js';

/** Scores in the order of the tables' columns, and where an evaluation has them. */
export const shownScores = {
  cIoUAdap: { title: 'cIoU adap.', of: ({ scores, intervals }: Evaluation) => [scores.cIoUAdap, intervals.cIoUAdap] },
  cIoU: { title: 'cIoU', of: ({ scores, intervals }: Evaluation) => [scores.cIoU, intervals.cIoU] },
  IIoUAdap: { title: 'IIoU adap.', of: ({ scores, intervals }: Evaluation) => [scores.IIoUAdap, intervals.IIoUAdap] },
  pointing: { title: 'pointing', of: ({ scores, intervals }: Evaluation) => [scores.pointing, intervals.pointing] },
  imageToSound: {
    title: 'R@1 picture to sound',
    of: ({ retrieval }: Evaluation) => [retrieval?.imageToSound['R@1'], retrieval?.intervals.imageToSound['R@1']],
  },
  soundToImage: {
    title: 'R@1 sound to picture',
    of: ({ retrieval }: Evaluation) => [retrieval?.soundToImage['R@1'], retrieval?.intervals.soundToImage['R@1']],
  },
} as const satisfies Record<
  string,
  { title: string; of: (evaluation: Evaluation) => [score: number | undefined, interval: [number, number] | undefined] }
>;

export type ShownScore = keyof typeof shownScores;
export const shownNames = Object.keys(shownScores) as ShownScore[];

/** One score of a row, a share of 1. */
export interface Spread {
  mean: number;
  /** Standard deviation over the runs, with n - 1; not set for one run. */
  deviation?: number;
  /** Bootstrap interval of 95 % over pictures (over queries for R@1); only for one run. */
  interval?: [number, number];
  runs: number;
}

export type Spreads = Partial<Record<ShownScore, Spread>>;

export interface ResultRow extends Row {
  /** Names of its runs, one for each seed. */
  runs: string[];
  /** By benchmark; empty before a run of it has been scored. */
  scores: Record<string, Spreads>;
}

/** What a run got on one benchmark: an evaluation without its samples. */
type RunScores = Pick<Evaluation, 'N' | 'sounding' | 'missing' | 'scores' | 'intervals' | 'retrieval'>;

export interface Results {
  version: 1;
  date: string;
  machine: { cpu: string; threads?: number };
  versions: Record<string, string>;
  subject: Subject;
  asked: Asked;
  /** What to compare with, by benchmark. */
  references: Record<
    string,
    Pick<Evaluation, 'N' | 'images' | 'protocol' | 'ceiling' | 'centreBox' | 'wholeImage'> & {
      missing: number;
      untrained: Spreads;
    }
  >;
  tables: { name: TableName; title: string; about: string; columns: readonly string[]; rows: ResultRow[] }[];
  /** By name, then by benchmark. */
  runs: Record<string, Record<string, RunScores>>;
}

/** By the name of the run, then by the label of the benchmark. */
export type Evaluations = ReadonlyMap<string, ReadonlyMap<string, Evaluation>>;

/** The mean over runs of each score that they have. */
export function spreadsOf(evaluations: readonly Evaluation[]): Spreads {
  const spreads: Spreads = {};
  for (const name of shownNames) {
    const found = evaluations.flatMap((evaluation) => {
      const [score, interval] = shownScores[name].of(evaluation);
      return score === undefined || Number.isNaN(score) ? [] : [{ score, interval }];
    });
    const values = found.map(({ score }) => score);
    if (values.length === 0) continue;
    const mean = values.reduce((sum, v) => sum + v, 0) / values.length;
    const squares = values.reduce((sum, v) => sum + (v - mean) ** 2, 0);
    spreads[name] = {
      mean,
      ...(values.length > 1 ? { deviation: Math.sqrt(squares / (values.length - 1)) } : { interval: found[0]!.interval }),
      runs: values.length,
    };
  }
  return spreads;
}

export interface ResultsOptions {
  subject: Subject;
  asked: Asked;
  planned: readonly PlannedTable[];
  evaluations: Evaluations;
  /** Names of the untrained models, one for each seed. */
  untrained: readonly string[];
  version: string;
  threads?: number;
}

export function resultsOf({ subject, asked, planned, evaluations, untrained, version, threads }: ResultsOptions): Results {
  const labels = subject.benchmarks.map(({ label }) => label);
  const on = (label: string, runs: readonly string[]) => runs.flatMap((run) => evaluations.get(run)?.get(label) ?? []);
  const references: Results['references'] = {};
  for (const label of labels) {
    // The same for every model.
    const [first] = on(label, [...evaluations.keys()]);
    if (!first) continue;
    const { N, images, protocol, ceiling, centreBox, wholeImage, missing } = first;
    const beside = { ceiling, centreBox, wholeImage, untrained: spreadsOf(on(label, untrained)) };
    references[label] = { N, images, missing: missing.length, protocol, ...beside };
  }
  return {
    version: 1,
    date: new Date().toISOString(),
    machine: { cpu: cpu(), threads },
    versions: { earshot: version, node: process.versions.node, 'onnxruntime-node': onnxRuntimeVersion() },
    subject,
    asked,
    references,
    tables: planned.map(({ name, rows }) => {
      const { title, about, columns } = tables[name];
      return {
        name,
        title,
        about,
        columns,
        rows: rows.map(({ runs: planned, ...row }) => {
          const runs = planned.map((run) => run.name);
          const scored = labels.filter((label) => on(label, runs).length > 0);
          return { ...row, runs, scores: Object.fromEntries(scored.map((label) => [label, spreadsOf(on(label, runs))])) };
        }),
      };
    }),
    runs: Object.fromEntries(
      [...evaluations].map(([run, byLabel]) => [run, Object.fromEntries([...byLabel].map(withoutSamples))]),
    ),
  };
}

const withoutSamples = ([label, { N, sounding, missing, scores, intervals, retrieval }]: [string, Evaluation]): [
  string,
  RunScores,
] => [label, { N, sounding, missing, scores, intervals, retrieval }];
