/** `earshot ablate` as users run it. */
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ablationMarkdown } from '../../src/ablation/markdown.js';
import type { Results } from '../../src/ablation/results.js';
import { shownNames } from '../../src/ablation/results.js';
import { tableNames } from '../../src/ablation/tables.js';
import { loadCheckpoint } from '../../src/training/checkpoint.js';
import { writeWorld } from '../../src/world/index.js';
import { type Ended, earshot, start } from './earshot.js';

let folder: string;
let world: string;
let list: string;
let annotations: string;
let outs = 0;
const fresh = () => join(folder, `ablation${outs++}`);

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'ablate-'));
  world = join(folder, 'world');
  list = join(world, 'train.csv');
  annotations = join(world, 'test_interactive.json');
  await writeWorld(world, { train: 40, validation: 1, test: 3, size: 48 });
});
afterAll(() => rmSync(folder, { recursive: true }));

const tiny = ['--size', '32', '--seconds', '0.5', '--widths', '4,8', '--blocks', '1,1', '--dimensions', '8'];
const short = ['--batch', '8', '--epochs', '2', '-k', '3', '--after', '1', '--every', '9', '--threads', '1'];
const command = (out: string, ...more: string[]) => ['ablate', list, '-b', annotations, '--out', out, ...tiny, ...short, ...more];

const resultsIn = (out: string): Results => JSON.parse(readFileSync(join(out, 'ablation.json'), 'utf8'));
const textIn = (out: string) => readFileSync(join(out, 'ablation.md'), 'utf8');
const bytesOf = (...parts: string[]) => readFileSync(join(...parts)).toString('base64');
const timesOf = (path: string): Record<string, number> =>
  Object.fromEntries(
    readdirSync(path, { recursive: true, encoding: 'utf8' })
      .filter((name) => statSync(join(path, name)).isFile())
      .map((name) => [name, statSync(join(path, name)).mtimeMs]),
  );

/** One line that says what is wrong, nothing else. */
function expectLine({ code, stdout, stderr }: Ended, expected: number, message: RegExp): void {
  expect(stderr).toMatch(message);
  expect(stderr).toMatch(/^earshot: .*\n$/);
  expect([code, stdout]).toEqual([expected, '']);
}

