/** Samples to look at and listen to: figures of a report. */

import type { Run } from '../evaluation/run.js';
import type { HeatMap } from '../localization/heatMap.js';
import { percent } from './columns.js';
import { escapeHtml } from './html.js';
import type { Media } from './media.js';

/** A run with the maps of the samples that are shown. */
export interface ShownRun {
  run: Run;
  maps: ReadonlyMap<number, HeatMap>;
}

const nothing = (text: string) => `<div class="none">${escapeHtml(text)}</div>`;

const nameOf = ({ run }: ShownRun, i: number): string => run.evaluation.samples[i]!.category ?? run.evaluation.samples[i]!.id;

/** The picture with the heatmap of sample i over it, or the reason why there is none. */
async function pictureOf(shown: ShownRun, i: number, media: Media, { withMap = true } = {}): Promise<string> {
  const about = shown.run.media[i]!;
  if (!about.picture) return nothing('no picture: evaluate with --data');
  const uri = await media.picture(withMap ? about : { picture: about.picture }, withMap ? shown.maps.get(i) : undefined);
  if (uri === undefined) return nothing('the picture cannot be read');
  const alt = `${nameOf(shown, i)}${withMap ? ': heatmap over the picture' : ''}`;
  return `<img src="${uri}" alt="${escapeHtml(alt)}" loading="lazy">`;
}

async function playerOf(shown: ShownRun, i: number, media: Media): Promise<string> {
  const about = shown.run.media[i]!;
  if (!about.sound) return '';
  const uri = await media.sound(about);
  if (uri === undefined) return '<p class="silent">the sound cannot be read</p>';
  const label = `Sound: ${nameOf(shown, i)}`;
  return `<audio controls preload="metadata" aria-label="${escapeHtml(label)}" src="${uri}"></audio>`;
}

function captionOf(shown: ShownRun, i: number): string {
  const { ciou, ciouAdap } = shown.run.evaluation.samples[i]!;
  return `<strong>${escapeHtml(nameOf(shown, i))}</strong><br><span>ciou ${percent(ciou)},</span> <span>adaptive ${percent(ciouAdap)}</span>`;
}

/** One sample: heatmap, player, scores. */
export async function sampleFigure(shown: ShownRun, i: number, media: Media): Promise<string> {
  const { id } = shown.run.evaluation.samples[i]!;
  return `<figure title="${escapeHtml(id)}">${await pictureOf(shown, i, media)}${await playerOf(shown, i, media)}
<figcaption>${captionOf(shown, i)}</figcaption></figure>`;
}

/** One sample as two models see it, side by side. */
export async function pairFigure(
  [first, second]: readonly [ShownRun, ShownRun],
  at: { first: number; second: number },
  media: Media,
): Promise<string> {
  const side = async (shown: ShownRun, i: number) => {
    const { model, samples } = shown.run.evaluation;
    const label = `<span>${escapeHtml(model)}</span> <strong>${percent(samples[i]!.ciouAdap)}</strong>`;
    return `<div>${await pictureOf(shown, i, media)}<p>${label}</p></div>`;
  };
  const sides = [await side(first, at.first), await side(second, at.second)];
  return `<figure title="${escapeHtml(first.run.evaluation.samples[at.first]!.id)}"><div class="pair">${sides.join('')}</div>
<figcaption><strong>${escapeHtml(nameOf(first, at.first))}</strong></figcaption>${await playerOf(first, at.first, media)}</figure>`;
}

/** A picture with all of its sounds: a map that does not move with the sound fails here. */
export async function interactivePanel(shown: ShownRun, sounds: readonly number[], media: Media): Promise<string> {
  const figures: string[] = [];
  for (const i of sounds) figures.push(await sampleFigure(shown, i, media));
  const { samples, protocol } = shown.run.evaluation;
  const all = sounds.every((i) => (samples[i]!.ciouAdap ?? -1) >= protocol.successAt);
  return `<div class="picture${sounds.length > 2 ? ' many' : ''}"><h3>${all ? 'All found' : 'Not all found'}</h3><div class="sounds">${figures.join('')}</div></div>`;
}

/** A query and the pictures (or the sounds, shown by their pictures) that are nearest to it; the right one is framed. */
export async function retrievalRow(
  shown: ShownRun,
  { query, sample, best }: NonNullable<Run['retrieval']>[number],
  media: Media,
): Promise<string> {
  const name = (i: number) => escapeHtml(nameOf(shown, i));
  const asked = query === 'sound' ? 'this sound' : 'this picture';
  const figures: string[] = [];
  for (const [rank, i] of best.entries()) {
    const picture = await pictureOf(shown, i, media, { withMap: false });
    const [kind, tick] = i === sample ? [' class="right"', ' <span role="img" aria-label="the partner">✓</span>'] : ['', ''];
    figures.push(`<figure${kind}>${picture}<figcaption>${rank + 1}. ${name(i)}${tick}</figcaption></figure>`);
  }
  const question =
    query === 'sound'
      ? `<div class="ask"><span aria-hidden="true">♪</span>${await playerOf(shown, sample, media)}</div>`
      : await pictureOf(shown, sample, media, { withMap: false });
  return `<div class="picture"><h3>Nearest to ${asked}: ${name(sample)}</h3><div class="nearest"><figure>${question}<figcaption>query</figcaption></figure>${figures.join('')}</div></div>`;
}
