import { readdirSync, readlinkSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { openPicture, openSound } from '../../src/datasets/media.js';
import { readPairs } from '../../src/datasets/read.js';
import { tarEnd, tarMember } from '../../src/datasets/tar.js';
import { encodePng } from '../../src/media/picture.js';
import type { AudioClip, Frame } from '../../src/media/types.js';
import { encodeWav } from '../../src/media/wav.js';
import { scratchFolders, write } from './scratch.js';

const folder = scratchFolders();

/** A picture and a sound that only this number gives. */
const frame = (n: number): Frame => ({ width: 2, height: 1, rgb: Uint8Array.of(n, 2, 3, 4, 5, n) });
const clip = (n: number): AudioClip => ({
  sampleRate: 100,
  samples: Float32Array.from({ length: 100 }, (_, i) => (i === 0 ? n : i) / 128),
});

const shardOf = async (numbers: readonly number[]) =>
  Buffer.concat([
    ...(
      await Promise.all(
        numbers.map(async (n) => [tarMember(`${n}.png`, await encodePng(frame(n))), tarMember(`${n}.wav`, encodeWav(clip(n)))]),
      )
    ).flat(),
    tarEnd,
  ]);

describe('pictures and sounds of shards', () => {
  it('are the ones that were written, many shards and readers at a time, with few files open', async () => {
    const shards: Record<string, Uint8Array> = {};
    for (let i = 0; i < 30; i++) shards[`${String(i).padStart(2, '0')}.tar`] = await shardOf([3 * i, 3 * i + 1, 3 * i + 2]);
    const root = write(folder(), shards);
    const { pairs, problems } = await readPairs(root);
    expect(problems).toEqual([]);
    // Every third: neighbours come from other shards.
    const order = [0, 1, 2].flatMap((first) => pairs.filter((_, i) => i % 3 === first));
    const read = await Promise.all(
      order.map(async ({ picture, sound }) => ({ picture: await openPicture(picture), sound: await openSound(sound) })),
    );
    expect(read).toEqual(order.map(({ id }) => ({ picture: frame(Number(id)), sound: clip(Number(id)) })));
    if (process.platform === 'linux') expect(openBelow(root)).toBeLessThanOrEqual(8);
  });

  it('are the new ones after a shard was replaced and read again, and an error before that', async () => {
    const root = write(folder(), { 'a.tar': await shardOf([1, 2]) });
    const before = await readPairs(root);
    expect(await openPicture(before.pairs[0]!.picture)).toEqual(frame(1));
    write(root, { 'a.new': await shardOf([2, 3]) });
    renameSync(join(root, 'a.new'), join(root, 'a.tar'));
    const after = await readPairs(root);
    expect(await openPicture(after.pairs[1]!.picture)).toEqual(frame(3));
    await expect(openPicture(before.pairs[0]!.picture)).rejects.toThrow(
      /a\.tar: byte 512: expected "1\.png" .* not the one that was indexed/,
    );
  });

  it('say shard and member when they cannot be used', async () => {
    const broken = [
      tarMember('a.png', (await encodePng(frame(1))).subarray(0, 40)),
      tarMember('a.wav', new Uint8Array(3)),
      tarEnd,
    ];
    const root = write(folder(), { 'a.tar': Buffer.concat(broken) });
    const { pairs } = await readPairs(root);
    const name = `${join(root, 'a.tar')}: a`;
    await expect(openPicture(pairs[0]!.picture)).rejects.toMatchObject({
      name: 'MediaError',
      file: `${name}.png`,
      problem: 'corrupt',
    });
    await expect(openSound(pairs[0]!.sound)).rejects.toMatchObject({ name: 'MediaError', file: `${name}.wav` });
    await expect(openPicture(pairs[0]!.picture, { limits: { maxBytes: 39 } })).rejects.toMatchObject({ problem: 'tooLarge' });
    await expect(openPicture({ ...pairs[0]!.picture, path: join(root, 'none.tar') })).rejects.toMatchObject({
      problem: 'missing',
    });
    await expect(openPicture(pairs[0]!.picture, { signal: AbortSignal.abort(new Error('enough')) })).rejects.toThrow('enough');
  });
});

describe('a part of a sound', () => {
  it('begins where the reference says and is no longer than it says', async () => {
    const path = join(write(folder(), { 'a.wav': encodeWav(clip(0)) }), 'a.wav');
    const samples = async (...[ref, options]: Parameters<typeof openSound>) =>
      [...(await openSound(ref, options)).samples].map((v) => v * 128);
    expect(await samples({ path, seconds: 0.5, duration: 0.03 })).toEqual([50, 51, 52]);
    expect(await samples({ path, seconds: 0.5, duration: 0.03 }, { start: 0.01, duration: 1 })).toEqual([51, 52]);
    expect(await samples({ path, seconds: 0.5 }, { duration: 0.02 })).toEqual([50, 51]);
    expect(await samples({ path, seconds: 0.98 })).toEqual([98, 99]);
    await expect(openSound({ path, duration: 0.03 }, { start: 0.03 })).rejects.toThrow('expected a start below 0.03 s');
  });
});

/** How many files of this process lie below a folder. */
const openBelow = (root: string) =>
  readdirSync('/proc/self/fd').filter((fd) => {
    try {
      return readlinkSync(`/proc/self/fd/${fd}`).startsWith(root);
    } catch {
      // Closed since.
      return false;
    }
  }).length;
