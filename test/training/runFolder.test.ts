/** Whose folder a run's is, and when it may go on there. */
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { PairSet } from '../../src/datasets/types.js';
import { LockedError } from '../../src/lock.js';
import { saveSafetensors } from '../../src/runtime/index.js';
import { float32 } from '../../src/tensor.js';
import { presetConfig, type TrainConfig } from '../../src/training/config.js';
import { MetricsFile } from '../../src/training/metricsFile.js';
import { type Progress, RunFolder, readDescription } from '../../src/training/runFolder.js';
import type { Checkpoint } from '../../src/training/stepSession.js';
import { scratchFolders } from '../datasets/scratch.js';

const newFolder = scratchFolders();
const config = presetConfig('sslalign', 'laptop');
const pairsIn = (folder: string, count = 4): PairSet => ({
  name: 'four',
  pairs: Array.from({ length: count }, (_, i) => ({
    id: `${i}`,
    picture: { path: join(folder, `${i}.png`) },
    sound: { path: join(folder, `${i}.wav`) },
  })),
  problems: [],
});
const pairs = pairsIn('/data');
const checkpoint: Checkpoint = { parameters: { w: float32([2], [1, 2]) }, runs: 3, random: { seed: 7, counter: 9 } };
const progress: Progress = {
  epoch: 1,
  batch: 2,
  updates: 5,
  lines: 6,
  best: { epoch: 0, score: 0.5 },
  bad: ['3'],
  neighbours: { picture: 'picture-1.safetensors' },
};

/** Of everything in a folder. */
const contents = (folder: string) =>
  Object.fromEntries(
    readdirSync(folder)
      .sort()
      .map((name) => [
        name,
        statSync(join(folder, name)).isFile() ? readFileSync(join(folder, name)).toString('base64') : 'no file',
      ]),
  );

/** A folder with a run that has a checkpoint, and that nobody is at. */
async function begun(given: TrainConfig = config, set = pairs, weights?: string): Promise<string> {
  const path = join(newFolder(), 'run');
  const folder = await RunFolder.open(path, given, set, { weights });
  await folder.save(checkpoint, progress);
  folder.release();
  return path;
}

const open = (path: string, given: TrainConfig = config, set = pairs, options: { resume?: boolean; weights?: string } = {}) =>
  RunFolder.open(path, given, set, options);

/** Opening is refused with this, the folder is as it was, and no lock stays behind. */
async function expectRefused(path: string, opening: () => Promise<RunFolder>, message: RegExp | string): Promise<string> {
  const before = contents(path);
  const error = await opening().then(
    () => undefined,
    (e: Error) => e,
  );
  expect(error?.message).toMatch(message);
  expect(error?.message).not.toContain('\n');
  expect(contents(path)).toEqual(before);
  return error!.message;
}

describe('a new run', () => {
  it.each([true, false])('begins in a folder that is made for it, also with resume: %s', async (resume) => {
    const path = join(newFolder(), 'deep', 'run');
    const folder = await open(path, config, pairs, { resume });
    expect(folder.start).toBeUndefined();
    expect(readdirSync(path).sort()).toEqual(['.lock', 'config.json']);
    folder.release();
    expect(readdirSync(path)).toEqual(['config.json']);
    const written = await readDescription(path);
    expect(written).toEqual({ config, data: { name: 'four', pairs: 4, hash: expect.stringMatching(/^[0-9a-f]{64}$/) } });
  });

  it('begins in an empty folder, hidden files aside', async () => {
    const path = newFolder();
    writeFileSync(join(path, '.DS_Store'), '');
    (await open(path)).release();
    expect(readdirSync(path).sort()).toEqual(['.DS_Store', 'config.json']);
  });

  it.each([true, false])('does not begin in a folder of something else (resume: %s)', async (resume) => {
    const path = newFolder();
    writeFileSync(join(path, 'thesis.doc'), 'mine');
    await expectRefused(
      path,
      () => open(path, config, pairs, { resume }),
      `${path}: expected a new or empty folder, in it are thesis.doc`,
    );
    mkdirSync(join(path, 'pictures'));
    await expectRefused(
      path,
      () => open(path, config, pairs, { resume }),
      /in it are (pictures, thesis\.doc|thesis\.doc, pictures)$/,
    );
  });

  it('does not begin where a file is', async () => {
    const path = join(newFolder(), 'file');
    writeFileSync(path, 'mine');
    await expect(open(path)).rejects.toThrow(path);
    expect(readFileSync(path, 'utf8')).toBe('mine');
  });

  it('does not begin where a run is: only resume goes on there', async () => {
    const path = await begun();
    await expectRefused(path, () => open(path), `${path} holds a run already: go on with it (--resume), or take another folder`);
  });
});

