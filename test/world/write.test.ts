/** Worlds on disk: bytes, lists, interruptions and folders of others. */
import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, unlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, sep } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readBenchmark, readPairs } from '../../src/datasets/index.js';
import { readPicture } from '../../src/media/index.js';
import { kindNames, WorldError, type WorldOptions, writeWorld } from '../../src/world/index.js';

let root: string;
let made = 0;
const next = () => join(root, `world-${made++}`);
beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), 'earshot-world-'));
});
afterAll(() => rmSync(root, { recursive: true }));

const small: Partial<WorldOptions> = { seed: 5, train: 40, validation: 2, test: 4, size: 64, offScreen: 0.25 };
const json = (...path: string[]) => JSON.parse(readFileSync(join(...path), 'utf8'));

/** Path -> hash of every file below a folder. */
function hashes(folder: string): Record<string, string> {
  const files = (readdirSync(folder, { recursive: true }) as string[]).filter((name) => statSync(join(folder, name)).isFile());
  const hash = (name: string) =>
    createHash('sha256')
      .update(readFileSync(join(folder, name)))
      .digest('hex');
  return Object.fromEntries(files.sort().map((name) => [name.replaceAll(sep, '/'), hash(name)]));
}

describe('a world', () => {
  let folder: string;
  beforeAll(async () => {
    folder = next();
    const world = await writeWorld(folder, small);
    expect(world.counts).toEqual({ train: 40, validation: 6, test: 12, offScreen: 4 });
    expect(world.wasDone).toBe(false);
  });

  it('holds what its lists name and nothing else', () => {
    const names = Object.keys(hashes(folder));
    const lists = ['train_classes', 'validation', 'test_interactive', 'test_masks', 'test_offscreen'];
    const named = lists.flatMap((list) =>
      json(folder, `${list}.json`).flatMap(({ image, audio, mask }: Record<string, string>) => [image, audio, mask ?? image]),
    );
    expect(names).toEqual([...new Set([...named, ...lists.map((list) => `${list}.json`), 'train.csv', 'world.json'])].sort());
    expect(json(folder, 'world.json')).toMatchObject({
      version: 2,
      options: { ...small, kinds: kindNames },
      counts: { train: 40, validation: 6, test: 12, offScreen: 4 },
    });
  });

  it('is read as pairs and as benchmarks without problems', async () => {
    const { pairs, problems } = await readPairs(join(folder, 'train.csv'));
    expect([pairs.length, problems]).toEqual([40, []]);
    for (const [list, samples, kind] of [
      ['validation', 6, 'boxes'],
      ['test_interactive', 12, 'boxes'],
      ['test_masks', 12, 'mask'],
      ['test_offscreen', 4, 'nonSounding'],
    ] as const) {
      const benchmark = await readBenchmark('world', { annotations: join(folder, `${list}.json`) });
      expect(benchmark.problems).toEqual([]);
      expect(benchmark.samples.map(({ annotation }) => annotation.kind)).toEqual(Array(samples).fill(kind));
    }
    const training = await readBenchmark('world', { annotations: join(folder, 'train_classes.json') });
    expect([training.samples.length, training.problems]).toEqual([40, []]);
  });

  it('has three kinds in each scene, and a fourth off screen', () => {
    const entries = json(folder, 'test_interactive.json') as { image: string; category: string }[];
    const offScreen = json(folder, 'test_offscreen.json') as typeof entries;
    expect(new Set(entries.map(({ image }) => image)).size).toBe(4);
    for (const { image, category } of offScreen) {
      const present = entries.filter((entry) => entry.image === image).map((entry) => entry.category);
      expect(new Set([...present, category]).size).toBe(4);
    }
  });

  it('has in its masks what its boxes hold', async () => {
    const [boxes, masks] = [json(folder, 'test_interactive.json'), json(folder, 'test_masks.json')];
    for (const [i, { mask, audio }] of masks.entries()) {
      expect(boxes[i].audio).toBe(audio);
      const { rgb, width } = await readPicture(join(folder, mask));
      const pixels = [...Array(width * width).keys()].filter((k) => rgb[3 * k]! > 127);
      const [xs, ys] = [pixels.map((k) => k % width), pixels.map((k) => Math.floor(k / width))];
      expect(boxes[i].box).toEqual([Math.min(...xs), Math.min(...ys), Math.max(...xs) + 1, Math.max(...ys) + 1]);
    }
  });

  it('has sounds off screen in about the share of training pairs that was asked for', () => {
    const entries = json(folder, 'train_classes.json') as { sounding?: boolean; box?: number[] }[];
    const offScreen = entries.filter(({ sounding }) => sounding === false);
    expect(offScreen.length).toBeGreaterThan(3);
    expect(offScreen.length).toBeLessThan(20);
    expect(entries.every(({ sounding, box }) => (sounding === false) === (box === undefined))).toBe(true);
  });

  it('is the same again, and its samples do not depend on how many there are', async () => {
    const [again, more] = [next(), next()];
    await writeWorld(again, small);
    expect(hashes(again)).toEqual(hashes(folder));
    await writeWorld(more, { ...small, train: 43, validation: 1, test: 5 });
    const [few, many] = [hashes(folder), hashes(more)];
    for (const [name, hash] of Object.entries(few))
      if (/\.(jpg|wav|png)$/.test(name) && many[name]) expect([name, many[name]]).toEqual([name, hash]);
    expect(Object.keys(many).filter((name) => name.startsWith('images/train/'))).toHaveLength(43);
    expect(readFileSync(join(more, 'train.csv'), 'utf8').startsWith(readFileSync(join(folder, 'train.csv'), 'utf8'))).toBe(true);
  });

  it('is another for another seed, and of some kinds only when asked', async () => {
    const other = next();
    const kinds = ['cat', 'bell', 'drum', 'bird', 'clock'];
    await writeWorld(other, { ...small, seed: 6, train: 20, kinds });
    const [a, b] = [hashes(folder), hashes(other)];
    expect(Object.keys(b).filter((name) => /\.(jpg|wav)$/.test(name) && a[name] === b[name])).toEqual([]);
    const heard = json(other, 'train_classes.json').map(({ category }: { category: string }) => category);
    expect([...new Set(heard)].sort()).toEqual([...kinds].sort());
  });

  it('is left as it is when it is complete', async () => {
    const before = hashes(folder);
    const picture = join(folder, 'images/train/000000.jpg');
    const { mtimeMs } = statSync(picture);
    expect(await writeWorld(folder, small)).toMatchObject({ wasDone: true, counts: { train: 40 } });
    expect(hashes(folder)).toEqual(before);
    expect(statSync(picture).mtimeMs).toBe(mtimeMs);
  });

  it.each([1, 20, 40, 42])('that was interrupted after %d pictures is gone on with, to the same bytes', async (after) => {
    const other = next();
    const controller = new AbortController();
    const onProgress = (done: number) => done >= after && controller.abort();
    await expect(writeWorld(other, small, { signal: controller.signal, onProgress })).rejects.toThrow(
      /^interrupted after \d+ of 46 pictures; the same command goes on from there$/,
    );
    const left = hashes(other);
    expect(left['world.json']).toBeUndefined();
    expect(Object.keys(left).filter((name) => name.endsWith('.tmp'))).toEqual([]);
    const whole = hashes(folder);
    for (const [name, hash] of Object.entries(left))
      if (name !== 'unfinished.json') expect([name, hash]).toEqual([name, whole[name]]);
    // A file that went missing is made again too.
    unlinkSync(join(other, 'audio/train/000000.wav'));
    await writeWorld(other, small);
    expect(hashes(other)).toEqual(whole);
  });
});

