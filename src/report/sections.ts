/** The parts of a report that are made of numbers. */
import { type ComparedScore, compareEvaluations } from '../evaluation/compare.js';
import type { Evaluation, ScoreName } from '../evaluation/evaluation.js';
import { categoryChart, sizeChart, successChart } from './charts.js';
import { isInteractive, percent, scoreTitles } from './columns.js';
import { escapeHtml } from './html.js';
import type { Media } from './media.js';

/** The scores with a card of their own; those of them that there are. */
const cards: readonly ScoreName[] = [
  'cIoU',
  'cIoUAdap',
  'AUC',
  'AUCAdap',
  'IIoU',
  'IIoUAdap',
  'pointing',
  'mIoU',
  'FScore',
  'AP',
];

export const section = (title: string, text: string, ...content: string[]): string =>
  `<section><h2>${escapeHtml(title)}</h2>${text ? `<p class="soft">${escapeHtml(text)}</p>` : ''}${content.join('\n')}</section>`;

export const scoresText = (evaluation: Evaluation): string =>
  `Per cent, with 95 % intervals over pictures.${isInteractive(evaluation) ? '' : ' Every picture has one sound, so IIoU says the same as cIoU.'}`;

export function cardsHtml(evaluations: readonly Evaluation[]): string {
  const [first] = evaluations as [Evaluation];
  const names = cards.filter((name) => first.scores[name] !== undefined && (isInteractive(first) || !name.startsWith('IIoU')));
  const mark = (share: number | undefined, kind: string) =>
    share === undefined ? '' : `<b class="${kind}" style="left:${(100 * share).toFixed(1)}%"></b>`;
  const one = (evaluation: Evaluation, name: ScoreName, i: number) => {
    const score = evaluation.scores[name]!;
    const interval = evaluation.intervals[name];
    const range = interval ? `<small>${interval.map(percent).join(' – ')}</small>` : '';
    const label = evaluations.length > 1 ? `<div class="name">${escapeHtml(evaluation.model)}</div>` : '';
    return `${label}<div class="big">${percent(score)}${range}</div><div class="bar series-${i % 6}"><i style="width:${percent(score)}%"></i>${mark(evaluation.ceiling[name], 'ceiling')}${mark(evaluation.centreBox[name], 'centre')}</div>`;
  };
  const card = (name: ScoreName) =>
    `<div class="card"><h3>${scoreTitles[name]}</h3>${evaluations.map((evaluation, i) => one(evaluation, name, i)).join('')}</div>`;
  return `<div class="cards">${names.map(card).join('\n')}</div>`;
}

export function keyHtml(evaluations: readonly Evaluation[]): string {
  const models = evaluations.map(({ model }, i) => `<span class="series-${i % 6}"><em></em>${escapeHtml(model)}</span>`);
  return `<div class="key">${models.join('')}<span><b></b>ceiling: the best that any map can get</span><span><b class="centre"></b>a box in the centre</span></div>`;
}

export async function chartsHtml(evaluations: readonly Evaluation[]): Promise<string> {
  const chart = (title: string, svg: string, kind = '') => `<figure class="chart${kind}"><h3>${title}</h3>${svg}</figure>`;
  const categories = await categoryChart(evaluations);
  return `<div class="charts">${[
    chart('Success curve', await successChart(evaluations, false)),
    chart('Success curve, adaptive', await successChart(evaluations, true)),
    chart('By size', await sizeChart(evaluations)),
    ...(categories === undefined ? [] : [chart('By category, with the number of samples', categories, ' wide')]),
  ].join('\n')}</div>`;
}

export const differenceText =
  'Differences of the first to the second on the samples that both have, with 95 % intervals; p is that of a paired sign-flip test over pictures.';

export function differenceHtml(first: Evaluation, second: Evaluation): string {
  const rows = Object.entries(compareEvaluations(first, second)).map(([name, { difference, interval, p }]) => {
    const signed = (share: number) => `${share > 0 ? '+' : ''}${percent(share)}`;
    return `<tr><th scope="row">${scoreTitles[name as ComparedScore]}</th><td>${signed(difference)}</td><td>${interval.map(signed).join(' – ')}</td><td>${p < 0.001 ? '&lt; 0.001' : p.toFixed(3)}</td></tr>`;
  });
  return `<div class="scroll"><table><thead><tr><th scope="col">score</th><th scope="col">difference</th><th scope="col">interval</th><th scope="col">p</th></tr></thead><tbody>${rows.join('\n')}</tbody></table></div>`;
}

export function retrievalHtml({ retrieval }: Evaluation): string {
  if (!retrieval) return '';
  const names = ['R@1', 'R@5', 'R@10'] as const;
  const row = (words: string, direction: 'imageToSound' | 'soundToImage') => {
    const cells = names.map((name) => {
      const interval = retrieval.intervals[direction][name].map(percent).join(' – ');
      return `<td>${percent(retrieval[direction][name])}<small>${interval}</small></td>`;
    });
    return `<tr><th scope="row">${words}</th>${cells.join('')}</tr>`;
  };
  const { N, alignment, gap } = retrieval;
  const heads = names.map((name) => `<th scope="col">${name}</th>`).join('');
  return `<div class="scroll"><table><caption>Among ${N}; chance is ${percent(1 / N)} at R@1. Alignment ${alignment.toFixed(3)}, modality gap ${gap.magnitude.toFixed(3)} ± ${gap.deviation.toFixed(3)}.</caption><thead><tr><th scope="col"></th>${heads}</tr></thead><tbody>${row('picture to sound', 'imageToSound')}${row('sound to picture', 'soundToImage')}</tbody></table></div>`;
}

/** Reasons listed one by one at most. */
const listed = 100;

export function missingHtml(evaluations: readonly Evaluation[], unread: Media['problems']): string {
  const missing = evaluations.flatMap(({ missing: list }) => list);
  const ties = evaluations.filter(({ tied }) => tied > 0).map(({ model, tied }) => `${tied} of ${model}`);
  const all = [...missing, ...unread];
  const item = ({ file, reason }: { file: string; reason: string }) => `<li>${escapeHtml(`${file}: ${reason}`)}</li>`;
  const parts = [
    ...(ties.length > 0
      ? [`<p>Maps with equal values at a threshold, where a score can lie above the ceiling: ${escapeHtml(ties.join(', '))}.</p>`]
      : []),
    ...(all.length > 0
      ? [
          `<p>${missing.length} annotated samples were not scored, ${unread.length} files of shown samples could not be read.</p>`,
          `<ul class="missing">${all.slice(0, listed).map(item).join('')}</ul>`,
          ...(all.length > listed ? [`<p class="soft">and ${all.length - listed} more</p>`] : []),
        ]
      : []),
  ];
  return parts.length > 0 ? section('What to know', '', ...parts) : '';
}