describe('going on', () => {
  it('begins with what was saved last', async () => {
    const path = await begun();
    const folder = await open(path, config, pairs, { resume: true });
    expect(folder.start).toEqual({ ...checkpoint, progress });
    await folder.save({ ...checkpoint, runs: 4 }, { epoch: 2, batch: 0, updates: 6, lines: 7, bad: [] });
    folder.release();
    const again = await open(path, config, pairs, { resume: true });
    expect(again.start).toEqual({ ...checkpoint, runs: 4, progress: { epoch: 2, batch: 0, updates: 6, lines: 7, bad: [] } });
    again.release();
  });

  it('begins anew where nothing was saved', async () => {
    const path = newFolder();
    (await open(path)).release();
    const folder = await open(path, config, pairs, { resume: true });
    expect(folder.start).toBeUndefined();
    folder.release();
  });

  it.each([
    ['one key', { ...config, batch: 32 }, ['batch']],
    ['a key within', { ...config, optimizer: { ...config.optimizer, learningRate: 1 } }, ['optimizer.learningRate']],
    ['a key that is new', { ...config, microBatch: 8 }, ['microBatch']],
    ['elements', { ...config, settings: { ...(config.settings as object), widths: [1, 2] } }, ['settings.widths']],
    [
      'several keys',
      { ...config, seed: 1, augmentation: { ...config.augmentation, crop: { enlarge: 2 }, flip: 0 } },
      ['augmentation.crop.enlarge', 'augmentation.flip', 'seed'],
    ],
    ['another method', presetConfig('ezvsl', 'laptop'), ['method']],
  ] as const)('with another configuration is refused, and the keys named: %s', async (_, other, keys) => {
    const path = await begun();
    const message = await expectRefused(path, () => open(path, other as TrainConfig, pairs, { resume: true }), /begun otherwise/);
    const named = /what differs: (.*)\. Leave these options out/.exec(message)![1]!.split(', ');
    const all = keys.map((key) => `config.${key}`);
    if (keys[0] === 'method') expect(named).toEqual(expect.arrayContaining([...all, 'config.settings.multiView']));
    else expect(named.sort()).toEqual([...all].sort());
  });

  it('clears away what was being written when a run was killed, nothing else', async () => {
    const path = await begun();
    const torn = ['.last.safetensors.0b1c.tmp', '.best.safetensors.0b1c.tmp', '.config.json.0b1c.tmp'];
    for (const name of [...torn, '.mine', '.notes.tmp']) writeFileSync(join(path, name), 'half');
    await expectRefused(path, () => open(path), /holds a run already/);
    (await open(path, config, pairs, { resume: true })).release();
    expect(readdirSync(path).sort()).toEqual(['.mine', '.notes.tmp', 'config.json', 'last.safetensors']);
  });

  it('with values that were not given then, or are not given now, is refused', async () => {
    const given = { ...config, microBatch: 8 };
    const path = await begun(given);
    await expectRefused(path, () => open(path, config, pairs, { resume: true }), /what differs: config\.microBatch\./);
    // Undefined is not given.
    const folder = await open(path, { ...given, optimizer: { ...config.optimizer, clipNorm: undefined } }, pairs, {
      resume: true,
    });
    folder.release();
  });

  it('with other data is refused, not with the same elsewhere', async () => {
    const path = await begun();
    const refused = (set: PairSet, message: RegExp) =>
      expectRefused(path, () => open(path, config, set, { resume: true }), message);
    await refused(pairsIn('/data', 3), /what differs: data\.pairs, data\.hash\./);
    await refused({ ...pairs, pairs: [...pairs.pairs].reverse() }, /what differs: data\.hash\./);
    const [first, ...others] = pairs.pairs;
    const withFirst = (change: object) => ({ ...pairs, pairs: [{ ...first!, ...change }, ...others] });
    await refused(withFirst({ id: 'other' }), /data\.hash/);
    await refused(withFirst({ sound: { path: '/data/other.wav' } }), /data\.hash/);
    await refused(withFirst({ picture: { path: '/data/0.png', seconds: 1 } }), /data\.hash/);
    await refused(withFirst({ sound: { path: '/data/0.wav', seconds: 1, duration: 2 } }), /data\.hash/);
    (await open(path, config, pairsIn('/moved/to'), { resume: true })).release();
  });

  it('with other first weights, with some or without, is refused', async () => {
    const [with1, without] = [await begun(config, pairs, 'hash1'), await begun()];
    const resume = true;
    await expectRefused(with1, () => open(with1, config, pairs, { resume, weights: 'hash2' }), /what differs: weights\./);
    await expectRefused(with1, () => open(with1, config, pairs, { resume }), /what differs: weights\./);
    await expectRefused(without, () => open(without, config, pairs, { resume, weights: 'hash1' }), /what differs: weights\./);
    (await open(with1, config, pairs, { resume, weights: 'hash1' })).release();
  });
});

