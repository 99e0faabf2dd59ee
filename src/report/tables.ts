/** Evaluations as a table, with what papers report beside them. */
import type { Evaluation, ScoreName, Scores } from '../evaluation/evaluation.js';
import type { Protocol } from '../evaluation/protocol.js';
import { type PublishedRow, publishedRows } from '../evaluation/published.js';
import { percent, scoreTitles, shownScores } from './columns.js';
import { escapeHtml } from './html.js';

export const tableFormats = ['markdown', 'latex', 'csv', 'html'] as const;
export type TableFormat = (typeof tableFormats)[number];

export interface TableOptions {
  format: TableFormat;
  /** Whether rows of papers are in it. */
  published: boolean;
}

type Kind = 'measured' | 'published' | 'ceiling' | 'baseline';

interface Line {
  kind: Kind;
  label: string;
  benchmark: string;
  protocol: string;
  N?: number;
  scores: Partial<Scores>;
  intervals?: Evaluation['intervals'];
}

/** What is under one protocol, measured on the same samples. */
interface Block {
  benchmark: string;
  protocol: string;
  lines: Line[];
}

/** The name of a protocol, and what was changed of it. */
const protocolName = ({
  name,
  objectPrior,
  groupBy,
}: Pick<Protocol, 'name' | 'objectPrior'> & Partial<Pick<Protocol, 'groupBy'>>): string =>
  [name, ...(objectPrior ? [`OGL ${objectPrior.alpha}`] : []), ...(groupBy === 'publishedName' ? ['by name'] : [])].join(', ');

const publishedLine = ({ method, paper, benchmark, protocol, objectPrior, trainedOn, scores }: PublishedRow): Line => ({
  kind: 'published',
  label: `${method}${trainedOn === undefined ? '' : `, trained on ${trainedOn}`} (published: ${paper})`,
  benchmark,
  protocol: protocolName({ name: protocol, objectPrior }),
  scores,
});

/** Measured rows of each benchmark, protocol and N together, with their ceiling and baselines; published rows with those of their protocol. */
function blocksOf(evaluations: readonly Evaluation[], published: readonly PublishedRow[]): Block[] {
  const blocks = new Map<string, Block & { first: Evaluation }>();
  for (const evaluation of evaluations) {
    const { benchmark, N, model, scores, intervals } = evaluation;
    const protocol = protocolName(evaluation.protocol);
    const key = JSON.stringify([benchmark, protocol, N, evaluation.ceiling]);
    const block = blocks.get(key) ?? { benchmark, protocol, lines: [], first: evaluation };
    block.lines.push({ kind: 'measured', label: model, benchmark, protocol, N, scores, intervals });
    blocks.set(key, block);
  }
  const left = new Set(published.map(publishedLine));
  const measured = [...blocks.values()].map(({ benchmark, protocol, lines, first }): Block => {
    const own = { benchmark, protocol, N: first.N };
    for (const line of left)
      if (line.benchmark === benchmark && line.protocol === protocol) {
        lines.push(line);
        left.delete(line);
      }
    lines.push(
      { ...own, kind: 'baseline', label: 'centre box', scores: first.centreBox },
      { ...own, kind: 'baseline', label: 'whole image', scores: first.wholeImage },
      { ...own, kind: 'ceiling', label: 'ceiling', scores: first.ceiling },
    );
    return { benchmark, protocol, lines };
  });
  const others = new Map<string, Block>();
  for (const line of left) {
    const key = JSON.stringify([line.benchmark, line.protocol]);
    const block = others.get(key) ?? { benchmark: line.benchmark, protocol: line.protocol, lines: [] };
    block.lines.push(line);
    others.set(key, block);
  }
  return [...measured, ...others.values()];
}

/**
 * One table: rows stand together that were measured on the same samples under the same protocol, with what papers report under it, the ceiling and
 * the baselines; numbers of other protocols follow, each under its own. Per cent, in CSV shares of 1.
 */
export function table(evaluations: readonly Evaluation[], { format, published }: TableOptions): string {
  const benchmarks = [...new Set(evaluations.map(({ benchmark }) => benchmark))];
  const rows = published ? benchmarks.flatMap(publishedRows) : [];
  const names = shownScores(
    evaluations,
    rows.map(({ scores }) => scores),
  );
  return writers[format](blocksOf(evaluations, rows), names);
}

const titlesOf = (names: readonly ScoreName[]) => [
  'benchmark',
  'protocol',
  'model',
  'N',
  ...names.map((name) => scoreTitles[name]),
];
const showN = ({ N }: Line) => (N === undefined ? '' : String(N));

/** A score with its interval. */
function cell({ scores, intervals }: Line, name: ScoreName, show = percent): string {
  const score = show(scores[name]);
  const interval = intervals?.[name];
  return interval ? `${score} [${interval.map(show).join(', ')}]` : score;
}

const cellsOf = (line: Line, names: readonly ScoreName[]) => [
  line.benchmark,
  line.protocol,
  line.label,
  showN(line),
  ...names.map((name) => cell(line, name)),
];

