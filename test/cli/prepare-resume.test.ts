/** Whatever ends a run, the same command goes on, and the shards are those of an undisturbed run. */
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Random } from '../../src/random.js';
import { contentOf, sha256, writePairs, writeVideos } from './clips.js';
import { childrenOf, earshot, journalLines, start, untilDone, untilGone } from './earshot.js';

let folder: string;
let pairs: string;
/** What an undisturbed run makes of `pairs`. */
let expected: Record<string, string>;

const clips = 60;
const settings = ['--shard-size', '7', '--size', '32'];
const fresh = () => mkdtempSync(join(folder, 'out-'));
const prepare = (out: string, ...more: string[]) => ['prepare', pairs, '--out', out, ...settings, ...more];

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'prepare-'));
  pairs = join(folder, 'pairs');
  await writePairs(pairs, clips);
  const out = fresh();
  expect(await earshot(prepare(out))).toMatchObject({ code: 0, signal: null });
  expected = contentOf(out);
});
afterAll(() => rmSync(folder, { recursive: true }));

/** A run that is stopped when `done` clips are. */
async function stoppedAt(done: number, out: string, signal: NodeJS.Signals, ...more: string[]) {
  const run = start(prepare(out, ...more));
  await untilDone(done, out, run);
  run.process.kill(signal);
  return run;
}

describe('a run that is killed', () => {
  /** Kills the command ten times, the k-th time about k / 11 of the way. */
  async function killTenTimes(args: string[], out: string, clips: number, seed: number): Promise<void> {
    const random = new Random(seed, 'kills');
    for (let k = 0; k < 10; k++) {
      const run = start(args);
      await untilDone(Math.floor(((k + random.uniform()) * clips) / 11), out, run);
      await sleep(20 * random.uniform());
      run.process.kill('SIGKILL');
      expect(await run.ended).toMatchObject({ signal: 'SIGKILL' });
    }
  }

  it('ten times makes the same shards: pairs', async () => {
    const out = fresh();
    await killTenTimes(prepare(out), out, clips, 1);
    expect(await earshot(prepare(out))).toMatchObject({ code: 0 });
    expect(contentOf(out)).toEqual(expected);
  });

  it('ten times makes the same shards: 200 videos', async () => {
    const videos = join(folder, 'videos');
    await writeVideos(videos, 200);
    // One of them twice, and one that is none.
    copyFileSync(join(videos, 'clip003.mp4'), join(videos, 'clip200.mp4'));
    truncateSync(join(videos, 'clip100.mp4'), 100);
    const command = (out: string) => ['prepare', videos, '--out', out, '--shard-size', '23'];
    const [undisturbed, out] = [fresh(), fresh()];
    expect(await earshot(command(undisturbed))).toMatchObject({ code: 0 });
    await killTenTimes(command(out), out, 201, 2);
    const last = await earshot(command(out));
    expect(last.code).toBe(0);
    expect(last.stdout).toContain('199 of 201 clips are in 9 shards');
    expect(contentOf(out)).toEqual(contentOf(undisturbed));
  });

  it('leaves no process behind', async () => {
    const out = fresh();
    const run = start(prepare(out, '--jobs', '2'));
    await untilDone(5, out, run);
    const children = childrenOf(run.process.pid!);
    expect(children).toHaveLength(2);
    run.process.kill('SIGKILL');
    await run.ended;
    for (const child of children) await untilGone(child);
  });
});

describe('Ctrl-C', () => {
  it('ends in good order, with exit code 130 and what to do', async () => {
    const out = fresh();
    const run = await stoppedAt(9, out, 'SIGINT');
    const { code, stderr } = await run.ended;
    expect(code).toBe(130);
    const done = journalLines(out) - 1;
    expect(stderr).toMatch(
      new RegExp(`^earshot: interrupted after ${done} of ${clips} clips; the same command goes on from there$`, 'm'),
    );
    expect(existsSync(join(out, 'prepare.lock'))).toBe(false);
    expect(await earshot(prepare(out))).toMatchObject({ code: 0 });
    expect(contentOf(out)).toEqual(expected);
  });

  it('of a whole process group, decoders too, loses no clip', async () => {
    const out = fresh();
    const run = start(prepare(out), { detached: true });
    await untilDone(9, out, run);
    process.kill(-run.process.pid!, 'SIGINT');
    expect(await run.ended).toMatchObject({ code: 130 });
    expect(await earshot(prepare(out))).toMatchObject({ code: 0 });
    expect(contentOf(out)).toEqual(expected);
  });
});