describe('two at once', () => {
  it('are refused, whether the second begins or goes on', async () => {
    const path = await begun();
    const first = await open(path, config, pairs, { resume: true });
    for (const resume of [true, false]) {
      const error = await open(path, config, pairs, { resume }).catch((e: Error) => e);
      expect(error).toBeInstanceOf(LockedError);
      expect((error as Error).message).toMatch(`another training (process ${process.pid} on ${hostname()})`);
    }
    // The second has not taken the first one's lock away.
    expect(existsSync(join(path, '.lock'))).toBe(true);
    first.release();
    (await open(path, config, pairs, { resume: true })).release();
  });

  it('that begin at the same time in a new folder: one of them does', async () => {
    const path = join(newFolder(), 'run');
    const both = await Promise.allSettled([open(path), open(path), open(path)]);
    const opened = both.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []));
    expect(opened).toHaveLength(1);
    for (const one of both) if (one.status === 'rejected') expect(one.reason).toBeInstanceOf(LockedError);
    opened[0]!.release();
  });

  it('a lock of a process that has ended is taken over, one of another machine is not', async () => {
    const path = await begun();
    const lock = join(path, '.lock');
    writeFileSync(lock, JSON.stringify({ pid: process.pid, host: hostname(), start: 'another time' }));
    (await open(path, config, pairs, { resume: true })).release();
    expect(existsSync(lock)).toBe(false);
    writeFileSync(lock, JSON.stringify({ pid: 1, host: 'elsewhere' }));
    await expectRefused(path, () => open(path, config, pairs, { resume: true }), /process 1 on elsewhere.*delete .*run\/\.lock$/);
    // Killed while it wrote its lock.
    writeFileSync(lock, '{"pid"');
    (await open(path, config, pairs, { resume: true })).release();
  });
});

