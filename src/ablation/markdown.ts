/** An ablation for people. */
import { describeProtocol } from '../evaluation/describe.js';
import { percent } from '../report/columns.js';
import { ablationFiles } from './folder.js';
import type { ResultRow, Results, Spread, Spreads } from './results.js';
import { shownNames, shownScores } from './results.js';

const code = (text: string): string => `\`${text.replaceAll(/[`|\s]/g, ' ')}\``;
const row = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
const cellOf = (cell: boolean | string): string => (typeof cell === 'string' ? cell : cell ? '✓' : '');

/** `82.7 [80.1, 85.0]` for one run; `82.7 ± 1.2` for all of several, and how many where some have not been scored yet. */
function scoreCell(spread: Spread | undefined, seeds: number): string {
  if (!spread) return '–';
  const { mean, deviation, interval, runs } = spread;
  const around = deviation !== undefined ? ` ± ${percent(deviation)}` : interval ? ` [${interval.map(percent).join(', ')}]` : '';
  return `${percent(mean)}${around}${runs < seeds ? ` (${runs} of ${seeds})` : ''}`;
}

const scoreCells = (spreads: Spreads | undefined, seeds: number) => shownNames.map((name) => scoreCell(spreads?.[name], seeds));
const scoreTitles = shownNames.map((name) => shownScores[name].title);

/** A Markdown table; text to the left, numbers to the right. */
const table = (words: readonly string[], numbers: readonly string[], rows: readonly (readonly string[])[]): string[] => [
  row([...words, ...numbers]),
  row([...words.map(() => '---'), ...numbers.map(() => '---:')]),
  ...rows.map(row),
];

function referenceTable({ references, asked }: Results, label: string): string[] {
  const { ceiling, centreBox, untrained, N } = references[label]!;
  const plain = (scores: typeof ceiling, retrieval = '–') => [
    ...(['cIoUAdap', 'cIoU', 'IIoUAdap', 'pointing'] as const).map((name) => percent(scores[name])),
    retrieval,
    retrieval,
  ];
  return table([''], scoreTitles, [
    ['untrained', ...scoreCells(untrained, asked.seeds)],
    ['a box in the centre', ...plain(centreBox)],
    ['chance', ...plain({}, percent(1 / N))],
    ['the best that maps can get', ...plain(ceiling)],
  ]);
}

function ablationTable({ tables, asked }: Results, index: number, label: string): string[] {
  const { title, about, columns, rows } = tables[index]!;
  const hasPaper = rows.some(({ paper }) => paper !== undefined);
  const cells = ({ cells, scores, paper }: ResultRow) => [
    ...cells.map(cellOf),
    ...scoreCells(scores[label], asked.seeds),
    ...(hasPaper ? [paper === undefined ? '' : (100 * paper).toFixed(2)] : []),
  ];
  const numbers = [...scoreTitles, ...(hasPaper ? ['paper (VGG-SS, cIoU)'] : [])];
  return [`### ${title}`, '', about, '', ...table(columns, numbers, rows.map(cells)), ''];
}

function benchmarkPart(results: Results, label: string): string[] {
  const found = results.references[label];
  const heading = [`## ${code(label)}`, ''];
  if (!found) return [...heading, 'Nothing has been scored yet.', ''];
  const { N, images, protocol, missing } = found;
  return [
    ...heading,
    `N ${N}, ${images} pictures${missing > 0 ? `; ${missing} annotated samples could not be used` : ''}. Protocol ${code(protocol.name)}: ${describeProtocol(protocol)}.`,
    '',
    ...results.tables.flatMap((_, i) => ablationTable(results, i, label)),
    '### To compare with',
    '',
    ...referenceTable(results, label),
    '',
  ];
}

/** The tables of the results, those of each benchmark together, in per cent. Rows that have not been trained yet have dashes. */
export function ablationMarkdown(results: Results): string {
  const { date, machine, versions, subject, asked } = results;
  const { config, data } = subject;
  const seeds = asked.seeds === 1 ? `seed ${config.seed}` : `seeds ${config.seed} to ${config.seed + asked.seeds - 1}`;
  const around =
    asked.seeds === 1
      ? 'in brackets 95 % intervals over pictures, for R@1 over queries'
      : `means over ${asked.seeds} runs, ± their standard deviation`;
  const made = Object.entries(versions).map(([name, version]) => `${name} ${version}`);
  return [
    '# Ablation of sslalign',
    '',
    `Trained on ${code(data.name)} (${data.pairs} pairs), ${config.epochs} ${config.epochs === 1 ? 'epoch' : 'epochs'} in batches of ${config.batch}, ${seeds}; the model after the last epoch. All of the configuration and every number are in ${code(ablationFiles.numbers)}.`,
    `Per cent; ${around}. ${date.slice(0, 10)}, ${machine.cpu}, ${made.join(', ')}.`,
    '',
    ...subject.benchmarks.flatMap(({ label }) => benchmarkPart(results, label)),
  ].join('\n');
}
