/** Evaluations as one page that needs nothing else: no scripts, no requests. */
import { isDeepStrictEqual } from 'node:util';
import { describeProtocol } from '../evaluation/describe.js';
import type { Evaluation } from '../evaluation/evaluation.js';
import { EvaluationError } from '../evaluation/evaluator.js';
import type { Run } from '../evaluation/run.js';
import { choose, mostDifferent } from './chosen.js';
import { interactivePanel, pairFigure, retrievalRow, type ShownRun, sampleFigure } from './gallery.js';
import { escapeHtml } from './html.js';
import { Media, mapsOf } from './media.js';
import {
  cardsHtml,
  chartsHtml,
  differenceHtml,
  differenceText,
  keyHtml,
  missingHtml,
  retrievalHtml,
  scoresText,
  scrolled,
  section,
  trainingHtml,
} from './sections.js';
import { style } from './style.js';
import { table } from './tables.js';
import type { TrainingCurve } from './trainingCurve.js';

export interface ReportOptions {
  /** Of the page; made of models and benchmark when not given. */
  title?: string;
  /** How the first model learned. */
  training?: TrainingCurve;
  signal?: AbortSignal;
}

/**
 * The page of some runs, which are of one benchmark under one protocol: scores with intervals, ceilings and baselines, tables, curves, success by
 * size and category, the best and the worst samples with heatmaps and players, all sounds of a picture side by side, and for two runs
 * the samples on which they differ most and whether the difference is luck. What could not be read is said in the page and returned.
 * Throws EvaluationError for runs of several benchmarks or protocols, MapFileError when a file of maps is gone.
 */
export async function reportPage(
  given: readonly [Run, ...Run[]],
  { title, training, signal }: ReportOptions = {},
): Promise<{ html: string; problems: Media['problems'] }> {
  for (const { evaluation } of given) checkComparable(given[0].evaluation, evaluation);
  const runs = toldApart(given);
  const [first] = runs;
  const evaluations = runs.map(({ evaluation }) => evaluation) as [Evaluation, ...Evaluation[]];
  const chosen = choose(first);
  const different = runs[1] ? mostDifferent(first, runs[1]) : [];
  const needed = [...chosen.best, ...chosen.worst, ...chosen.interactive.flat(), ...different.map((at) => at.first)];
  const shown: ShownRun = { run: first, maps: await mapsOf(first, new Set(needed)) };
  signal?.throwIfAborted();
  const second = runs[1] && { run: runs[1], maps: await mapsOf(runs[1], new Set(different.map((at) => at.second))) };
  const media = new Media();

  const figures = async (list: readonly number[]) => {
    const made: string[] = [];
    for (const i of list) {
      signal?.throwIfAborted();
      made.push(await sampleFigure(shown, i, media));
    }
    return `<div class="gallery">${made.join('\n')}</div>`;
  };
  const panels: string[] = [];
  for (const sounds of chosen.interactive) panels.push(await interactivePanel(shown, sounds, media));
  const pairs: string[] = [];
  if (second) for (const at of different) pairs.push(await pairFigure([shown, second], at, media));
  const retrieval: string[] = [];
  for (const example of first.retrieval ?? []) retrieval.push(await retrievalRow(shown, example, media));
  const of = evaluations.length > 1 ? ` of ${first.evaluation.model}` : '';

  const sections = [
    section('Scores', scoresText(first.evaluation), cardsHtml(evaluations), keyHtml(evaluations)),
    section('Beside other numbers', '', scrolled('Scores', table(evaluations, { format: 'html', published: true }))),
    training &&
      section(
        evaluations.length > 1 ? `How ${first.evaluation.model} learned` : 'How it learned',
        `${training.steps.length} updates from unlabelled pairs.`,
        await trainingHtml(training),
      ),
    evaluations[1] && section('Is the difference luck?', differenceText, differenceHtml(evaluations[0], evaluations[1])),
    section(
      'How well it is found',
      'Share of samples that reach a ciou, at the threshold of the protocol and with as many pixels as the object has.',
      await chartsHtml(evaluations),
    ),
    panels.length > 0 &&
      section(
        `One picture, several sounds${of}`,
        'The map has to move with the sound. From the best found picture to the worst.',
        legend,
        `<div class="panels">${panels.join('\n')}</div>`,
      ),
    section(
      `Best${of}`,
      'By adaptive ciou, one sample of a picture. The outline is the annotation.',
      legend,
      await figures(chosen.best),
    ),
    section(`Worst${of}`, '', await figures(chosen.worst)),
    pairs.length > 0 &&
      section('Most different', 'Each model with its adaptive ciou.', `<div class="gallery pairs">${pairs.join('\n')}</div>`),
    first.evaluation.retrieval &&
      section(`Retrieval${of}`, 'The right partner is framed.', retrievalHtml(first.evaluation), ...retrieval),
    missingHtml(evaluations, media.problems),
  ];
  return { html: document(title ?? titleOf(evaluations), first, sections.filter(Boolean).join('\n')), problems: media.problems };
}

