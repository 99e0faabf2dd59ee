import { describe, expect, it } from 'vitest';
import { csvRows } from '../../src/datasets/csv.js';
import { benchmarkNames } from '../../src/datasets/index.js';
import { describeProtocol } from '../../src/evaluation/describe.js';
import type { Evaluation } from '../../src/evaluation/evaluation.js';
import { protocolNames, protocols, withObjectPrior } from '../../src/evaluation/protocols.js';
import { publishedRows } from '../../src/evaluation/published.js';
import { Random } from '../../src/random.js';
import { summary } from '../../src/report/summary.js';
import { table } from '../../src/report/tables.js';
import { benchmarkOf, boxes, evaluateMaps, noiseMap, randomBox } from '../evaluation/scenes.js';

const random = new Random(7);
const annotations = Array.from({ length: 12 }, () => boxes(randomBox(random)));
const maps = annotations.map(() => noiseMap(random));
const benchmark = benchmarkOf(annotations, { soundsOfAPicture: 2, name: 'is3' });
const measured = await evaluateMaps(benchmark, protocols.sslalign, maps);
const hostile: Evaluation = { ...measured, model: 'a|b "x", & <i>y_z</i>\n50%' };
const other = await evaluateMaps(benchmark, protocols.avin, maps);
const single = await evaluateMaps(benchmarkOf(annotations, { name: 'vggss' }), protocols['sslalign-vggss'], maps);
const show = (share: number) => (100 * share).toFixed(1);

describe('a table', () => {
  it('has measured rows, the published ones of the same protocol, baselines and the ceiling, together', () => {
    const lines = table([measured], { format: 'markdown', published: true }).split('\n');
    const labels = lines.slice(2).map((line) => line.split(' | ')[2]!);
    expect(labels[0]).toBe('**maps**');
    expect(labels.filter((label) => label.includes('published: Senocak et al., TPAMI 2025'))).toHaveLength(4);
    expect(labels.slice(-3)).toEqual(['centre box', 'whole image', 'ceiling']);
    expect(lines[2]).toContain(`| ${show(measured.scores.cIoU)} [${measured.intervals.cIoU!.map(show).join(', ')}] |`);
  });

  it('names the protocol of each row, and keeps numbers of two protocols apart', () => {
    const lines = table([measured, other], { format: 'csv', published: true }).split('\r\n');
    const protocolsOf = lines.slice(1).map((line) => line.split(',')[1]!);
    expect(protocolsOf).toEqual(protocolsOf.toSorted((a, b) => protocolsOf.indexOf(a) - protocolsOf.indexOf(b)));
    expect(new Set(protocolsOf)).toEqual(new Set(['sslalign', 'avin']));
    expect(lines.filter((line) => line.includes(',ceiling,'))).toHaveLength(2);
  });

  it('says where an object prior is mixed in, or groups are of names', async () => {
    const mixed = await evaluateMaps(benchmark, withObjectPrior(protocols.sslalign, 0.4), maps, maps);
    const text = table([measured, mixed, { ...measured, protocol: { ...measured.protocol, groupBy: 'publishedName' } }], {
      format: 'csv',
      published: false,
    });
    for (const name of ['is3,sslalign,', 'is3,"sslalign, OGL 0.4",', 'is3,"sslalign, by name",']) expect(text).toContain(name);
  });

  it('has IIoU only where a picture has several sounds', () => {
    expect(table([measured], { format: 'markdown', published: false })).toContain('IIoU');
    expect(table([single], { format: 'markdown', published: false })).not.toContain('IIoU');
  });

  it('has IIoU by published names wherever that is asked for', () => {
    const named = { ...single, protocol: { ...single.protocol, groupBy: 'publishedName' as const } };
    expect(table([named], { format: 'markdown', published: false })).toContain('IIoU');
  });

  it('in CSV has every digit, and any name', () => {
    const [header, row] = [...csvRows(table([hostile], { format: 'csv', published: false }), ',')].map(({ fields }) => fields);
    const cell = (name: string) => row![header!.indexOf(name)];
    expect(cell('model')).toBe(hostile.model);
    expect(Number(cell('AUC'))).toBe(measured.scores.AUC);
    expect(Number(cell('AUC_low'))).toBe(measured.intervals.AUC![0]);
    expect(cell('kind')).toBe('measured');
  });

  it('in Markdown, LaTeX and HTML keeps names text', () => {
    const markdown = table([hostile], { format: 'markdown', published: false });
    expect(markdown.split('\n')[2]!.match(/(?<!\\)\|/g)).toHaveLength(markdown.split('\n')[0]!.match(/\|/g)!.length);
    const latex = table([hostile], { format: 'latex', published: false });
    expect(latex).toContain('a|b "x", \\& <i>y\\_z</i>\n50\\%');
    expect(latex).toContain('\\toprule');
    const html = table([hostile], { format: 'html', published: false });
    expect(html).not.toContain('<i>');
    expect(html).toContain('&#60;i&#62;y_z&#60;/i&#62;');
  });
});

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
    expect(text).not.toContain('IIoU');
  });
});

describe('published rows', () => {
  it('are of known benchmarks and protocols, and shares', () => {
    const rows = benchmarkNames.flatMap((name) => publishedRows(name));
    expect(rows.length).toBeGreaterThan(20);
    for (const { protocol, scores, paper } of rows) {
      expect([...protocolNames, 'own']).toContain(protocol);
      expect(paper).toMatch(/, .* 20\d\d$/);
      for (const score of Object.values(scores)) expect(score > 0.1 && score < 1).toBe(true);
    }
    expect(publishedRows('vggss').find(({ method }) => method === 'SSLalignment')?.scores).toEqual({ cIoU: 0.3994 });
  });
});

describe('a protocol in words', () => {
  it('differs from every other, but for those that are the same', () => {
    const words = protocolNames.map((name) => [name, describeProtocol(protocols[name])] as const);
    const same = words.filter(([, text], i) => words.findIndex(([, other]) => other === text) < i).map(([name]) => name);
    expect(same).toEqual(['lvs', 'fnac', 'ssltie']);
  });

  it('says the threshold, the comparison, the object prior and the grouping', () => {
    const text = describeProtocol({ ...withObjectPrior(protocols.slavc, 0.9), groupBy: 'publishedName' });
    for (const part of ['bicubic', 'at or above 0.5', '0.9 of the map', 'IIoU by file names, as published'])
      expect(text).toContain(part);
    expect(describeProtocol({ ...protocols.ezvsl, binarize: { by: 'rank', share: 0.75 } })).toContain(
      'at or above the 75 % quantile',
    );
  });
});
