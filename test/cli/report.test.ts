/** `earshot report` as users run it. */
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Run } from '../../src/evaluation/run.js';
import { writeScenes, writeScenesRun } from '../report/runs.js';
import { earshot } from './earshot.js';

let folder: string;
const at = (...names: string[]) => join(folder, ...names);

/** A copy of a run with something changed in it. */
function changed(name: string, change: (run: Run) => unknown): string {
  mkdirSync(at(name));
  const run: Run = JSON.parse(readFileSync(at('first', 'evaluation.json'), 'utf8'));
  change(run);
  writeFileSync(at(name, 'evaluation.json'), JSON.stringify(run));
  return at(name);
}

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'report-cli-'));
  const annotations = await writeScenes(at('scenes'), 4);
  await writeScenesRun(annotations, at('first'), 'first', 0.9);
  await writeScenesRun(annotations, at('second'), 'second', 0.2);
});
afterAll(() => rmSync(folder, { recursive: true }));

describe('the page', () => {
  it('lies in the first folder when no place is given, and takes the place of an earlier one', async () => {
    writeFileSync(at('first', 'report.html'), 'an earlier one');
    const { code, stdout, stderr } = await earshot(['report', at('first'), at('second')]);
    expect([code, stderr]).toEqual([0, '']);
    expect(stdout).toMatch(/^.*report\.html \(\d\.\d MB\)\n$/);
    const html = readFileSync(at('first', 'report.html'), 'utf8');
    expect(html).toContain('<title>first, second on world</title>');
    expect(html.endsWith('</html>\n')).toBe(true);
    expect(readdirSync(at('first')).sort()).toEqual(['evaluation.json', 'maps.npy', 'report.html']);
    expect(existsSync(at('second', 'report.html'))).toBe(false);
  });

  it('goes where --out says, under the title that --title says', async () => {
    const { code } = await earshot(['report', at('second'), '--out', at('page.html'), '--title', '<Mine>']);
    expect(code).toBe(0);
    expect(readFileSync(at('page.html'), 'utf8')).toContain('<h1>&#60;Mine&#62;</h1>');
    expect(existsSync(at('second', 'report.html'))).toBe(false);
  });

  it('finds maps beside the run wherever the folder is', async () => {
    cpSync(at('second'), at('moved'), { recursive: true });
    const path = at('moved', 'evaluation.json');
    writeFileSync(path, JSON.stringify({ ...JSON.parse(readFileSync(path, 'utf8')), maps: 'maps.npy' }));
    expect((await earshot(['report', at('moved')])).code).toBe(0);
  });

  it('is made where pictures and sounds are gone, each of which is said', async () => {
    const gone = changed('gone', ({ media }) => {
      for (const about of media) about.picture = { path: at('scenes', 'gone.png') };
    });
    const { code, stderr } = await earshot(['report', gone]);
    expect(code).toBe(0);
    expect(stderr.trim().split('\n')).toEqual([expect.stringMatching(/gone\.png: /)]);
    expect(readFileSync(join(gone, 'report.html'), 'utf8')).toContain('the picture cannot be read');
  });
});

describe('wrong input', () => {
  it.each([
    [[], 2, /missing required argument 'run'/],
    [['RUN', '--nonsense'], 2, /unknown option/],
    [['no-folder'], 1, /no-folder: expected a folder made by "earshot evaluate --out"/],
    [['RUN', 'OTHER'], 1, /a report is of one benchmark and one protocol: 'first' is on world under sslalign, '.*' on is3/],
    [['NO-MAPS'], 1, /gone\.npy/],
    [
      ['RUN', '--out', 'no/folder/page.html'],
      1,
      /^earshot: no\/folder\/page\.html cannot be written: its folder is not there \(ENOENT\)\n$/,
    ],
    [['ALL'], 1, /it has no evaluation\.json; name those in it: \S*first /],
  ] as const)('%j', async (args, code, message) => {
    rmSync(at('first', 'report.html'), { force: true });
    const runs: Record<string, string> = { ALL: folder, RUN: at('first'), OTHER: at('other'), 'NO-MAPS': at('no-maps') };
    if (!existsSync(at('other'))) {
      changed('other', ({ evaluation }) => {
        evaluation.benchmark = 'is3';
      });
      changed('no-maps', (run) => {
        run.maps = 'gone.npy';
      });
    }
    const ended = await earshot(['report', ...args.map((arg) => runs[arg] ?? arg)]);
    expect(ended.stderr).toMatch(message);
    expect([ended.code, ended.stdout]).toEqual([code, '']);
    expect(readdirSync(at('first')).sort()).toEqual(['evaluation.json', 'maps.npy']);
  });

  it('leaves an earlier page as it is', async () => {
    writeFileSync(at('no-maps', 'report.html'), 'an earlier one');
    expect((await earshot(['report', at('no-maps')])).code).toBe(1);
    expect(readFileSync(at('no-maps', 'report.html'), 'utf8')).toBe('an earlier one');
  });
});
