/** What `earshot leaks` says, writes and ends with. */
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { frame, tone, writePair } from './clips.js';
import { earshot } from './earshot.js';

let folder: string;
const at = (name: string) => join(folder, name);
const annotation = (file: string) => ({ file, class: 'dog barking', bbox: [[0.1, 0.1, 0.9, 0.9]] });
const clips = ['abcdefghijk_000030', 'ABCDEFGHIJK_000001', '_-_-_-_-_-__000007'];

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'leaks-'));
  writeFileSync(at('vggss.json'), JSON.stringify(clips.map(annotation)));
  writeFileSync(at('train.txt'), 'abcdefghijk_30000_40000\nABCDEFGHIJK_000005\n_-_-_-_-_-__000500\nlast\n');
  writeFileSync(at('clean.txt'), 'one\ntwo\n');
  await writePair(at('train'), 'last', frame(1, 0), tone(1, 0.1));
  await writePair(at('test'), clips[2]!, frame(1, 0), tone(2, 0.1));
});
afterAll(() => rmSync(folder, { recursive: true }));

describe('earshot leaks', () => {
  it('says how many and which', async () => {
    expect(await earshot(['leaks', at('train.txt'), at('vggss.json')])).toMatchObject({
      code: 0,
      stderr: '',
      stdout: [
        '1 of 3 test samples are among the 4 training clips by their ids: abcdefghijk_000030',
        '2 more come from videos of training clips: 1 overlap in time, 0 do not say when they are: ABCDEFGHIJK_000001, _-_-_-_-_-__000007\n',
      ].join('\n'),
    });
  });

  it('compares files and writes the list without what leaks', async () => {
    const run = await earshot([
      ...['leaks', at('train.txt'), at('vggss.json'), '--benchmark', 'vggss'],
      ...['--train-data', at('train'), '--data', at('test'), '--write', at('kept.txt')],
    ]);
    expect(run).toMatchObject({ code: 0, stderr: expect.stringMatching(/^4\/4 files.*\n$/) });
    expect(run.stdout.split('\n').slice(2)).toEqual([
      '1 have a picture or sound with the same bytes there: _-_-_-_-_-__000007',
      'no files to compare were found of 2 test samples and 3 training clips',
      `1 of 4 ids are in ${at('kept.txt')}`,
      '',
    ]);
    expect(readFileSync(at('kept.txt'), 'utf8')).toBe('_-_-_-_-_-__000500\n');
    expect(readdirSync(folder).filter((name) => name.startsWith('.'))).toEqual([]);
  });

  it('prints all as JSON', async () => {
    const { code, stdout } = await earshot(['leaks', at('train.txt'), at('vggss.json'), '--json']);
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({
      train: 4,
      test: 3,
      byId: [{ test: 'abcdefghijk_000030', train: ['abcdefghijk_30000_40000'] }],
      sameVideo: [{ overlap: 6 }, { overlap: 0 }],
      leakedIds: ['abcdefghijk_30000_40000', 'ABCDEFGHIJK_000005'],
    });
  });

  it('fails with --strict when there are any', async () => {
    expect(await earshot(['leaks', at('train.txt'), at('vggss.json'), '--strict'])).toMatchObject({ code: 1, stderr: '' });
    const clean = await earshot(['leaks', at('clean.txt'), at('vggss.json'), '--strict']);
    expect(clean).toMatchObject({ code: 0, stderr: '' });
    expect(clean.stdout).toBe(
      '0 of 3 test samples are among the 2 training clips by their ids\nthe benchmark has names of VGGSound, the training list has none: compare files to be sure\n',
    );
  });

  it.each([
    [[], 2, /^earshot: missing required argument 'train'/],
    [['train.txt', 'vggss.json', '--benchmark', 'vgss'], 2, /'vgss' is invalid. Allowed choices are vggss, /],
    [['train.txt', 'vggss.json', '--data', 'x'], 2, /^earshot: --train-data and --data are given together\n$/],
    [
      ['train.txt', 'vggss.json', '--benchmark', 'vggss-extended'],
      2,
      /^earshot: --extended is given with the extended benchmarks/,
    ],
    [['train.txt', 'vggss.json', '--extended', 'x.csv'], 2, /^earshot: --extended is given with the extended benchmarks/],
    [['train.txt', 'vggss.json', '--write', './train.txt'], 2, /^earshot: --write names the training list itself/],
    [['train', 'vggss.json', '--write', 'x.txt'], 1, /^earshot: --write: expected a training list of ids .*, got train\n$/],
    [['none.txt', 'vggss.json'], 1, /^earshot: none.txt: the list cannot be read/],
  ])('%j ends with %i', async (args, code, message) => {
    const run = await earshot(['leaks', ...args]);
    expect(run.stderr).toMatch(message);
    expect([run.code, run.stdout]).toEqual([code, '']);
  });
});
