/** An evaluation for the terminal. */
import { reportOf } from '../datasets/problems.js';
import { describeProtocol } from '../evaluation/describe.js';
import type { Evaluation } from '../evaluation/evaluation.js';
import type { RecallName } from '../metrics/retrieval.js';
import { percent, scoreTitles, shownScores } from './columns.js';

function retrievalLines({ retrieval }: Evaluation): string[] {
  if (!retrieval) return [];
  const { N, intervals, alignment, gap } = retrieval;
  const line = (words: string, direction: 'imageToSound' | 'soundToImage') => {
    const recalls = Object.entries(retrieval[direction]).map(([k, share]) => {
      const interval = intervals[direction][k as RecallName].map(percent);
      return `${k} ${percent(share)} [${interval.join(', ')}]`;
    });
    return `  ${words}  ${recalls.join('  ')}`;
  };
  return [
    `retrieval among ${N} (chance: R@1 ${percent(1 / N)})`,
    line('picture to sound', 'imageToSound'),
    line('sound to picture', 'soundToImage'),
    `  alignment ${alignment.toFixed(3)}, gap ${gap.magnitude.toFixed(3)} +- ${gap.deviation.toFixed(3)}`,
  ];
}

/** Scores in per cent, each with its interval, its ceiling and the two baselines; the protocol, N, and what is missing. No colours. */
export function summary(evaluation: Evaluation): string {
  const { benchmark, model, protocol, N, sounding, images, singleImages, tied, missing } = evaluation;
  const counts = [`N ${N}`];
  if (sounding < N) counts.push(`${sounding} with a source in the picture`);
  counts.push(`${images} pictures`);
  if (protocol.groupBy === 'image' && singleImages > 0)
    counts.push(`${singleImages < images ? `${singleImages} of them` : 'all'} with one sound, where IIoU says no more than cIoU`);
  const rows = [
    ['', 'score', '95 % interval', 'ceiling', 'centre box', 'whole image'],
    ...shownScores([evaluation]).map((name) => {
      const interval = evaluation.intervals[name]?.map(percent).join(' - ') ?? '';
      const beside = [evaluation.ceiling[name], evaluation.centreBox[name], evaluation.wholeImage[name]].map(percent);
      return [scoreTitles[name], percent(evaluation.scores[name]), interval, ...beside];
    }),
  ];
  const widths = rows[0]!.map((_, c) => Math.max(...rows.map((row) => row[c]!.length)));
  const lines = rows.map((row) => row.map((text, c) => (c ? text.padStart(widths[c]!) : text.padEnd(widths[c]!))).join('  '));
  return [
    `${model} on ${benchmark}: ${counts.join(', ')}`,
    `protocol ${protocol.name}: ${describeProtocol(protocol)}`,
    '',
    ...lines.map((line) => line.trimEnd()),
    ...retrievalLines(evaluation),
    ...(tied > 0 ? [`${tied} maps have equal values at a threshold: there a score can lie above the ceiling`] : []),
    ...(missing.length > 0 ? [reportOf(missing, N + missing.length)] : []),
  ].join('\n');
}
