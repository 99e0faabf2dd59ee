/** Several runs of a row as one, and the tables of what has been scored so far. */
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { ablationMarkdown } from '../../src/ablation/markdown.js';
import { baseOf, planTables } from '../../src/ablation/plan.js';
import { type Results, resultsOf, spreadsOf } from '../../src/ablation/results.js';
import type { Evaluation } from '../../src/evaluation/evaluation.js';
import { presetConfig } from '../../src/training/config.js';
import { scratchFolders } from '../datasets/scratch.js';
import { writeScenes, writeScenesRun } from '../report/runs.js';

const newFolder = scratchFolders();
let evaluations: Evaluation[];
beforeAll(async () => {
  const folder = newFolder();
  const annotations = await writeScenes(folder, 6);
  const made = [0.2, 0.5, 1].map((skill, i) => writeScenesRun(annotations, join(folder, `run${i}`), `model ${i}`, skill));
  evaluations = (await Promise.all(made)).map(({ evaluation }) => evaluation);
});

describe('the spread', () => {
  it('of several runs is their mean and standard deviation', () => {
    const [a, b, c] = evaluations.map(({ scores }) => scores.pointing) as [number, number, number];
    expect(new Set([a, b, c]).size).toBeGreaterThan(1);
    const { pointing } = spreadsOf(evaluations);
    // The variance as half of the mean squared difference of all ordered pairs.
    const variance = ((a - b) ** 2 + (a - c) ** 2 + (b - c) ** 2) / 6;
    expect(pointing!.mean).toBeCloseTo((a + b + c) / 3, 12);
    expect(pointing!.deviation! ** 2).toBeCloseTo(variance, 12);
    expect(pointing).toMatchObject({ runs: 3 });
    expect(pointing).not.toHaveProperty('interval');
  });

  it('of one run has its interval; of none there is nothing, nor of scores that no run has', () => {
    const [{ scores, intervals }] = evaluations as [Evaluation];
    const spreads = spreadsOf(evaluations.slice(0, 1));
    expect(spreads.cIoUAdap).toEqual({ mean: scores.cIoUAdap, interval: intervals.cIoUAdap, runs: 1 });
    expect(spreads).not.toHaveProperty('imageToSound');
    expect(spreadsOf([])).toEqual({});
    // Only the second of two has the score.
    const first = evaluations[0]!;
    const without = { ...first, scores: { ...first.scores, pointing: Number.NaN } };
    const second = evaluations[1]!;
    expect(second.intervals.pointing).not.toEqual(first.intervals.pointing);
    expect(spreadsOf([without, second]).pointing).toEqual({
      mean: second.scores.pointing,
      interval: second.intervals.pointing,
      runs: 1,
    });
  });
});

describe('tables', () => {
  const base = baseOf(presetConfig('sslalign', 'laptop'), 6000);
  /** `intra` with three seeds, of which some runs have been scored. */
  const resultsWith = (scored: Readonly<Record<string, number>>): Results =>
    resultsOf({
      subject: {
        config: base,
        data: { name: 'a|b', pairs: 6000, hash: '' },
        benchmarks: [{ label: 'scenes', name: 'world', protocol: 'sslalign', samples: 12, hash: '' }],
      },
      asked: { tables: ['intra'], seeds: 3 },
      planned: planTables(base, 6000, ['intra'], 3),
      evaluations: new Map(Object.entries(scored).map(([run, i]) => [run, new Map([['scenes', evaluations[i]!]])])),
      untrained: ['untrained', 'untrained_seed-1', 'untrained_seed-2'],
      version: '0',
    });
  const percent = (share: number) => (100 * share).toFixed(1);
  const rowsOf = (text: string) => text.split('\n').filter((line) => line.startsWith('|'));

  it('have dashes for what has not been scored, and say how many of the runs have', () => {
    const results = resultsWith({ base: 0, 'seed-1': 1, untrained: 2 });
    const rows = rowsOf(ablationMarkdown(results));
    const { mean, deviation } = results.tables[0]!.rows[0]!.scores.scenes!.cIoUAdap!;
    expect(rows[2]).toContain(`|  |  | ${percent(mean)} ± ${percent(deviation!)} (2 of 3) |`);
    expect(rows[3]).toBe('| ✓ | 1 | – | – | – | – | – | – |');
    const { scores, intervals, centreBox } = evaluations[2]!;
    const [low, high] = intervals.cIoUAdap!.map(percent);
    expect(rows.find((line) => line.startsWith('| untrained'))).toContain(
      `| ${percent(scores.cIoUAdap)} [${low}, ${high}] (1 of 3) |`,
    );
    expect(rows.find((line) => line.startsWith('| a box'))).toContain(
      `| ${percent(centreBox.cIoUAdap)} | ${percent(centreBox.cIoU)} |`,
    );
  });

  it('are whole with all runs, each line with as many cells', () => {
    const names = ['base', 'intra-1', 'seed-1', 'intra-1_seed-1', 'seed-2', 'intra-1_seed-2'];
    const text = ablationMarkdown(resultsWith(Object.fromEntries(names.map((name, i) => [name, i % 3]))));
    const [title, line, ...rows] = rowsOf(text);
    const cells = (row: string) => row.split(' | ').length;
    expect(new Set([title!, line!, rows[0]!, rows[1]!].map(cells))).toEqual(new Set([8]));
    expect(rows[0]).not.toMatch(/of 3/);
    expect(text).toContain('seeds 0 to 2');
    expect(text).toContain('`a b`');
  });

  it('say so when there is nothing yet', () => {
    const text = ablationMarkdown(resultsWith({}));
    expect(text).toContain('Nothing has been scored yet.');
    expect(rowsOf(text)).toEqual([]);
  });
});
