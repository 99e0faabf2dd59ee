import { describe, expect, it } from 'vitest';
import type { Evaluation } from '../../src/evaluation/evaluation.js';
import { protocols } from '../../src/evaluation/protocols.js';
import { Random } from '../../src/random.js';
import { summary } from '../../src/report/summary.js';
import { benchmarkOf, boxes, evaluateMaps, noiseMap, randomBox } from '../evaluation/scenes.js';

const random = new Random(7);
const annotations = Array.from({ length: 12 }, () => boxes(randomBox(random)));
const maps = annotations.map(() => noiseMap(random));
const measured = await evaluateMaps(benchmarkOf(annotations, { soundsOfAPicture: 2, name: 'is3' }), protocols.sslalign, maps);
const single = await evaluateMaps(benchmarkOf(annotations, { name: 'vggss' }), protocols['sslalign-vggss'], maps);
const show = (share: number) => (100 * share).toFixed(1);

describe('a summary', () => {
  it('has the score, its interval, the ceiling and the baselines of each measure in a line', () => {
    const lines = summary(measured).split('\n');
    expect(lines[0]).toBe('maps on is3: N 12, 6 pictures');
    expect(lines[1]).toContain('protocol sslalign: bilinear with aligned corners to 224 x 224');
    const line = lines.find((text) => text.startsWith('AUC adap.'))!;
    expect(line.split(/\s{2,}/)).toEqual([
      'AUC adap.',
      show(measured.scores.AUCAdap),
      measured.intervals.AUCAdap!.map(show).join(' - '),
      show(measured.ceiling.AUCAdap!),
      show(measured.centreBox.AUCAdap),
      show(measured.wholeImage.AUCAdap),
    ]);
  });

  it('says what is missing, what is tied, and what retrieval found', () => {
    const text = summary({
      ...single,
      tied: 3,
      missing: [{ file: 'a.jpg', reason: 'the picture is not there' }],
      retrieval: {
        N: 12,
        imageToSound: { 'R@1': 0.25, 'R@5': 0.5, 'R@10': 1 },
        soundToImage: { 'R@1': 0, 'R@5': 0.5, 'R@10': 1 },
        intervals: {
          imageToSound: { 'R@1': [0.1, 0.4], 'R@5': [0.2, 0.8], 'R@10': [1, 1] },
          soundToImage: { 'R@1': [0, 0], 'R@5': [0.2, 0.8], 'R@10': [1, 1] },
        },
        alignment: 0.5,
        gap: { magnitude: 0.1, deviation: 0.2 },
      },
    });
    expect(text).toContain('3 maps have equal values at a threshold');
    expect(text).toContain('1 problem in 13 samples:\n  1 x the picture is not there\n    a.jpg');
    expect(text).toContain('picture to sound  R@1 25.0 [10.0, 40.0]  R@5 50.0 [20.0, 80.0]  R@10 100.0 [100.0, 100.0]');
    expect(text).not.toMatch(/^IIoU/m);
  });

  it('says where IIoU says no more than cIoU: in pictures with one sound, grouped by pictures', () => {
    const first = (evaluation: Evaluation) => summary(evaluation).split('\n')[0]!;
    const note = 'with one sound, where IIoU says no more than cIoU';
    expect(first(single)).toBe(`maps on vggss: N 12, 12 pictures, all ${note}`);
    expect(first({ ...measured, singleImages: 2 })).toContain(`6 pictures, 2 of them ${note}`);
    expect(first({ ...single, protocol: { ...single.protocol, groupBy: 'publishedName' } })).not.toContain('IIoU');
  });
});
