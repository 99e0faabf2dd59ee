/** `earshot evaluate` and `earshot report` as users run them. */
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { NpyWriter } from '../../src/evaluation/maps/index.js';
import { Random } from '../../src/random.js';
import { saveSafetensors } from '../../src/runtime/safetensors.js';
import { float32 } from '../../src/tensor.js';
import { writeScenes } from '../report/runs.js';
import { earshot, start } from './earshot.js';

let folder: string;
let annotations: string;
const at = (name: string) => join(folder, name);

async function writeMaps(name: string, count: number, draw = (random: Random) => random.normal()): Promise<string> {
  const random = new Random(1, name);
  const writer = await NpyWriter.create(at(name), [count, 6, 6]);
  for (let i = 0; i < count; i++)
    await writer.write(
      i,
      Float32Array.from({ length: 36 }, () => draw(random)),
    );
  await writer.finish();
  return at(name);
}

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'evaluate-'));
  annotations = await writeScenes(at('scenes'), 8);
  await writeMaps('first.npy', 16);
  await writeMaps('second.npy', 16);
});
afterAll(() => rmSync(folder, { recursive: true }));

const evaluate = (...more: string[]) => earshot(['evaluate', '--benchmark', 'world', '--annotations', annotations, ...more]);

describe('what is printed', () => {
  it('--json: one object with scores as shares, the protocol, N, ceilings, and OGL', async () => {
    const { code, stdout } = await evaluate('--maps', at('first.npy'), '--ogl', at('second.npy'), '--alpha', '0.6', '--json');
    expect(code).toBe(0);
    const object = JSON.parse(stdout);
    expect(object).toMatchObject({ benchmark: 'world', model: 'first', N: 16, images: 8, singleImages: 0, missing: [] });
    expect(object.protocol).toMatchObject({ name: 'sslalign', comparison: '>' });
    for (const name of ['cIoU', 'cIoUAdap', 'AUC', 'AUCAdap', 'IIoU', 'IIoUAdap', 'IAUC', 'IAUCAdap', 'pointing', 'NSA'])
      for (const score of [object[name], object.OGL[name], object.ceiling[name], object.centreBox[name]]) {
        expect(score).toBeGreaterThanOrEqual(0);
        expect(score).toBeLessThanOrEqual(1);
      }
    expect(object.OGL.AUC).not.toBe(object.AUC);
  });

  it('several models: an object a line, or one table', async () => {
    const both = ['--maps', `one=${at('first.npy')}`, '--maps', at('second.npy')];
    const { stdout } = await evaluate(...both, '--json');
    expect(
      stdout
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line).model),
    ).toEqual(['one', 'second']);
    const csv = await evaluate(...both, '--format', 'csv', '--no-published');
    expect(csv.stdout.split('\r\n').map((line) => line.split(',')[3])).toEqual(
      ['model', 'one', 'second', 'centre box', 'whole image', 'ceiling\n'].map((s) => s.trim()),
    );
    const text = await evaluate(...both);
    expect(text.stdout).toContain('one on world: N 16, 8 pictures');
    expect(text.stdout).toContain('| world | sslalign | **second** | 16 |');
  });

  it('retrieval, from embeddings', async () => {
    const random = new Random(5);
    const data = Float32Array.from({ length: 16 * 4 }, () => random.normal());
    await saveSafetensors(at('embeddings.safetensors'), { image: float32([16, 4], data), sound: float32([16, 4], data) });
    const { stdout } = await evaluate('--maps', at('first.npy'), '--embeddings', at('embeddings.safetensors'), '--json');
    expect(JSON.parse(stdout).retrieval).toMatchObject({
      N: 16,
      imageToSound: { 'R@1': 1 },
      soundToImage: { 'R@10': 1 },
      intervals: { imageToSound: { 'R@1': [1, 1] } },
    });
  });

  it('protocols, all of them', async () => {
    const { code, stdout } = await earshot(['protocols']);
    expect(code).toBe(0);
    for (const name of ['sslalign', 'sslalign-vggss', 'lvs', 'ezvsl', 'slavc', 'fnac', 'ssltie', 'avin', 'avsbench'])
      expect(stdout).toMatch(new RegExp(`^${name}$`, 'm'));
  });
});

describe('what is missing', () => {
  it('is counted and said, and an error only with --strict', async () => {
    const partly = at('partly');
    await writeScenes(partly, 8);
    rmSync(join(partly, '0.png'));
    const list = join(partly, 'scenes.json');
    const maps = await writeMaps('fourteen.npy', 14);
    const args = ['evaluate', '-b', 'world', '-a', list, '--maps', maps];
    const { code, stdout } = await earshot(args);
    expect(code).toBe(0);
    expect(stdout).toContain('2 problems in 16 samples:');
    expect((await earshot([...args, '--strict'])).code).toBe(1);
  });
});

