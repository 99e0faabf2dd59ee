/** Rows as a table to read. */
import type { Row } from './benchmark.js';

type Cell = string | number | null | undefined;
const show = (cell: Cell) => (cell === null || cell === undefined ? '-' : String(cell));
const fixed = (x: number | null, digits: number) => x?.toFixed(digits);

const columns: readonly (readonly [title: string, cell: (row: Row) => Cell])[] = [
  ['data', (row) => row.data],
  ['batch', (row) => row.batch],
  ['lowering', (row) => row.lowering],
  ['earshot ms', (row) => fixed(row.oursMs, 1)],
  ['min', (row) => fixed(row.oursMinMs, 1)],
  ['PyTorch ms', (row) => fixed(row.theirsMs, 1)],
  ['min', (row) => fixed(row.theirsMinMs, 1)],
  ['ratio', (row) => fixed(row.ratio, 3)],
  ['by round', (row) => fixed(row.roundRatio, 3)],
  ['pairs/s', (row) => row.pairsPerSecond],
  ['speedup', (row) => fixed(row.speedup ?? null, 2)],
  ['first', (row) => fixed(row.firstSpeedup ?? null, 2)],
  ['later', (row) => fixed(row.laterSpeedup ?? null, 2)],
  ['waits %', (row) => fixed(row.waitShare === undefined ? null : 100 * row.waitShare, 2)],
  ['earshot MB', (row) => row.oursPeakMB],
  ['PyTorch MB', (row) => row.theirsPeakMB],
  ['ratio', (row) => fixed(row.peakMemoryRatio, 2)],
];

/** A line of titles, a line a row, and what they were measured on; columns that no row fills are left out. */
export function table(rows: readonly Row[]): string {
  const [first] = rows;
  if (!first) return 'no rows';
  const filled = columns.filter(([, cell]) => rows.some((row) => show(cell(row)) !== '-'));
  const lines = [filled.map(([title]) => title), ...rows.map((row) => filled.map(([, cell]) => show(cell(row))))];
  const widths = filled.map((_, i) => Math.max(...lines.map((line) => line[i]!.length)));
  const text = lines.map((line) => line.map((cell, i) => cell.padStart(widths[i]!)).join('  '));
  const { name, cpu, threads, rounds, steps, versions } = first;
  const programs = Object.entries(versions).flatMap(([program, version]) => (version === null ? [] : [`${program} ${version}`]));
  const background = Math.max(...rows.map((row) => row.background));
  const footer = [
    `${name}: medians of ${rounds} rounds of ${steps} steps, ${threads} threads`,
    `${cpu}, at most ${(100 * background).toFixed(0)} % in use by others`,
    programs.join(', '),
  ].join('; ');
  return [...text, '', footer].join('\n');
}
