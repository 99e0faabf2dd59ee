/** Decoding processes that crash, hang and are ended. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Clip, ProcessPool } from '../../src/datasets/prepare/pool.js';
import { defaultSettings, PrepareError } from '../../src/datasets/prepare/settings.js';

let folder: string;
let good: Clip;
/** The sound is a pipe that nobody writes to: whoever opens it waits. */
let endless: Clip;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'prepare-'));
  for (const name of ['good.jpg', 'good.wav']) writeFileSync(join(folder, name), 'no picture, no sound');
  execFileSync('mkfifo', [join(folder, 'pipe.wav')]);
  const clip = (sound: string): Clip => ({
    root: folder,
    pair: { id: sound, picture: { path: join(folder, 'good.jpg') }, sound: { path: join(folder, sound) } },
  });
  good = clip('good.wav');
  endless = clip('pipe.wav');
});
afterAll(() => rmSync(folder, { recursive: true }));

const decoders = (): number[] =>
  execFileSync('ps', ['-A', '-o', 'pid=,ppid=,args='], { encoding: 'utf8' })
    .split('\n')
    .map((line) => line.trim().split(/\s+/))
    .filter(([, parent, ...args]) => Number(parent) === process.pid && args.join(' ').includes('prepare'))
    .map(([pid]) => Number(pid));

const pool = (patience: (clip: Clip) => number, jobs = 1) => new ProcessPool({ jobs, settings: defaultSettings, patience });

describe('decoding processes', () => {
  it('that crash twice at a clip are reported, and others take the clips after it', async () => {
    const signals: NodeJS.Signals[] = ['SIGSEGV', 'SIGKILL'];
    // Asked when a process gets a clip.
    const decoding = pool((clip) => {
      if (clip === endless) process.kill(decoders()[0]!, signals.pop());
      return 1e6;
    });
    const [crashed, other] = await Promise.all([decoding.prepare(endless), decoding.prepare(good)]);
    expect(crashed).toEqual({ problem: 'crashed', reason: 'the decoding process ended twice at this clip (SIGSEGV)' });
    expect(other).toMatchObject({ problem: 'undecodable' });
    decoding.close(new Error('the test has ended'));
  });

  it('that crash once at a clip are given another try', async () => {
    const crashes = [good];
    const decoding = pool(() => {
      if (crashes.pop()) process.kill(decoders()[0]!, 'SIGKILL');
      return 1e6;
    });
    expect(await decoding.prepare(good)).toMatchObject({ problem: 'undecodable' });
    decoding.close(new Error('the test has ended'));
  });

  it('that do not end are stopped', async () => {
    const decoding = pool((clip) => (clip === endless ? 300 : 1e6));
    expect(await decoding.prepare(endless)).toMatchObject({ problem: 'tookTooLong' });
    expect(await decoding.prepare(good)).toMatchObject({ problem: 'undecodable' });
    decoding.close(new Error('the test has ended'));
  });

  it('are ended with their pool, whose clips are refused', async () => {
    const decoding = pool(() => 1e6, 2);
    const waiting = [decoding.prepare(endless), decoding.prepare(endless), decoding.prepare(good)];
    while (decoders().length < 2) await sleep(5);
    decoding.close(new PrepareError('enough'));
    for (const result of waiting) await expect(result).rejects.toThrow('enough');
    await expect(decoding.prepare(good)).rejects.toThrow('enough');
    while (decoders().length > 0) await sleep(10);
  });
});