describe('writeWorld refuses', () => {
  it('a folder with other files, which it leaves alone', async () => {
    const folder = next();
    mkdirSync(folder);
    writeFileSync(join(folder, 'thesis.txt'), 'all of it');
    await expect(writeWorld(folder, small)).rejects.toThrow(
      `${folder}: expected a new or empty folder, or a world, found thesis.txt in it; choose another folder`,
    );
    expect(readdirSync(folder)).toEqual(['thesis.txt']);
  });

  it.each([true, false])('a world of other options (complete: %s)', async (complete) => {
    const folder = next();
    const signal = complete ? undefined : AbortSignal.abort();
    await writeWorld(folder, { ...small, train: 2, test: 1, validation: 1 }, { signal }).catch(() => {});
    const before = hashes(folder);
    const error = await writeWorld(folder, { ...small, train: 3, test: 1, validation: 1, seed: 1 }).catch((e: Error) => e);
    expect(error).toBeInstanceOf(WorldError);
    expect((error as Error).message).toBe(
      `${folder} holds another world (seed 5 then, 1 now; train 2 then, 3 now): use the same options, choose another folder, or delete this one`,
    );
    expect(hashes(folder)).toEqual(before);
  });

  it.each(['{', '[]', 'null', '{"version": 1}'])('a world.json that says %s', async (text) => {
    const folder = next();
    mkdirSync(folder);
    writeFileSync(join(folder, 'world.json'), text);
    await expect(writeWorld(folder, small)).rejects.toThrow(WorldError);
  });

  it('a folder that cannot be made', async () => {
    const file = next();
    writeFileSync(file, '');
    await expect(writeWorld(join(file, 'below'), small)).rejects.toThrow(`${file} is a file, expected a folder`);
  });

  it.each([
    [{ train: 0 }, /expected train to be a whole number from 1 to 1000000, got 0/],
    [{ test: 1.5 }, /expected test to be a whole number/],
    [{ size: 20 }, /expected size to be a whole number of pixels from 48 to 1024, got 20/],
    [{ seed: -1 }, /expected seed to be a whole number of at least 0, got -1/],
    [{ offScreen: Number.NaN }, /expected offScreen to be a share from 0 to 1, got NaN/],
    [{ kinds: ['cat', 'bell', 'drum', 'bird', 'dog'] }, /expected kinds to be at least 4 different ones of bee, bell,.*got cat,/],
    [{ kinds: ['cat', 'cat', 'bell', 'drum', 'bird', 'bee'] }, /expected kinds/],
    [{ kinds: ['cat', 'bell', 'drum'] }, /expected kinds/],
  ])('the options %j, before it makes a folder', async (options, message) => {
    const folder = next();
    await expect(writeWorld(folder, { ...small, ...options })).rejects.toThrow(message);
    await expect(writeWorld(folder, { ...small, ...options })).rejects.toThrow(RangeError);
    expect(statSync(folder, { throwIfNoEntry: false })).toBeUndefined();
  });
});
