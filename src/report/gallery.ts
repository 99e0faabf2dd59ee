/** Samples to look at and listen to: figures of a report. */
import type { HeatMap } from '../evaluation/heatMap.js';
import type { Run } from '../evaluation/run.js';
import { percent } from './columns.js';
import { escapeHtml } from './html.js';
import type { Media } from './media.js';

/** A run with the maps of the samples that are shown. */
export interface ShownRun {
  run: Run;
  maps: ReadonlyMap<number, HeatMap>;
}

const nothing = (text: string) => `<div class="none">${escapeHtml(text)}</div>`;

/** The picture with the heatmap of sample i over it, or the reason why there is none. */
async function pictureOf({ run, maps }: ShownRun, i: number, media: Media, { withMap = true } = {}): Promise<string> {
  const about = run.media[i]!;
  const { id, category } = run.evaluation.samples[i]!;
  if (!about.picture) return nothing('no picture: evaluate with --data');
  const uri = await media.picture(withMap ? about : { picture: about.picture }, withMap ? maps.get(i) : undefined);
  if (uri === undefined) return nothing('the picture cannot be read');
  const alt = `${category ?? id}${withMap ? ': heatmap over the picture' : ''}`;
  return `<img src="${uri}" alt="${escapeHtml(alt)}" loading="lazy">`;
}

async function playerOf({ run }: ShownRun, i: number, media: Media): Promise<string> {
  const uri = await media.sound(run.media[i]!);
  return uri === undefined ? '' : `<audio controls preload="metadata" src="${uri}"></audio>`;
}

function captionOf({ run }: ShownRun, i: number): string {
  const { id, category, ciou, ciouAdap } = run.evaluation.samples[i]!;
  return `<strong>${escapeHtml(category ?? id)}</strong><br>ciou ${percent(ciou)}, adaptive ${percent(ciouAdap)}`;
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
  const { id, category } = first.run.evaluation.samples[at.first]!;
  const pictures = [await pictureOf(first, at.first, media), await pictureOf(second, at.second, media)];
  const [left, right] = [first.run.evaluation.samples[at.first]!, second.run.evaluation.samples[at.second]!];
  return `<figure title="${escapeHtml(id)}"><div class="pair">${pictures.join('')}</div>${await playerOf(first, at.first, media)}
<figcaption><strong>${escapeHtml(category ?? id)}</strong><br>adaptive ciou ${percent(left.ciouAdap)} (left) and ${percent(right.ciouAdap)} (right)</figcaption></figure>`;
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
  const { samples } = shown.run.evaluation;
  const name = (i: number) => escapeHtml(samples[i]!.category ?? samples[i]!.id);
  const asked = query === 'sound' ? 'this sound' : 'this picture';
  const figures: string[] = [];
  for (const [rank, i] of best.entries()) {
    const picture = await pictureOf(shown, i, media, { withMap: false });
    figures.push(
      `<figure${i === sample ? ' class="right"' : ''}>${picture}<figcaption>${rank + 1}. ${name(i)}</figcaption></figure>`,
    );
  }
  const question =
    query === 'sound' ? await playerOf(shown, sample, media) : await pictureOf(shown, sample, media, { withMap: false });
  return `<div class="picture"><h3>Nearest to ${asked}: ${name(sample)}</h3><div class="nearest"><figure>${question}<figcaption>query</figcaption></figure>${figures.join('')}</div></div>`;
}
