/** `earshot synth` from the command line. */
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { earshot, start } from '../cli/earshot.js';

let root: string;
beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), 'earshot-synth-'));
});
afterAll(() => rmSync(root, { recursive: true }));

const small = ['--train', '6', '--validation', '1', '--test', '2', '--size', '48'];

it('makes a world and a video, and then has nothing to do', async () => {
  const [out, video] = [join(root, 'a'), join(root, 'turns.webm')];
  const made = `6 pairs to learn from, 3 to validate and 6 to test with, and 2 off-screen sounds are in ${out}\n`;
  const first = await earshot(['synth', '--out', out, ...small, '--seed', '3', '--off-screen', '0', '--video', video]);
  expect(first).toMatchObject({ code: 0, stdout: expect.stringContaining(made) });
  expect(first.stdout).toMatch(/turns\.webm: a \w+ and a \w+ that sound in turn\n$/);
  expect(first.stderr).toContain('9/9 pictures');
  expect(JSON.parse(readFileSync(join(out, 'world.json'), 'utf8')).options).toMatchObject({ seed: 3, size: 48, offScreen: 0 });
  expect(existsSync(join(root, 'turns.json'))).toBe(true);
  const bytes = readFileSync(video);
  const again = await earshot(['synth', '--out', out, ...small, '--seed', '3', '--off-screen', '0', '--video', video]);
  const nothing = `nothing to do: ${made}${video} is there already: left as it is, and not looked into\n`;
  expect(again).toMatchObject({ code: 0, stdout: nothing, stderr: '' });
  expect(readFileSync(video).equals(bytes)).toBe(true);
  const other = await earshot(['synth', '--out', out, ...small, '--seed', '4', '--off-screen', '0']);
  expect(other).toMatchObject({ code: 1, stdout: '' });
  expect(other.stderr).toMatch(/^earshot: .* holds another world \(seed 3 then, 4 now\): use the same options, .*\n$/);
});

it.each([
  [[], /^earshot: required option '-o, --out <folder>' not specified\n$/],
  [['--out', 'x', '--train', '0'], /^earshot: option '--train <count>' argument '0' is invalid.*at least 1/],
  [['--out', 'x', '--size', '20'], /^earshot: option '--size <pixels>' argument '20' is invalid.*from 48 to 1024/],
  [['--out', 'x', '--seed', '-1'], /^earshot: option '--seed <number>' argument '-1' is invalid.*at least 0/],
  [['--out', 'x', '--off-screen', '5'], /^earshot: option '--off-screen <share>' argument '5' is invalid.*from 0 to 1/],
  [['--out', 'x', 'y'], /^earshot: too many arguments/],
])('synth %j: a line and exit code 2', async (args, message) => {
  const { code, stdout, stderr } = await earshot(['synth', ...args]);
  expect(stderr).toMatch(message);
  expect([code, stdout]).toEqual([2, '']);
});

it.each([
  ['mine.mp4', /mine\.mp4 is there already: choose another name for the video/],
  ['other.gif', /other\.gif: expected a name that ends with one of \.mp4/],
  ['mine.mp4/turns.mp4', /mine\.mp4 is a file, expected a folder/],
])('refuses the video %s before a world is made', async (name, message) => {
  writeFileSync(join(root, 'mine.mp4'), 'a film');
  const out = join(root, 'unmade');
  const { code, stdout, stderr } = await earshot(['synth', '--out', out, ...small, '--video', join(root, name)]);
  expect(stderr).toMatch(message);
  expect([code, stdout, existsSync(out)]).toEqual([1, '', false]);
  expect(readFileSync(join(root, 'mine.mp4'), 'utf8')).toBe('a film');
});

it('ends at Ctrl-C with 130, and goes on afterwards', async () => {
  const out = join(root, 'long');
  const running = start(['synth', '--out', out, '--train', '3000', '--size', '48']);
  while (!existsSync(join(out, 'images', 'train', '000010.jpg')) && running.process.exitCode === null) await sleep(5);
  running.process.kill('SIGINT');
  const { code, stderr } = await running.ended;
  expect(code).toBe(130);
  expect(stderr).toMatch(/^earshot: interrupted after \d+ of 3140 pictures; the same command goes on from there$/m);
  expect(existsSync(join(out, 'world.json'))).toBe(false);
});

it('says what to do when the disk is full or there is a file in the way', async () => {
  const out = join(root, 'full');
  const full = await earshot(['synth', '--out', out, ...small], { prefix: ['sh', '-c', 'ulimit -f 8; exec "$@"', 'sh'] });
  expect(full.code).toBe(1);
  expect(full.stderr).toMatch(/^earshot: .*EFBIG.*; make room and run the same command again: it goes on where it stopped$/m);
  expect(await earshot(['synth', '--out', out, ...small])).toMatchObject({ code: 0 });
  const file = join(root, 'file');
  writeFileSync(file, '');
  const inTheWay = await earshot(['synth', '--out', file, ...small]);
  expect(inTheWay).toMatchObject({ code: 1, stderr: `earshot: ${file} is a file, expected a folder\n` });
});