describe('an ablation', () => {
  let whole: string;
  beforeAll(async () => {
    whole = fresh();
    const { code, stdout, stderr } = await earshot(command(whole, '--tables', 'intra'));
    expect([code, stdout]).toEqual([0, `the tables are ${join(whole, 'ablation.md')}\n`]);
    expect(stderr).toMatch(/run 1 of 2: base: trained and scored\n(.*\n)*run 2 of 2: intra-1: trained and scored\n/);
    expect(stderr).toMatch(/\d+\/\d+ pictures and sounds, .* left, run \d of 2: .*, epoch 2 of 2, loss /);
  });

  it('has the numbers of "earshot evaluate" in its tables, and what they stand beside', async () => {
    const { tables, runs, references, subject } = resultsIn(whole);
    expect(tables.map(({ name, rows }) => [name, rows.map((row) => row.runs)])).toEqual([['intra', [['base'], ['intra-1']]]]);
    expect(Object.keys(runs).sort()).toEqual(['base', 'intra-1', 'untrained']);
    const models = { base: 'base/best', 'intra-1': 'intra-1/best', untrained: 'base/first' };
    const given = Object.entries(models).flatMap(([name, file]) => [
      '--model',
      `${name}=${join(whole, 'runs', file)}.safetensors`,
    ]);
    const evaluated = await earshot(['evaluate', '-b', 'world', '-a', annotations, '--data', world, '--json', ...given]);
    const lines = evaluated.stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    for (const line of lines) {
      const { N, scores, intervals, retrieval } = runs[line.model]!.test_interactive!;
      expect({ N, ...scores, intervals, retrieval }).toMatchObject({
        N: 9,
        cIoUAdap: line.cIoUAdap,
        IIoUAdap: line.IIoUAdap,
        pointing: line.pointing,
        NSA: line.NSA,
        intervals: line.intervals,
        retrieval: line.retrieval,
      });
    }
    expect(lines).toHaveLength(3);
    const [first, second] = tables[0]!.rows.map(({ scores }) => scores.test_interactive!);
    expect(first!.pointing).toEqual({ mean: lines[0].pointing, interval: lines[0].intervals.pointing, runs: 1 });
    expect(second!.soundToImage!.mean).toBe(lines[1].retrieval.soundToImage['R@1']);
    expect(references.test_interactive!.untrained.imageToSound!.mean).toBe(lines[2].retrieval.imageToSound['R@1']);
    expect(references.test_interactive!.centreBox).toEqual(lines[0].centreBox);
    expect(subject).toMatchObject({ data: { name: 'train', pairs: 40 }, benchmarks: [{ name: 'world', protocol: 'sslalign' }] });
    expect(subject.config.neighbours.k).toBe(3);
    expect(textIn(whole)).toBe(ablationMarkdown(resultsIn(whole)));
    // It goes into repositories: nobody's folders are in it.
    expect(JSON.stringify(resultsIn(whole))).not.toContain(folder);
  });

  it('that was interrupted goes on, to the same, and takes further tables without doing anything twice', async () => {
    const out = fresh();
    const running = start(command(out, '--tables', 'intra'));
    const metrics = join(out, 'runs', 'intra-1', 'metrics.jsonl');
    const lines = () => (existsSync(metrics) ? readFileSync(metrics, 'utf8').split('\n').length - 1 : 0);
    while (lines() < 2 && running.process.exitCode === null) await sleep(2);
    running.process.kill('SIGINT');
    expect(await running.ended).toMatchObject({
      code: 130,
      stderr: expect.stringMatching(/what was done is saved in .*; the same command goes on/),
    });
    const { metadata } = await loadCheckpoint(join(out, 'runs', 'intra-1', 'last.safetensors'));
    const { updates } = JSON.parse(metadata.progress!);
    expect(updates).toBeGreaterThan(0);
    expect(updates).toBeLessThan(10);
    // What has been done is in the tables.
    const rows = textIn(out)
      .split('\n')
      .filter((line) => /^\| ✓? \| 1? \| /.test(line));
    expect(rows).toHaveLength(2);
    expect(rows[0]).not.toContain('–');
    expect(rows[1]).toBe(`| ✓ | 1 |${' – |'.repeat(shownNames.length)}`);
    expect(resultsIn(out).tables[0]!.rows[1]!.scores).toEqual({});

    const [base, scores] = [timesOf(join(out, 'runs', 'base')), timesOf(join(out, 'scores'))];
    const { code, stderr } = await earshot(command(out, '--tables', 'sampling,intra'));
    expect(code).toBe(0);
    expect(stderr).toContain(`run 5 of 5: intra-1: going on after update ${updates}\n`);
    expect(stderr).not.toContain('base: trained');
    expect(timesOf(join(out, 'runs', 'base'))).toEqual(base);
    expect(timesOf(join(out, 'scores'))).toMatchObject(scores);
    expect(bytesOf(out, 'runs', 'intra-1', 'best.safetensors')).toBe(bytesOf(whole, 'runs', 'intra-1', 'best.safetensors'));
    const [sampling, intra] = resultsIn(out).tables;
    expect(sampling!.rows.map(({ runs }) => runs)).toEqual([
      ['base'],
      ['sampling-first'],
      ['sampling-anchor'],
      ['semantic-none'],
    ]);
    expect(readdirSync(join(out, 'runs')).sort()).toEqual([
      'base',
      'intra-1',
      'sampling-anchor',
      'sampling-first',
      'semantic-none',
    ]);
    expect(intra!.rows).toEqual(resultsIn(whole).tables[0]!.rows);
    expect(sampling!.rows[0]!.scores).toEqual(intra!.rows[0]!.scores);

    // Nothing is left to do; scores that are gone are made again from the model.
    const runs = timesOf(join(out, 'runs'));
    rmSync(join(out, 'scores', 'sampling-first'), { recursive: true });
    expect(await earshot(command(out, '--tables', 'intra'))).toMatchObject({ code: 0, stderr: '' });
    expect(resultsIn(out).tables[0]!.rows[1]!.scores).toEqual({});
    expect(await earshot(command(out, '--tables', 'sampling'))).toMatchObject({ code: 0 });
    expect(resultsIn(out).tables).toEqual([sampling, intra]);
    expect(timesOf(join(out, 'runs'))).toEqual(runs);
  });

  it('is not gone on with when it is of something else', async () => {
    const before = timesOf(whole);
    const expectRefused = async (args: string[], what: RegExp) => {
      expectLine(await earshot(args), 1, what);
      expect(timesOf(whole)).toEqual(before);
    };
    const begun = (paths: string) => new RegExp(`its ablation was begun otherwise; what differs: ${paths}\\. Give the same`);
    await expectRefused(command(whole, '--tau', '0.5'), begun('config\\.settings\\.tau'));
    await expectRefused(command(whole, '-p', 'ezvsl'), begun('benchmarks'));
    const shorter = join(world, 'shorter.csv');
    writeFileSync(shorter, readFileSync(list, 'utf8').trim().split('\n').slice(0, -1).join('\n'));
    await expectRefused(
      command(whole).map((arg) => (arg === list ? shorter : arg)),
      begun('data\\.name, data\\.pairs, data\\.hash'),
    );
  });

  it('is not gone on with when its scores are of another model', async () => {
    const [base, other] = ['base', 'intra-1'].map((run) => join(whole, 'runs', run, 'best.safetensors')) as [string, string];
    const own = readFileSync(base);
    writeFileSync(base, readFileSync(other));
    const refused = await earshot(command(whole, '--tables', 'intra'));
    expectLine(
      refused,
      1,
      /scores.base.test_interactive: expected the scores of .*base.best\.safetensors, they are of another model/,
    );
    writeFileSync(base, own);
    expect(await earshot(command(whole, '--tables', 'intra'))).toMatchObject({ code: 0, stderr: '' });
  });
});

