import { describe, expect, it } from 'vitest';
import { csvRows } from '../../src/datasets/csv.js';
import type { Evaluation } from '../../src/evaluation/evaluation.js';
import { protocols, withObjectPrior } from '../../src/evaluation/protocols.js';
import { Random } from '../../src/random.js';
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

  it('leaves scores that are 0/0 empty in CSV, as they come from a file', () => {
    const read: Evaluation = JSON.parse(JSON.stringify({ ...measured, scores: { ...measured.scores, NSA: Number.NaN } }));
    const [header, row] = [...csvRows(table([read], { format: 'csv', published: false }), ',')].map(({ fields }) => fields);
    expect(row![header!.indexOf('NSA')]).toBe('');
  });

  it('has published scores with an object prior beside measured ones with the same, and away from those without', async () => {
    const set = benchmarkOf(annotations, { name: 'vggss' });
    const plain = await evaluateMaps(set, protocols.ezvsl, maps);
    const mixed = await evaluateMaps(set, withObjectPrior(protocols.ezvsl, 0.4), maps, maps);
    const rows = [...csvRows(table([plain, mixed], { format: 'csv', published: true }), ',')].map(({ fields }) => fields);
    const kindsUnder = (name: string) => rows.filter(([, protocol]) => protocol === name).map(([, , kind]) => kind);
    const ends = ['baseline', 'baseline', 'ceiling'];
    expect(kindsUnder('ezvsl')).toEqual(['measured', ...ends]);
    expect(kindsUnder('ezvsl, OGL 0.4')).toEqual(['measured', 'published', 'published', 'published', ...ends]);
  });

  it('in Markdown keeps names text, in one cell', () => {
    const markdown = table([hostile], { format: 'markdown', published: false });
    const [header, , row] = markdown.split('\n') as [string, string, string];
    const cells = row.split(/(?<!\\)\|/);
    expect(cells).toHaveLength(header.split('|').length);
    const unescaped = cells[3]!.replaceAll(/\\([!-/:-@[-`{-~])/g, '$1').trim();
    expect(unescaped).toBe(`**${hostile.model.replace('\n', ' ')}**`);
    for (const plain of [/(?<!\\)[<&]/, /[a-z]_[a-z]/]) expect(cells[3]).not.toMatch(plain);
  });

  it('in LaTeX keeps names text, in one paragraph', () => {
    const latex = table([hostile], { format: 'latex', published: false });
    expect(latex).toContain(
      String.raw`\textbf{a\textbar{}b "x", \& \textless{}i\textgreater{}y\_z\textless{}/i\textgreater{} 50\%} & 12 &`,
    );
    expect(latex).toContain('\\toprule');
    const paragraphs = table([{ ...measured, model: 'a\n\n{b}\\c~^$#' }], { format: 'latex', published: false });
    expect(paragraphs).toContain(String.raw`\textbf{a \{b\}\textbackslash{}c\textasciitilde{}\textasciicircum{}\$\#}`);
  });

  it('in HTML keeps names text', () => {
    const html = table([hostile], { format: 'html', published: false });
    expect(html).not.toContain('<i>');
    const [, name] = /<th scope="row">([^<]*)<\/th>/.exec(html)!;
    expect(name!.replaceAll(/&#(\d+);/g, (_, code: string) => String.fromCharCode(Number(code)))).toBe(hostile.model);
  });
});
