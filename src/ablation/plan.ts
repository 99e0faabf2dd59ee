/** Which runs the tables need: each configuration once, however many rows have it. */
import { z } from 'zod';
import { checkConfig, type TrainConfig } from '../training/config.js';
import { ConfigError } from '../training/configError.js';
import { differences } from '../training/runFolder.js';
import { largestK } from '../training/semanticPositives.js';
import { type Changes, type Row, type Table, type TableName, tableNames, tables } from './tables.js';

export interface PlannedRun {
  /** What its configuration has of its own, as a name for its folder: `semantic-none_seed-1`; `base` for nothing. */
  name: string;
  config: TrainConfig;
}

export interface PlannedRow extends Row {
  /** One for each seed. */
  runs: readonly PlannedRun[];
}

export interface PlannedTable {
  name: TableName;
  rows: readonly PlannedRow[];
}

const ownSettings = z.looseObject({ semantic: z.enum(['both', 'picture', 'sound', 'none']), intra: z.number() });

/**
 * The configuration that all rows of an ablation share: checked, of sslalign, and with the k that a set of so many `pairs` allows. Throws ConfigError.
 */
export function baseOf(value: unknown, pairs: number): TrainConfig {
  const config = checkConfig(value);
  if (config.method !== 'sslalign')
    throw new ConfigError(`method: the tables are of sslalign, got '${config.method}'; train it with "earshot train"`);
  if (pairs < config.batch)
    throw new ConfigError(
      `batch: ${config.batch} pairs are more than the ${pairs} to learn from; pass a smaller --batch (at least 2)`,
    );
  if (config.batchNorm === 'frozen')
    throw new ConfigError('batchNorm: frozen statistics are those of given weights, and the runs begin with none; leave it out');
  return { ...config, neighbours: { ...config.neighbours, k: Math.min(config.neighbours.k, largestK(pairs)) } };
}

/** Names in the order of the table of tables, each once. */
export const inOrder = (names: readonly TableName[]): TableName[] => tableNames.filter((name) => names.includes(name));

/** The tables with their rows, `seeds` runs a row with seeds that follow on each other. Throws ConfigError for a row that cannot be trained. */
export function planTables(base: TrainConfig, pairs: number, names: readonly TableName[], seeds: number): PlannedTable[] {
  const { semantic, intra } = ownSettings.parse(base.settings);
  const given = { intra, k: base.neighbours.k, pairs };
  return inOrder(names).map((name) => {
    const table: Table = tables[name];
    if (table.needsSemantic && semantic === 'none')
      throw new ConfigError(
        `settings.semantic: the rows of table '${name}' differ in semantic positives, and this configuration has none; leave the table or the option out`,
      );
    const rows = table.rows(given).map((row): PlannedRow => {
      const runs = Array.from({ length: seeds }, (_, i) => runOf(base, row.changes, base.seed + i, `table '${name}'`));
      return { ...row, runs };
    });
    return { name, rows };
  });
}

function runOf(base: TrainConfig, { settings, neighbours }: Changes, seed: number, where: string): PlannedRun {
  const changed = {
    ...base,
    settings: { ...(base.settings as object), ...settings },
    neighbours: { ...base.neighbours, ...neighbours },
    seed,
  };
  try {
    const config = checkConfig(changed);
    return { name: nameOf(base, config), config };
  } catch (error) {
    throw new ConfigError(`${where}, a row with ${JSON.stringify(settings ?? neighbours)}: ${(error as Error).message}`, [], {
      cause: error,
    });
  }
}

const valueAt = (value: unknown, path: string): unknown =>
  path.split('.').reduce<unknown>((inner, key) => (inner as Record<string, unknown> | undefined)?.[key], value);

function nameOf(base: TrainConfig, config: TrainConfig): string {
  const parts = differences(base, config).map((path) => `${path.split('.').at(-1)}-${valueAt(config, path)}`);
  return parts.sort().join('_') || 'base';
}

/** The runs of all rows, each once: first those of the first seed in the order of the tables, then those of the next. */
export function runsOf(planned: readonly PlannedTable[], seeds: number): PlannedRun[] {
  const all = Array.from({ length: seeds }, (_, i) => planned.flatMap(({ rows }) => rows.map(({ runs }) => runs[i]!))).flat();
  return [...new Map(all.map((run) => [run.name, run])).values()];
}