function checkComparable(one: Evaluation, other: Evaluation): void {
  const settings = ({ protocol: { source: _, ...rest } }: Evaluation) => rest;
  const isOne = one.benchmark === other.benchmark && isDeepStrictEqual(settings(one), settings(other));
  if (isOne) return;
  // Two protocols of one name differ in what the words say.
  const name = ({ protocol }: Evaluation) =>
    one.protocol.name === other.protocol.name && one.benchmark === other.benchmark
      ? `${protocol.name} (${describeProtocol(protocol)})`
      : protocol.name;
  throw new EvaluationError(
    `a report is of one benchmark and one protocol: '${one.model}' is on ${one.benchmark} under ${name(one)}, ` +
      `'${other.model}' on ${other.benchmark} under ${name(other)}`,
  );
}

/** Runs whose models have different names: a second of the same name gets a number. */
function toldApart(runs: readonly [Run, ...Run[]]): [Run, ...Run[]] {
  const names = runs.map(({ evaluation }) => evaluation.model);
  return runs.map((run, i) => {
    const earlier = names.slice(0, i).filter((name) => name === names[i]).length;
    const model = earlier > 0 ? `${names[i]} (${earlier + 1})` : names[i]!;
    return { ...run, evaluation: { ...run.evaluation, model } };
  }) as [Run, ...Run[]];
}

const titleOf = ([first, ...others]: readonly [Evaluation, ...Evaluation[]]) =>
  `${[first, ...others].map(({ model }) => model).join(', ')} on ${first.benchmark}`;

const legend =
  '<div class="key"><span>low <span class="legend" role="img" aria-label="colours from low to high"></span> high, each map on its own range</span></div>';

/** A protocol in words, as a page writes them. */
const inWords = (protocol: Evaluation['protocol']): string =>
  escapeHtml(describeProtocol(protocol).replaceAll(' x ', ' × ').replaceAll('>=', '≥'));

function document(title: string, { evaluation, createdAt }: Run, body: string): string {
  const { protocol, N, sounding, images } = evaluation;
  const counts = [`${N} samples`, ...(sounding < N ? [`${sounding} with a source in the picture`] : []), `${images} pictures`];
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; img-src data:; media-src data:; style-src 'unsafe-inline'">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escapeHtml(title)}</title>
<style>${style}</style>
</head>
<body>
<header>
<p class="kicker">earshot</p>
<h1>${escapeHtml(title)}</h1>
<p>${counts.join(', ')}. Protocol <strong>${escapeHtml(protocol.name)}</strong>: ${inWords(protocol)}.</p>
</header>
<main>
${body}
</main>
<footer>Evaluated ${escapeHtml(createdAt.slice(0, 10))} with earshot. Measured under ${escapeHtml(protocol.source)}.</footer>
</body>
</html>
`;
}