describe('going on', () => {
  it('is not needed after the end', async () => {
    const out = fresh();
    await earshot(prepare(out));
    const again = await earshot(prepare(out, '--jobs', '1'));
    expect(again).toMatchObject({ code: 0, stderr: '' });
    expect(again.stdout).toContain(`nothing to do: ${clips} of ${clips} clips are in 9 shards`);
    expect(contentOf(out)).toEqual(expected);
  });

  it('survives a torn journal line and a shard that was changed', async () => {
    const out = fresh();
    await earshot(prepare(out));
    // As if it had been ended before the last shard was finished.
    rmSync(join(out, 'report.json'));
    const partial = join(out, 'shard-000008.tar.partial');
    renameSync(join(out, 'shard-000008.tar'), partial);
    const journal = join(out, 'prepare.journal');
    writeFileSync(journal, readFileSync(journal).subarray(0, -5));
    const bytes = readFileSync(partial);
    bytes[600]! ^= 255;
    writeFileSync(partial, bytes);
    const again = await earshot(prepare(out));
    expect(again.code).toBe(0);
    expect(again.stderr).toMatch(/shard 8 is not as it was written from clip clip056 on: those samples are made again/);
    expect(contentOf(out)).toEqual(expected);
  });

  it('makes the last shard or the report again when they are gone', async () => {
    const out = fresh();
    await earshot(prepare(out));
    rmSync(join(out, 'shard-000008.tar'));
    rmSync(join(out, 'report.json'));
    expect(await earshot(prepare(out))).toMatchObject({ code: 0 });
    expect(contentOf(out)).toEqual(expected);
  });

  it('is refused when a finished shard was changed, until --restart', async () => {
    const out = fresh();
    await (await stoppedAt(20, out, 'SIGINT')).ended;
    truncateSync(join(out, 'shard-000001.tar'), 1000);
    const refused = await earshot(prepare(out));
    expect(refused.code).toBe(1);
    expect(refused.stderr).toMatch(
      /^earshot: .*shard-000001\.tar: expected the \d+ bytes that were written, found 1000; .*--restart/,
    );
    expect(await earshot(prepare(out, '--restart'))).toMatchObject({ code: 0 });
    expect(contentOf(out)).toEqual(expected);
  });

  it('is refused with other settings or other input, and says which', async () => {
    const out = fresh();
    await (await stoppedAt(5, out, 'SIGINT')).ended;
    const other = await earshot([...prepare(out), '--size', '64', '--at', '1']);
    expect(other.code).toBe(1);
    expect(other.stderr).toMatch(/^earshot: .* was begun otherwise \(size 32 then, 64 now; at unset then, 1 now\): .*--restart/);
    const list = join(folder, 'list.csv');
    writeFileSync(list, 'image,audio\npairs/frames/clip000.jpg,pairs/audio/clip000.wav\n');
    const fewer = await earshot(['prepare', list, '--out', out, ...settings]);
    expect(fewer.stderr).toMatch(/was begun otherwise \(clips 60 then, 1 now; input list \w{8} then, \w{8} now\)/);
    // What was there is untouched.
    expect(await earshot(prepare(out))).toMatchObject({ code: 0 });
    expect(contentOf(out)).toEqual(expected);
  });

  it('is one at a time', async () => {
    const out = fresh();
    const first = await stoppedAt(5, out, 'SIGSTOP');
    const second = await earshot(prepare(out));
    expect(second.code).toBe(1);
    expect(second.stderr).toMatch(
      new RegExp(`^earshot: another prepare \\(process ${first.process.pid} on .*\\) is working in this folder`),
    );
    first.process.kill('SIGCONT');
    expect(await first.ended).toMatchObject({ code: 0 });
    expect(contentOf(out)).toEqual(expected);
  });

  it('works after the disk was full', async () => {
    const out = fresh();
    // A limit on the size of files, in blocks, stands for the full disk.
    const full = await earshot(prepare(out), { prefix: ['sh', '-c', 'ulimit -f 100; exec "$@"', 'sh'] });
    expect(full.code).toBe(1);
    expect(full.stderr).toMatch(/^earshot: .*EFBIG.*; make room and run the same command again: it goes on where it stopped$/m);
    expect(await earshot(prepare(out))).toMatchObject({ code: 0 });
    expect(contentOf(out)).toEqual(expected);
  });
});

describe('a folder that holds something else', () => {
  it.each(['notes.txt', 'shard-000000.tar', 'report.json'])('as %s is not written to', async (name) => {
    const out = fresh();
    writeFileSync(join(out, name), 'mine');
    for (const more of [[], ['--restart']]) {
      const { code, stderr } = await earshot(prepare(out, ...more));
      expect(stderr).toMatch(
        new RegExp(`^earshot: .*: expected an empty folder or one of an earlier prepare, found ${name} in it; `),
      );
      expect(code).toBe(1);
    }
    expect(contentOf(out)).toEqual({ [name]: sha256(Buffer.from('mine')) });
  });

  it('besides an earlier run keeps it, with --restart too', async () => {
    const out = fresh();
    await earshot(prepare(out));
    mkdirSync(join(out, 'mine'));
    writeFileSync(join(out, 'mine', 'shard-000000.tar'), 'mine');
    expect(await earshot(prepare(out, '--restart', '--strict'))).toMatchObject({ code: 0 });
    expect(readFileSync(join(out, 'mine', 'shard-000000.tar'), 'utf8')).toBe('mine');
    rmSync(join(out, 'mine'), { recursive: true });
    expect(contentOf(out)).toEqual(expected);
  });
});
