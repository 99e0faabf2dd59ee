/** What the program says when it is used wrongly. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { earshot } from './earshot.js';

describe('earshot', () => {
  it.each([
    [['prepare', 'in', '--out', 'out', '--sise', '9'], /^earshot: unknown option '--sise'/],
    [['prepare', 'in'], /^earshot: required option '-o, --out <folder>' not specified\n$/],
    [['prepare', '--out', 'out'], /^earshot: missing required argument 'input'\n$/],
    [['prepare', 'in', '--out', 'out', '--size', '0'], /^earshot: option '--size <pixels>' argument '0' is invalid.*at least 1/],
    [['prepare', 'in', '--out', 'out', '--jobs', '1.5'], /^earshot: option '-j, --jobs <count>' argument '1.5' is invalid/],
    [['prepare', 'in', '--out', 'out', '--seconds', ''], /^earshot: option '--seconds <seconds>' argument '' is invalid/],
    [
      ['prepare', 'in', '--out', 'out', '--at', '1', '--frames', '3'],
      /^earshot: option '--frames <count>' cannot be used with option '--at/,
    ],
    [
      ['prepare', 'in', '--out', 'out', '--seconds', '0'],
      /^earshot: option '--seconds <seconds>' argument '0' is invalid.*more than 0/,
    ],
    [
      ['prepare', 'in', '--out', 'out', '--seconds', '3', '--min-seconds', '4'],
      /^earshot: --min-seconds 4 is more than the --seconds 3/,
    ],
    [['prepair'], /^earshot: unknown command 'prepair'/],
  ])('%j: a line and exit code 2', async (args, message) => {
    const { code, stdout, stderr } = await earshot(args);
    expect(stderr).toMatch(message);
    expect([code, stdout]).toEqual([2, '']);
  });

  it('without a command shows its help, as wrong usage', async () => {
    const { code, stderr } = await earshot([]);
    expect(stderr).toContain('prepare');
    expect(code).toBe(2);
  });

  it('tells its version and helps', async () => {
    const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'));
    expect(await earshot(['--version'])).toMatchObject({ code: 0, stdout: `${version}\n`, stderr: '' });
    const help = await earshot(['prepare', '--help']);
    expect(help).toMatchObject({ code: 0, stderr: '' });
    expect(help.stdout).toContain('--min-seconds');
    expect(help.stdout).toContain('-60 dB');
  });

  it('shows where a failure comes from only when asked', async () => {
    const missing = ['prepare', join('no', 'such', 'folder'), '--out', 'out'];
    const short = await earshot(missing);
    expect(short).toMatchObject({ code: 1, stdout: '' });
    expect(short.stderr).toMatch(/^earshot: .*folder: expected .*there is none \(ENOENT\)\n$/);
    expect((await earshot(missing, { env: { EARSHOT_DEBUG: '1' } })).stderr).toMatch(/\n +at .*read\.js/);
  });
});
