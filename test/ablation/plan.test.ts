/** Which runs the tables come to. */
import { describe, expect, it } from 'vitest';
import { baseOf, planTables, runsOf } from '../../src/ablation/plan.js';
import { type TableName, tableNames } from '../../src/ablation/tables.js';
import { presetConfig, type TrainConfig } from '../../src/training/config.js';

const laptop = presetConfig('sslalign', 'laptop');
const withSettings = (settings: object): TrainConfig => ({
  ...laptop,
  settings: { ...(laptop.settings as object), ...settings },
});
const namesOf = (config: TrainConfig, pairs: number, tables: readonly TableName[], seeds = 1) =>
  runsOf(planTables(baseOf(config, pairs), pairs, tables, seeds), seeds).map(({ name }) => name);

describe('the rows', () => {
  it('of components are the eight combinations, all on first', () => {
    const [table] = planTables(baseOf(laptop, 6000), 6000, ['components'], 1);
    expect(
      table!.rows.map(({ cells, runs: [run] }) => {
        const { semantic, multiView, alignment } = run!.config.settings as Record<string, unknown>;
        expect(cells).toEqual([semantic === 'both', multiView, alignment]);
        return cells.map(Number).join('');
      }),
    ).toEqual(['111', '110', '101', '100', '011', '010', '001', '000']);
    expect(table!.rows.map(({ paper }) => paper)).toEqual([0.3994, ...Array(7).fill(undefined)]);
  });

  it('change nothing but what their table is about', () => {
    const base = baseOf(laptop, 6000);
    const varied: Record<TableName, (config: TrainConfig) => TrainConfig> = {
      components: ({ settings, ...c }) => {
        const { semantic, multiView, alignment, ...others } = settings as Record<string, unknown>;
        return { ...c, settings: others };
      },
      modality: ({ settings, ...c }) => ({ ...c, settings: { ...(settings as object), semantic: undefined } }),
      k: ({ neighbours, ...c }) => ({ ...c, neighbours: { ...neighbours, k: 0 } }),
      sampling: ({ neighbours, settings, ...c }) => ({
        ...c,
        neighbours: { ...neighbours, sampling: 'random' },
        settings: { ...(settings as object), semantic: undefined },
      }),
      intra: ({ settings, ...c }) => ({ ...c, settings: { ...(settings as object), intra: undefined } }),
    };
    for (const { name, rows } of planTables(base, 6000, tableNames, 1)) {
      expect(rows.length).toBeGreaterThan(1);
      for (const { runs } of rows) expect(varied[name](runs[0]!.config)).toEqual(varied[name](base));
      // No row is there twice.
      expect(new Set(rows.map(({ runs }) => runs[0]!.name)).size).toBe(rows.length);
    }
  });

  it.each([
    [6000, 20, [10, 20, 30, 100, 500, 750]],
    [144_000, 1000, [10, 30, 100, 500, 1000]],
    [800, 20, [10, 20, 30, 100]],
    [800, 400, [10, 30, 100]],
    [70, 20, [8]],
    [64, 5, [5, 8]],
  ])('of k for %i pairs and k = %i are %j: an eighth of the set at most', (pairs, k, expected) => {
    const base = baseOf({ ...laptop, neighbours: { ...laptop.neighbours, k } }, pairs);
    const [table] = planTables(base, pairs, ['k'], 1);
    expect(table!.rows.map(({ runs }) => runs[0]!.config.neighbours.k)).toEqual(expected);
    expect(table!.rows.map(({ cells }) => Number.parseInt(String(cells[0]), 10))).toEqual(expected);
    // The base's own is among them.
    expect(table!.rows.map(({ runs }) => runs[0]!.name)).toContain('base');
  });

  it('of L_intra have the weight of the configuration, 1 where there is none', () => {
    const weights = (config: TrainConfig) =>
      planTables(baseOf(config, 6000), 6000, ['intra'], 1)[0]!.rows.map(
        ({ runs }) => (runs[0]!.config.settings as { intra: number }).intra,
      );
    expect(weights(laptop)).toEqual([0, 1]);
    expect(weights(withSettings({ intra: 0.25 }))).toEqual([0, 0.25]);
  });
});

describe('the runs', () => {
  it('are one for each configuration, however many rows have it', () => {
    const names = namesOf(laptop, 6000, tableNames);
    expect(names).toEqual([
      'base',
      'alignment-false',
      'multiView-false',
      'alignment-false_multiView-false',
      'semantic-none',
      'alignment-false_semantic-none',
      'multiView-false_semantic-none',
      'alignment-false_multiView-false_semantic-none',
      'semantic-picture',
      'semantic-sound',
      'k-10',
      'k-30',
      'k-100',
      'k-500',
      'k-750',
      'sampling-first',
      'sampling-anchor',
      'intra-1',
    ]);
    const configs = runsOf(planTables(baseOf(laptop, 6000), 6000, tableNames, 1), 1).map(({ config }) => JSON.stringify(config));
    expect(new Set(configs).size).toBe(18);
  });

  it('have the same names in whatever order tables are asked for, and those of the first seed come first', () => {
    expect(namesOf(laptop, 6000, ['intra', 'modality'])).toEqual(namesOf(laptop, 6000, ['modality', 'intra', 'modality']));
    expect(namesOf({ ...laptop, seed: 7 }, 6000, ['intra'], 3)).toEqual([
      'base',
      'intra-1',
      'seed-8',
      'intra-1_seed-8',
      'seed-9',
      'intra-1_seed-9',
    ]);
  });
});

describe('what cannot be', () => {
  it.each<[TrainConfig, TableName, RegExp]>([
    [presetConfig('ezvsl', 'laptop'), 'components', /^method: the tables are of sslalign, got 'ezvsl'/],
    [{ ...laptop, batchNorm: 'frozen' }, 'intra', /^batchNorm: frozen statistics are those of given weights/],
    [{ ...laptop, batch: 6001 }, 'intra', /^batch: 6001 pairs are more than the 6000/],
    [withSettings({ semantic: 'none' }), 'k', /^settings\.semantic: the rows of table 'k' differ in semantic positives/],
    [withSettings({ semantic: 'none' }), 'sampling', /table 'sampling'/],
    [
      withSettings({ intra: 1 }),
      'components',
      /^table 'components', a row with .*"multiView":false.*settings\.intra: compares views/,
    ],
    [{ ...laptop, epochs: 5 }, 'modality', /neighbours\.after: semantic positives would begin after 5 epochs/],
  ])('%#: is said', (config, table, message) => {
    expect(() => planTables(baseOf(config, 6000), 6000, [table], 1)).toThrow(message);
  });

  it('is no matter for tables that do not need it', () => {
    expect(namesOf(withSettings({ semantic: 'none' }), 6000, ['modality', 'intra'])).toEqual([
      'semantic-both',
      'semantic-picture',
      'semantic-sound',
      'base',
      'intra-1',
    ]);
  });
});
