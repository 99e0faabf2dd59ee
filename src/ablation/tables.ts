/** The ablation tables of sslalign as plain values: Senocak et al., ICCV 2023 (arXiv 2309.10724), and its extension (TPAMI 2025). */
import { largestK } from '../training/semanticPositives.js';

/** The part of a configuration that a row replaces; all else is that of the whole ablation. */
export interface Changes {
  settings?: Readonly<Record<string, boolean | number | string>>;
  neighbours?: Readonly<Record<string, number | string>>;
}

export interface Row {
  /** One for each column of the table: what is on, or what was chosen. */
  cells: readonly (boolean | string)[];
  changes: Changes;
  /** The paper's cIoU of this row on VGG-SS, a share of 1, where it was found. */
  paper?: number;
}

/** What rows are made of besides the choices of their table. */
export interface Given {
  /** Weight of L_intra and k in the configuration of the ablation. */
  intra: number;
  k: number;
  /** Pairs of the training set. */
  pairs: number;
}

export interface Table {
  title: string;
  columns: readonly string[];
  /** One line about what the rows are. */
  about: string;
  /** Its rows differ in the semantic positives only, so that these have to be there. */
  needsSemantic?: true;
  rows: (given: Given) => readonly Row[];
}

/** On and off, for each of three: all on first, all off last, the last changing fastest. */
const combinations = [true, false].flatMap((a) => [true, false].flatMap((b) => [true, false].map((c) => [a, b, c] as const)));

/** In the paper. */
const publishedK = [10, 30, 100, 500, 1000];

/** Weight of L_intra where the configuration has none. */
const intraWeight = 1;

export const tables = {
  components: {
    title: 'Components',
    columns: ['semantic positives', 'multi-view', 'feature alignment'],
    about: 'What the positives are besides the pair itself, and whether pictures and sounds are aligned in a space of their own.',
    rows: () =>
      combinations.map(([semantic, multiView, alignment]) => ({
        cells: [semantic, multiView, alignment],
        changes: { settings: { semantic: semantic ? 'both' : 'none', multiView, alignment } },
        // The number beside the authors' published weights; those of the other rows are in the paper only.
        ...(semantic && multiView && alignment && { paper: 0.3994 }),
      })),
  },
  modality: {
    title: 'Modality of the semantic positives',
    columns: ['semantic positives of'],
    about: 'Whose neighbours are further positives.',
    rows: () =>
      [
        ['pictures and sounds', 'both'],
        ['pictures', 'picture'],
        ['sounds', 'sound'],
        ['neither', 'none'],
      ].map(([cell, semantic]) => ({ cells: [cell!], changes: { settings: { semantic: semantic! } } })),
  },
  k: {
    title: 'k',
    columns: ['k'],
    about: 'From how many of the nearest a semantic positive is drawn: those of the paper and the one of this configuration.',
    needsSemantic: true,
    rows: ({ k, pairs }) => {
      const most = largestK(pairs);
      const all = [...new Set([...publishedK, k].map((one) => Math.min(one, most)))].sort((a, b) => a - b);
      return all.map((one) => ({
        cells: [one === most ? `${one} (an eighth of the set, the most)` : String(one)],
        changes: { neighbours: { k: one, sampling: 'random' } },
      }));
    },
  },
  sampling: {
    title: 'Sampling',
    columns: ['semantic positive'],
    about: 'Which of the k nearest is taken.',
    needsSemantic: true,
    rows: () => [
      { cells: ['any of the k nearest'], changes: { neighbours: { sampling: 'random' } } },
      { cells: ['always the nearest'], changes: { neighbours: { sampling: 'first' } } },
      { cells: ['the pair itself, again'], changes: { neighbours: { sampling: 'anchor' } } },
      { cells: ['none'], changes: { settings: { semantic: 'none' } } },
    ],
  },
  intra: {
    title: 'L_intra',
    columns: ['L_intra', 'weight'],
    about: 'A further loss, which compares pictures with pictures and sounds with sounds.',
    rows: ({ intra }) => {
      const weight = intra > 0 ? intra : intraWeight;
      return [
        { cells: [false, ''], changes: { settings: { intra: 0 } } },
        { cells: [true, String(weight)], changes: { settings: { intra: weight } } },
      ];
    },
  },
} as const satisfies Record<string, Table>;

export type TableName = keyof typeof tables;
export const tableNames = Object.keys(tables) as [TableName, ...TableName[]];
