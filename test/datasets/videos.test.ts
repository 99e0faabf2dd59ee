import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readPairs } from '../../src/datasets/read.js';
import { empty, scratchFolders, write } from './scratch.js';

const folder = scratchFolders();

describe('a folder of videos', () => {
  it('gives a pair for each, in the order of bytes, with the annotated frame of VGGSound clips', async () => {
    const root = write(folder(), empty('b.mp4', 'sub/a.MKV', 'abcdefghijk_000030.webm', 'README.md', 'a.json', '.hidden.mp4'));
    const set = await readPairs(root);
    expect(set.problems).toEqual([]);
    expect(set.pairs).toEqual([
      {
        id: 'abcdefghijk_000030',
        picture: { path: join(root, 'abcdefghijk_000030.webm'), seconds: 4.96 },
        sound: { path: join(root, 'abcdefghijk_000030.webm') },
      },
      { id: 'b', picture: { path: join(root, 'b.mp4') }, sound: { path: join(root, 'b.mp4') } },
      { id: 'a', picture: { path: join(root, 'sub/a.MKV') }, sound: { path: join(root, 'sub/a.MKV') } },
    ]);
  });

  it('has folders in ids when names repeat, and second videos of a name as problems', async () => {
    const root = write(
      folder(),
      empty('x/1.mp4', 'y/1.mp4', 'y/1.webm', 'abcdefghijk_000030.mp4', 'abcdefghijk_30000_40000.mp4'),
    );
    const set = await readPairs(root);
    expect(set.pairs.map(({ id }) => id)).toEqual(['abcdefghijk_000030', 'x/1', 'y/1']);
    expect(set.problems).toEqual([
      {
        file: join(root, 'abcdefghijk_30000_40000.mp4'),
        reason: 'a second video of one name: the first is abcdefghijk_000030.mp4',
      },
      { file: join(root, 'y/1.webm'), reason: 'a second video of one name: the first is y/1.mp4' },
    ]);
  });
});
