/** The parts of a report that are made of numbers. */
import { type ComparedScore, compareEvaluations } from '../evaluation/compare.js';
import type { Evaluation, ScoreName } from '../evaluation/evaluation.js';
import { categoryChart, ceilingCurve, lossChart, sizeChart, successChart, validationChart } from './charts.js';
import { isInteractive, percent, scoreTitles } from './columns.js';
import { escapeHtml } from './html.js';
import type { Media } from './media.js';
import { modelColour } from './palette.js';
import type { TrainingCurve } from './trainingCurve.js';

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

/** A table that is scrolled where it is wider than the page, by keys too. */
export const scrolled = (label: string, table: string): string =>
  `<div class="scroll" role="region" aria-label="${escapeHtml(label)}" tabindex="0">${table}</div>`;

export const scoresText = (evaluation: Evaluation): string =>
  `Per cent, with 95 % intervals over pictures.${isInteractive(evaluation) ? '' : ' Every picture has one sound, so IIoU says the same as cIoU.'}`;

export function cardsHtml(evaluations: readonly Evaluation[]): string {
  const [first] = evaluations as [Evaluation];
  const there = cards.filter((name) => first.scores[name] !== undefined && (isInteractive(first) || !name.startsWith('IIoU')));
  // A score that no map can get looks as if nothing had been learned.
  const names = there.filter((name) => evaluations.some(({ ceiling }) => ceiling[name] !== 0));
  const without = there.filter((name) => !names.includes(name)).map((name) => scoreTitles[name]);
  const note = without.length > 0 ? `<p class="soft">Without ${without.join(', ')}: no map gets more than 0 here.</p>` : '';
  const mark = (share: number | null | undefined, kind: string) =>
    share === undefined || share === null ? '' : `<b class="${kind}" style="left:${(100 * share).toFixed(1)}%"></b>`;
  const beside = ({ ceiling, centreBox, wholeImage }: Evaluation, name: ScoreName) => {
    const known = [
      ['ceiling', ceiling[name]],
      ['centre box', centreBox[name]],
      ['whole image', wholeImage[name]],
    ] as const;
    const parts = known.flatMap(([what, share]) => (share === undefined ? [] : [`<span>${what} ${percent(share)}</span>`]));
    return `<p class="beside">${parts.join(' ')}</p>`;
  };
  const one = (evaluation: Evaluation, name: ScoreName, i: number) => {
    const score = evaluation.scores[name]!;
    const interval = evaluation.intervals[name];
    const range = interval ? `<small>${interval.map(percent).join(' – ')}</small>` : '';
    const label = evaluations.length > 1 ? `<div class="name">${escapeHtml(evaluation.model)}</div>` : '';
    return `${label}<div class="big">${percent(score)}${range}</div><div class="bar" style="--model:${modelColour(i)}"><i style="width:${(100 * score).toFixed(1)}%"></i>${mark(evaluation.ceiling[name], 'ceiling')}${mark(evaluation.centreBox[name], 'centre')}</div>`;
  };
  const card = (name: ScoreName) => {
    // The same for all models unless they were scored on other samples.
    const texts = evaluations.map((evaluation) => beside(evaluation, name));
    const isShared = new Set(texts).size === 1;
    const parts = evaluations.map((evaluation, i) => `${one(evaluation, name, i)}${isShared ? '' : texts[i]}`);
    return `<div class="card"><h3>${scoreTitles[name]}</h3>${parts.join('')}${isShared ? texts[0] : ''}</div>`;
  };
  return `<div class="cards">${names.map(card).join('\n')}</div>${note}`;
}

const modelsKey = (evaluations: readonly Evaluation[]): string =>
  evaluations.map(({ model }, i) => `<span><em style="--model:${modelColour(i)}"></em>${escapeHtml(model)}</span>`).join('');

export const keyHtml = (evaluations: readonly Evaluation[]): string =>
  `<div class="key">${modelsKey(evaluations)}<span><b></b>ceiling: the best that a map without equal values can get</span><span><b class="centre"></b>a box in the centre</span></div>`;

/** Pixels across: of the page, and of a telephone. */
const [wide, narrow] = [1070, 322];

export async function chartsHtml(evaluations: readonly [Evaluation, ...Evaluation[]]): Promise<string> {
  const chart = (title: string, svg: string, kind = '') => `<figure class="chart${kind}"><h3>${title}</h3>${svg}</figure>`;
  const title = 'By category, with the number of samples';
  const categories = await Promise.all([wide, narrow].map((width) => categoryChart(evaluations, width)));
  const dashed = ceilingCurve(evaluations[0]) ? '<span><s></s>ceiling</span>' : '';
  return `<div class="key">${modelsKey(evaluations)}${dashed}<span><s class="dotted"></s>success</span></div>
<div class="charts">${[
    chart('Success curve', await successChart(evaluations, false)),
    chart('Success curve, adaptive', await successChart(evaluations, true)),
    chart('By size of the object', await sizeChart(evaluations)),
    ...categories.flatMap((svg, i) => (svg === undefined ? [] : [chart(title, svg, i === 0 ? ' wide' : ' narrow')])),
  ].join('\n')}</div>`;
}

/** How the first model learned. */
export async function trainingHtml(curve: TrainingCurve): Promise<string> {
  const chart = (title: string, svg: string) => `<figure class="chart"><h3>${title}</h3>${svg}</figure>`;
  const charts = [chart('Loss', await lossChart(curve))];
  if (curve.validations.length > 1) charts.push(chart('Validation', await validationChart(curve)));
  return `<div class="charts pair">${charts.join('\n')}</div>`;
}

export const differenceText =
  'By how much the first is higher than the second, on the samples that both have, with 95 % intervals; p is that of a paired sign-flip test over pictures.';

export function differenceHtml(first: Evaluation, second: Evaluation): string {
  const rows = Object.entries(compareEvaluations(first, second)).map(([name, { difference, interval, p }]) => {
    const signed = (share: number) => `${share > 0 ? '+' : ''}${percent(share)}`.replace('-', '−');
    return `<tr><th scope="row">${scoreTitles[name as ComparedScore]}</th><td>${signed(difference)}</td><td>${interval.map(signed).join(' to ')}</td><td>${p < 0.001 ? '&lt; 0.001' : p.toFixed(3)}</td></tr>`;
  });
  const heads = ['score', 'difference', 'interval', 'p'].map((title) => `<th scope="col">${title}</th>`).join('');
  return scrolled('Differences', `<table><thead><tr>${heads}</tr></thead><tbody>${rows.join('\n')}</tbody></table>`);
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
  const heads = ['direction', ...names].map((name) => `<th scope="col">${name}</th>`).join('');
  const table = `<table><caption>Among ${N}; chance is ${percent(1 / N)} at R@1. Alignment ${alignment.toFixed(3)}, modality gap ${gap.magnitude.toFixed(3)} ± ${gap.deviation.toFixed(3)}.</caption><thead><tr>${heads}</tr></thead><tbody>${row('picture to sound', 'imageToSound')}${row('sound to picture', 'soundToImage')}</tbody></table>`;
  return scrolled('Retrieval', table);
}

/** Reasons listed one by one at most. */
const listed = 100;

export function missingHtml(evaluations: readonly Evaluation[], unread: Media['problems']): string {
  // Models of one benchmark miss the same files.
  const missing = [
    ...new Map(evaluations.flatMap(({ missing: list }) => list).map((one) => [JSON.stringify(one), one])).values(),
  ];
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