describe('wrong usage', () => {
  it.each<[string[], number, RegExp]>([
    [['--tables', 'component'], 2, /'--tables <list>' argument 'component' is invalid\. Allowed are components, modality, /],
    [['--tables', ''], 2, /'--tables <list>' argument '' is invalid/],
    [['--seeds', '0'], 2, /'--seeds <count>' argument '0' is invalid/],
    [['--freeze-batch-norm'], 2, /unknown option '--freeze-batch-norm'/],
    [['-b', 'vggss-extended=x.json'], 2, /Allowed before = are vggss, flickr, is3, /],
    [['-b', 'elsewhere/test_interactive.json'], 2, /Two are called test_interactive: rename one of the files/],
    [['-b', 'nowhere.json'], 1, /nowhere\.json/],
    [['--method', 'ezvsl'], 2, /unknown option '--method'/],
    [['--batch', '41'], 1, /^earshot: batch: 41 pairs are more than the 40 to learn from/],
    [['--tau', '0'], 2, /^earshot: --tau: /],
    [['--semantic', 'none'], 1, /^earshot: settings\.semantic: the rows of table 'k' differ in semantic positives/],
    [['--config', 'nowhere.json'], 1, /nowhere\.json: the configuration cannot be read/],
  ])('%j: exit code %i and a line, no folder', async (args, code, message) => {
    const out = fresh();
    expectLine(await earshot(command(out, ...args)), code, message);
    expect(existsSync(out)).toBe(false);
  });

  it('without a benchmark, or a folder to write to', async () => {
    const out = fresh();
    expectLine(await earshot(['ablate', list, '--out', out]), 2, /nothing to score the models on: give --benchmark/);
    expectLine(await earshot(['ablate', list, '-b', annotations]), 2, /required option '-o, --out <folder>' not specified/);
    expect(existsSync(out)).toBe(false);
  });

  it('before a world is made', async () => {
    const out = fresh();
    expectLine(
      await earshot(['ablate', '--out', out, '--after', '12']),
      2,
      /^earshot: --after: semantic positives would begin after 12 epochs/,
    );
    expect(existsSync(out)).toBe(false);
    mkdirSync(out);
    writeFileSync(join(out, 'notes.txt'), 'mine');
    for (const args of [['ablate', '--out', out], command(out)])
      expectLine(await earshot(args), 1, /expected a new or empty folder, or one with an ablation; it holds 'notes\.txt'/);
    expect(readdirSync(out)).toEqual(['notes.txt']);
    writeFileSync(join(out, 'ablation.json'), '{"asked": 1}');
    expectLine(await earshot(command(out)), 1, /ablation\.json: it is no ablation of this version/);
  });

  it('says in its help which tables there are', async () => {
    const { code, stdout } = await earshot(['ablate', '--help']);
    expect(code).toBe(0);
    for (const name of tableNames) expect(stdout).toContain(`  ${name} `);
  });
});
