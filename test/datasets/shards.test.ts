import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { reportOf } from '../../src/datasets/problems.js';
import { readPairs } from '../../src/datasets/read.js';
import { tarEnd, tarMember } from '../../src/datasets/tar.js';
import type { MediaRef } from '../../src/datasets/types.js';
import { scratchFolders, write } from './scratch.js';

const folder = scratchFolders();

/** A shard of members whose content is their name. */
const shard = (...names: readonly string[]): Uint8Array =>
  Buffer.concat([...names.map((name) => tarMember(name, new TextEncoder().encode(name))), tarEnd]);

/** What lies where a reference says. */
const textAt = ({ path, member }: MediaRef) =>
  readFileSync(path)
    .subarray(member!.offset, member!.offset + member!.length)
    .toString();

async function readIn(files: Record<string, Uint8Array>, path = '.') {
  const root = write(folder(), files);
  const set = await readPairs(join(root, path));
  return {
    ...set,
    pairs: set.pairs.map(({ id, picture, sound }) => `${id}: ${textAt(picture)} ${textAt(sound)}`),
    problems: set.problems.map(({ file, reason }) => `${file.replace(`${root}/`, '')}: ${reason}`),
  };
}

describe('shards', () => {
  it('give their samples in order, with the number of each shard', async () => {
    const { pairs, problems, shardSizes } = await readIn({
      '1.tar': shard('c.jpg', 'c.json', 'c.wav'),
      '0.tar': shard('b.flac', 'b.PNG', 'a.webp', 'a.mp3'),
      '2.tar': shard(),
      'report.json': new Uint8Array(),
    });
    expect(pairs).toEqual(['b: b.PNG b.flac', 'a: a.webp a.mp3', 'c: c.jpg c.wav']);
    expect(shardSizes).toEqual([2, 1, 0]);
    expect(problems).toEqual([]);
  });

  it('are read one by one as well', async () => {
    const { name, pairs, shardSizes } = await readIn(
      { '0.tar': shard('a.jpg', 'a.wav'), '1.tar': shard('b.jpg', 'b.wav') },
      '1.tar',
    );
    expect({ name, pairs, shardSizes }).toEqual({ name: '1', pairs: ['b: b.jpg b.wav'], shardSizes: [1] });
  });

  it("are grouped by WebDataset's rule: the key ends at the first dot of the file name", async () => {
    const names = [
      'v1.0/a.seg.png',
      'v1.0/a.jpg',
      'v1.0/a.wav',
      'v1.0/a.b/c.jpg',
      'v1.0/a.b/c.wav',
      '__meta__.json',
      'README',
      '.x.jpg',
    ];
    expect((await readIn({ '0.tar': shard(...names) })).pairs).toEqual([
      'v1.0/a: v1.0/a.jpg v1.0/a.wav',
      'v1.0/a.b/c: v1.0/a.b/c.jpg v1.0/a.b/c.wav',
    ]);
  });

  it('give a pair for each of several numbered frames', async () => {
    const { pairs, problems, shardSizes } = await readIn({
      '0.tar': shard('a.0.jpg', 'a.1.jpg', 'a.10.jpg', 'a.wav', 'b.0.jpg', 'b.wav'),
    });
    expect(problems).toEqual([]);
    expect(pairs).toEqual(['a.0: a.0.jpg a.wav', 'a.1: a.1.jpg a.wav', 'a.10: a.10.jpg a.wav', 'b: b.0.jpg b.wav']);
    expect(shardSizes).toEqual([4]);
  });

  it('have problems where a sample lacks something, has it twice, or was there before', async () => {
    const { pairs, problems, shardSizes } = await readIn({
      '0.tar': shard(
        'a.jpg',
        'b.jpg',
        'b.wav',
        'a.wav',
        'c.jpg',
        'c.png',
        'c.wav',
        'd.jpg',
        'd.wav',
        'd.mp3',
        'e.jpg',
        'e.JPG',
        'e.wav',
      ),
      '1.tar': shard('b.jpg', 'b.wav', 'f.0.jpg', 'f.jpg', 'f.wav'),
      '2.tar': shard('g.jpg', 'g.wav').subarray(0, 1800),
      '3.tar.partial': shard('h.jpg', 'h.wav').subarray(0, 2048),
      '4.tar': shard('i.jpg', 'i.wav'),
    });
    expect(pairs).toEqual(['b: b.jpg b.wav', 'i: i.jpg i.wav']);
    expect(shardSizes).toEqual([1, 0, 0, 1]);
    expect(problems).toEqual([
      '0.tar: a: no sound in the sample: expected .wav, .flac, .mp3, .ogg, .opus, .m4a',
      '0.tar: a: a second sample of this key: the first is in 0.tar',
      '0.tar: c: several pictures in one sample that are not numbered: .jpg, .png',
      '0.tar: d: several sounds in one sample: .wav, .mp3',
      '0.tar: e: two members .jpg in one sample',
      '1.tar: b: a second sample of this key: the first is in 0.tar',
      '1.tar: f: several pictures in one sample that are not numbered: .0.jpg, .jpg',
      '2.tar: byte 2048: expected another member or the end marker, the file ends: the archive is truncated or not finished',
      '3.tar.partial: unfinished or compressed shard: expected a name that ends with .tar',
    ]);
  });
});

describe('the report', () => {
  it('counts reasons, the most frequent first, and names the first of each', () => {
    const problems = [
      { file: 'x.tar', reason: 'truncated' },
      ...[1, 2, 3, 4, 5].map((i) => ({ file: `l.csv, line ${i}`, reason: `no such file: ${i}.wav` })),
    ];
    expect(reportOf(problems, 100)).toBe(
      [
        '6 problems in 100 samples:',
        '  5 x no such file',
        '    l.csv, line 1: 1.wav',
        '    l.csv, line 2: 2.wav',
        '    l.csv, line 3: 3.wav',
        '    and 2 more',
        '  1 x truncated',
        '    x.tar',
      ].join('\n'),
    );
    expect(reportOf([], 100)).toBe('');
  });
});