describe('damage', () => {
  const resumed = (path: string) => () => open(path, config, pairs, { resume: true });

  it.each([
    ['no JSON', '{"config": ', /config\.json: expected JSON: /],
    ['nothing', '', /config\.json: expected JSON: /],
    ['another JSON', '{"version": 2}', /config\.json: '/],
    ['null', 'null', /config\.json: '/],
  ])('config.json is %s: one line', async (_, text, message) => {
    const path = await begun();
    writeFileSync(join(path, 'config.json'), text);
    await expectRefused(path, resumed(path), message);
  });

  it('config.json has keys and values that are none: the first is named', async () => {
    const path = await begun();
    const file = join(path, 'config.json');
    const whole = JSON.parse(readFileSync(file, 'utf8'));
    for (const [config, message] of [
      [{ ...whole.config, lr: 1 }, /config\.json: 'config': .*lr/],
      [
        { ...whole.config, optimizer: { ...whole.config.optimizer, learningRate: 'fast' } },
        /'config\.optimizer\.learningRate': /,
      ],
    ] as const) {
      writeFileSync(file, JSON.stringify({ ...whole, config }));
      await expectRefused(path, resumed(path), message);
    }
  });

  it('config.json is a folder, or a link to nothing', async () => {
    const path = newFolder();
    mkdirSync(join(path, 'config.json'));
    await expectRefused(path, resumed(path), /holds no run: config\.json cannot be read \(EISDIR\)/);
    const other = newFolder();
    symlinkSync(join(other, 'nowhere'), join(other, 'config.json'));
    await expect(open(other, config, pairs, { resume: true })).rejects.toThrow(/config\.json cannot be read \(ENOENT\)/);
  });

  it.each([
    ['empty', 0],
    ['cut off in its header', 40],
    ['cut off in its tensors', -1],
  ])('last.safetensors is %s: one line that names it', async (_, length) => {
    const path = await begun();
    const file = join(path, 'last.safetensors');
    truncateSync(file, length < 0 ? statSync(file).size + length : length);
    await expectRefused(path, resumed(path), file);
  });

  it.each([
    ['a file of another kind', {}, /no training checkpoint/],
    ['one that does not say where the run stands', counters(), /do not say where the run stands/],
    ['one whose progress is no JSON', { ...counters(), progress: '{' }, /do not say where the run stands/],
    ['one of another version', { ...counters(), progress: '{"epoch":0}' }, /do not say where the run stands/],
  ])('last.safetensors is %s: one line that names it', async (_, metadata, message) => {
    const path = await begun();
    const file = join(path, 'last.safetensors');
    await saveSafetensors(file, { w: float32([1], [1]) }, metadata);
    await expectRefused(path, resumed(path), message);
    await expectRefused(path, resumed(path), file);
  });

  function counters(): Record<string, string> {
    return { format: 'earshot-checkpoint-1', runs: '0', randomSeed: '0', randomCounter: '0' };
  }

  it('what is not finite is not saved, and what was saved before stays', async () => {
    const path = await begun();
    const folder = await open(path, config, pairs, { resume: true });
    const broken = { ...checkpoint, parameters: { w: float32([2], [1, Number.NaN]) } };
    await expect(folder.save(broken, progress)).rejects.toThrow(/'w' is NaN/);
    folder.release();
    const again = await open(path, config, pairs, { resume: true });
    expect(again.start).toMatchObject({ parameters: checkpoint.parameters, progress });
    again.release();
  });
});

describe('semantic positives', () => {
  it('that are no longer in use are deleted, nothing else', async () => {
    const path = await begun();
    const folder = await open(path, config, pairs, { resume: true });
    await folder.keepOnly(progress);
    mkdirSync(folder.file('neighbours'));
    for (const name of ['picture-1.safetensors', 'picture-2.safetensors', 'sound-1.safetensors'])
      writeFileSync(join(folder.file('neighbours'), name), '');
    const before = readdirSync(path);
    await folder.keepOnly({ ...progress, neighbours: { picture: 'picture-1.safetensors', sound: 'sound-1.safetensors' } });
    expect(readdirSync(folder.file('neighbours')).sort()).toEqual(['picture-1.safetensors', 'sound-1.safetensors']);
    await folder.keepOnly({ ...progress, neighbours: undefined });
    expect(readdirSync(folder.file('neighbours'))).toEqual([]);
    expect(readdirSync(path)).toEqual(before);
    folder.release();
  });
});

describe('MetricsFile', () => {
  const lines = ['{"a":1}', '{"a":2}', '{"a":3}'];
  const text = (count: number) =>
    lines
      .slice(0, count)
      .map((line) => `${line}\n`)
      .join('');

  it.each([
    ['all', text(3), 3, 3],
    ['fewer', text(3), 1, 1],
    ['none', text(3), 0, 0],
    ['those before a torn one', `${text(2)}{"a":`, 3, 2],
    ['none of a torn one', '{"a":', 1, 0],
    ['as many as there are', text(2), 5, 2],
    ['none of an empty file', '', 2, 0],
  ])('keeps %s, and goes on after them', async (_, before, asked, kept) => {
    const path = join(newFolder(), 'metrics.jsonl');
    writeFileSync(path, before);
    const file = await MetricsFile.open(path, asked);
    expect(file.lines).toBe(kept);
    expect(readFileSync(path, 'utf8')).toBe(text(kept));
    await file.write({ b: [1] });
    expect(file.lines).toBe(kept + 1);
    await file.write({ c: 'ä\n' });
    await file.close();
    expect(readFileSync(path, 'utf8')).toBe(`${text(kept)}{"b":[1]}\n{"c":"ä\\n"}\n`);
    expect(readdirSync(join(path, '..'))).toEqual(['metrics.jsonl']);
  });

  it('begins where there is none', async () => {
    const path = join(newFolder(), 'metrics.jsonl');
    const file = await MetricsFile.open(path, 3);
    expect(file.lines).toBe(0);
    await file.write({ a: 1 });
    await file.close();
    expect(readFileSync(path, 'utf8')).toBe('{"a":1}\n');
  });

  it('does not hide what the system says', async () => {
    const path = join(newFolder(), 'metrics.jsonl');
    mkdirSync(path);
    await expect(MetricsFile.open(path, 0)).rejects.toThrow('EISDIR');
  });
});