describe('wrong input', () => {
  it.each([
    [
      ['--maps', 'FEW'],
      1,
      /few\.npy: expected 16 maps, one for each sample of world in the order of the annotations, there are 3/,
    ],
    [['--maps', 'NAN'], 1, /sample '.*' of world: expected finite values, the map \(6 x 6\) has NaN/],
    [['--maps', 'no.npy'], 1, /no\.npy/],
    [['--maps', 'FIRST', '--ogl', 'FEW'], 1, /few\.npy: expected 16 maps/],
    [['--maps', 'FIRST', '--protocol', 'nonsense'], 2, /Allowed choices are sslalign/],
    [['--maps', 'FIRST', '--batch', '1000000'], 2, /'--batch <count>' argument '1000000' is invalid.*from 1 to 65536/],
    [['--maps', 'FIRST', '--alpha', '2'], 2, /Expected a number from 0 to 1/],
    [['--maps', 'FIRST', '--maps', 'FIRST'], 2, /two are called 'first': name them/],
    [['--maps', '..=FIRST'], 2, /'\.\.' is no name/],
    [['--maps', 'FIRST', '--json', '--format', 'csv'], 2, /cannot be used with/],
    [['--maps', 'FIRST', '--extended', 'x.csv'], 2, /--extended is given with the extended benchmarks/],
    [[], 2, /nothing to score: give --maps or --model/],
  ] as const)('%j', async (args, code, message) => {
    await writeMaps('few.npy', 3);
    await writeMaps('nan.npy', 16, (random) => (random.uniform() < 0.05 ? Number.NaN : 1));
    const files: Record<string, string> = { FEW: at('few.npy'), NAN: at('nan.npy'), FIRST: at('first.npy') };
    const ended = await evaluate(...args.map((arg) => files[arg] ?? arg));
    expect(ended.stderr).toMatch(message);
    expect(ended.code).toBe(code);
    expect(ended.stdout).toBe('');
  });
});

describe('a run', () => {
  it('is written, and becomes a page', async () => {
    const out = at('run');
    expect((await evaluate('--maps', at('first.npy'), '--out', out)).code).toBe(0);
    expect(readdirSync(out)).toEqual(['evaluation.json']);
    const { code, stdout, stderr } = await earshot(['report', out, '--title', 'A page']);
    expect(stderr).toBe('');
    expect(code).toBe(0);
    expect(stdout).toContain('report.html');
    expect(readFileSync(join(out, 'report.html'), 'utf8')).toContain('<h1>A page</h1>');
    expect(readdirSync(out).sort()).toEqual(['evaluation.json', 'report.html']);
  });

  it('of several models has a folder each, and a second evaluation takes its place', async () => {
    const out = at('several');
    const both = ['--maps', at('first.npy'), '--maps', at('second.npy'), '--out', out];
    expect((await evaluate(...both)).code).toBe(0);
    expect((await evaluate(...both)).code).toBe(0);
    expect(readdirSync(out)).toEqual(['first', 'second']);
    const page = await earshot(['report', join(out, 'first'), join(out, 'second'), '--out', at('both.html')]);
    expect(page.code).toBe(0);
    expect(readFileSync(at('both.html'), 'utf8')).toContain('Is the difference luck?');
  });

  it('does not go where something else is', async () => {
    mkdirSync(at('taken'));
    writeFileSync(join(at('taken'), 'thesis.doc'), '');
    const { code, stderr } = await evaluate('--maps', at('first.npy'), '--out', at('taken'));
    expect(code).toBe(1);
    expect(stderr).toContain("it holds 'thesis.doc'");
    expect(readdirSync(at('taken'))).toEqual(['thesis.doc']);
  });

  it.each([
    ['nothing', undefined, /expected a folder made by "earshot evaluate --out", it has no evaluation\.json/],
    ['text', 'no json', /evaluation\.json: it is no JSON/],
    ['another', '{"version":2}', /it is not an evaluation of this version \(version: /],
  ] as const)('with %s in it cannot be reported on', async (name, content, message) => {
    mkdirSync(at(name));
    if (content !== undefined) writeFileSync(join(at(name), 'evaluation.json'), content);
    const { code, stderr } = await earshot(['report', at(name)]);
    expect(code).toBe(1);
    expect(stderr).toMatch(message);
    expect(existsSync(join(at(name), 'report.html'))).toBe(false);
  });
});

it('Ctrl-C ends an evaluation with 130 and leaves nothing', async () => {
  const count = 40_000;
  const list = at('many.json');
  const entry = (i: number) => ({ image: `a_b_${i}_a.jpg`, audio: `a_b_${i}_a.wav`, gt_box: [10, 10, 90, 90] });
  writeFileSync(list, JSON.stringify(Array.from({ length: count }, (_, i) => entry(i))));
  const maps = await writeMaps('many.npy', count);
  const running = start(['evaluate', '-b', 'is3', '-a', list, '--maps', maps, '--out', at('stopped')]);
  // Made just before the first map is scored.
  while (!existsSync(at('stopped')) && running.process.exitCode === null) await sleep(5);
  running.process.kill('SIGINT');
  const { code, stdout } = await running.ended;
  expect(code).toBe(130);
  expect(stdout).toBe('');
  expect(readdirSync(at('stopped'))).toEqual([]);
});
