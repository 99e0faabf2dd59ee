/** Which scores a table or page shows, under which names. */
import type { Evaluation, ScoreName, Scores } from '../evaluation/evaluation.js';

/** In the order in which they are shown. */
export const scoreTitles: Readonly<Record<ScoreName, string>> = {
  cIoU: 'cIoU',
  cIoUAdap: 'cIoU adap.',
  AUC: 'AUC',
  AUCAdap: 'AUC adap.',
  IIoU: 'IIoU',
  IIoUAdap: 'IIoU adap.',
  IAUC: 'IAUC',
  IAUCAdap: 'IAUC adap.',
  pointing: 'pointing',
  NSA: 'NSA',
  mIoU: 'mIoU',
  mIoUAdap: 'mIoU adap.',
  FScore: 'F-score',
  FScoreAdap: 'F-score adap.',
  AP: 'AP',
  maxF1: 'max F1',
  LocAcc: 'LocAcc',
};

const interactive: readonly string[] = ['IIoU', 'IIoUAdap', 'IAUC', 'IAUCAdap'] satisfies ScoreName[];

/** Whether some picture has several sounds; otherwise IIoU says the same as cIoU. */
export const isInteractive = ({ images, singleImages, protocol }: Evaluation): boolean =>
  singleImages < images || protocol.groupBy === 'publishedName';

/** The scores that any of these has. */
export function shownScores(evaluations: readonly Evaluation[], others: readonly Partial<Scores>[] = []): ScoreName[] {
  const all = [...evaluations.map(({ scores }) => scores), ...others];
  return (Object.keys(scoreTitles) as ScoreName[]).filter(
    (name) =>
      all.some((scores) => scores[name] !== undefined) && (!interactive.includes(name) || evaluations.some(isInteractive)),
  );
}

/** A share as per cent with one decimal; a dash for none, or one that is 0/0. */
export const percent = (share: number | null | undefined): string =>
  share === undefined || share === null || Number.isNaN(share) ? '–' : (100 * share).toFixed(1);
