import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { type FileOf, sameFiles } from '../../src/datasets/sameFiles.js';
import { scratchFolders, write } from './scratch.js';

const root = write(scratchFolders()(), {
  a: 'same bytes',
  b: 'same bytes',
  c: 'same bytez',
  d: 'other length',
  empty: '',
  nothing: '',
  tar: 'xxxsame bytesyyysame bytez',
});
const file = (name: string, member?: [offset: number, length: number]): FileOf => ({
  id: name,
  what: 'sound',
  ref: { path: join(root, name), ...(member && { member: { name, offset: member[0], length: member[1] } }) },
});

describe('sameFiles', () => {
  it('finds equal bytes, reads only what may be equal, and tells how far it is', async () => {
    const steps: [number, number][] = [];
    const onProgress = (done: number, total: number) => steps.push([done, total]);
    const pairs = await sameFiles(
      ['a', 'd', 'empty'].map((name) => file(name)),
      ['b', 'c', 'b', 'nothing'].map((name) => file(name)),
      {
        onProgress,
      },
    );
    expect(pairs.map(({ file, equal }) => [file.id, equal.map(({ id }) => id)])).toEqual([['a', ['b', 'b']]]);
    expect(steps).toEqual([
      [0, 3],
      [1, 3],
      [2, 3],
      [3, 3],
    ]);
  });

  it('compares members of shards', async () => {
    const pairs = await sameFiles([file('tar', [3, 10]), file('tar', [16, 10]), file('tar', [0, 10])], [file('a'), file('c')]);
    expect(pairs.map(({ file, equal }) => [file.ref.member!.offset, equal[0]!.id])).toEqual([
      [3, 'a'],
      [16, 'c'],
    ]);
  });

  it('says which file cannot be read, and can be aborted', async () => {
    await expect(sameFiles([file('a')], [file('none')])).rejects.toThrow(/none: cannot be read \(ENOENT\)/);
    await expect(sameFiles([file('a')], [file('b')], { signal: AbortSignal.abort(new Error('enough')) })).rejects.toThrow(
      'enough',
    );
  });
});