function markdown(blocks: readonly Block[], names: readonly ScoreName[]): string {
  const safe = (text: string) => text.replaceAll(/([\\|`*_~&$<>[\]])/g, '\\$1').replaceAll(/\s+/g, ' ');
  const row = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
  const titles = titlesOf(names);
  const lines = blocks.flatMap(({ lines }) => lines);
  return [
    row(titles),
    row(titles.map((_, i) => (i < 3 ? '---' : '---:'))),
    ...lines.map((line) => {
      const [benchmark, protocol, label, ...rest] = cellsOf(line, names) as [string, string, string, ...string[]];
      const name = line.kind === 'measured' ? `**${safe(label)}**` : safe(label);
      return row([safe(benchmark), safe(protocol), name, ...rest]);
    }),
  ].join('\n');
}

const latexSymbols: Readonly<Record<string, string>> = {
  '\\': '\\textbackslash{}',
  '~': '\\textasciitilde{}',
  '^': '\\textasciicircum{}',
  // In the fonts of LaTeX's default encoding these places hold other symbols.
  '<': '\\textless{}',
  '>': '\\textgreater{}',
  '|': '\\textbar{}',
  '–': '--',
};

function latex(blocks: readonly Block[], names: readonly ScoreName[]): string {
  // An empty line in a name would end the paragraph, which is an error inside of \textbf.
  const safe = (text: string) =>
    text.replaceAll(/\s+/g, ' ').replaceAll(/[\\~^<>|–]|[&%$#_{}]/g, (c) => latexSymbols[c] ?? `\\${c}`);
  const row = (cells: readonly string[]) => `${cells.join(' & ')} \\\\`;
  const body = blocks.map(({ benchmark, protocol, lines }) => [
    `\\multicolumn{${names.length + 2}}{l}{\\textit{${safe(`${benchmark}, protocol ${protocol}`)}}} \\\\`,
    ...lines.map((line) => {
      const scores = names.map((name) => safe(percent(line.scores[name])));
      return row([line.kind === 'measured' ? `\\textbf{${safe(line.label)}}` : safe(line.label), showN(line), ...scores]);
    }),
  ]);
  return [
    '% needs \\usepackage{booktabs}',
    `\\begin{tabular}{l${'r'.repeat(names.length + 1)}}`,
    '\\toprule',
    row(['', 'N', ...names.map((name) => safe(scoreTitles[name]))]),
    ...body.flatMap((lines) => ['\\midrule', ...lines]),
    '\\bottomrule',
    '\\end{tabular}',
  ].join('\n');
}

function csv(blocks: readonly Block[], names: readonly ScoreName[]): string {
  const safe = (text: string) => (/[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);
  const exact = (v: number | null | undefined) => (v === undefined || v === null || Number.isNaN(v) ? '' : String(v));
  const header = [
    'benchmark',
    'protocol',
    'kind',
    'model',
    'N',
    ...names.flatMap((name) => [name, `${name}_low`, `${name}_high`]),
  ];
  const lines = blocks.flatMap(({ lines }) => lines);
  return [
    header,
    ...lines.map((line) => [
      line.benchmark,
      line.protocol,
      line.kind,
      line.label,
      showN(line),
      ...names.flatMap((name) => [line.scores[name], ...(line.intervals?.[name] ?? [undefined, undefined])].map(exact)),
    ]),
  ]
    .map((cells) => cells.map(safe).join(','))
    .join('\r\n');
}

function html(blocks: readonly Block[], names: readonly ScoreName[]): string {
  const score = (line: Line, name: ScoreName) => {
    const interval = line.intervals?.[name];
    const range = interval ? `<small>${interval.map(percent).join(' – ')}</small>` : '';
    return `<td>${percent(line.scores[name])}${range}</td>`;
  };
  const body = blocks.map(
    ({ benchmark, protocol, lines }) => `<tbody>
<tr class="block"><th colspan="${names.length + 2}" scope="rowgroup">${escapeHtml(benchmark)}, protocol ${escapeHtml(protocol)}</th></tr>
${lines
  .map(
    (line) =>
      `<tr class="${line.kind}"><th scope="row">${escapeHtml(line.label)}</th><td>${showN(line)}</td>${names
        .map((name) => score(line, name))
        .join('')}</tr>`,
  )
  .join('\n')}
</tbody>`,
  );
  const titles = names.map((name) => `<th scope="col">${scoreTitles[name]}</th>`).join('');
  return `<table class="scores">
<caption>Per cent, with 95 % intervals. Rows of one block are under one protocol; published rows are the papers' own.</caption>
<thead><tr><th scope="col">model</th><th scope="col">N</th>${titles}</tr></thead>
${body.join('\n')}
</table>`;
}

const writers: Readonly<Record<TableFormat, (blocks: readonly Block[], names: readonly ScoreName[]) => string>> = {
  markdown,
  latex,
  csv,
  html,
};
