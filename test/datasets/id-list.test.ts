import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readIdList, writeIdsWithout } from '../../src/datasets/idList.js';
import { scratchFolders, write } from './scratch.js';

const folder = scratchFolders();
const list = (text: string) => join(write(folder(), { 'l.txt': text }), 'l.txt');

describe('readIdList', () => {
  it('takes the first column, with the line it is in', async () => {
    const text = '\ufeffa\r\n\n# b\n  c.d , 7\n"e",f\n-_x.JPG\tdog\ng.wav\n';
    expect(await readIdList(list(text))).toEqual([
      { id: 'a', line: 1 },
      { id: 'c.d', line: 4 },
      { id: 'e', line: 5 },
      { id: '-_x', line: 6 },
      { id: 'g', line: 7 },
    ]);
  });

  it('refuses a list without ids and one that is not there', async () => {
    await expect(readIdList(list('\n#a\n,b\n'))).rejects.toThrow('the list has no ids: expected one a line');
    await expect(readIdList('none.txt')).rejects.toThrow('none.txt: the list cannot be read');
  });
});

describe('writeIdsWithout', () => {
  it('leaves lines out, in either form of the names, and everything else as it is', async () => {
    const from = list('# made by hand\nabcdefghijk_000030,dog\n  b\n\nABCDEFGHIJK_000001\nabcdefghijk_000031\n');
    const to = join(from, '..', 'out.txt');
    expect(await writeIdsWithout(from, new Set(['abcdefghijk_30000_40000', 'b', 'z']), to)).toEqual({ ids: 4, written: 2 });
    expect(readFileSync(to, 'utf8')).toBe('# made by hand\n\nABCDEFGHIJK_000001\nabcdefghijk_000031\n');
  });

  it('leaves nothing behind when it fails', async () => {
    const from = list('a\n');
    await expect(writeIdsWithout(from, new Set(), join(from, '..', 'no', 'out.txt'))).rejects.toThrow('ENOENT');
    const root = write(folder(), { 'out/in.txt': '' });
    await expect(writeIdsWithout(from, new Set(), join(root, 'out'))).rejects.toThrow(/EISDIR|ENOTEMPTY|EPERM|EEXIST/);
    expect(readdirSync(root)).toEqual(['out']);
    expect(existsSync(join(root, 'out/in.txt'))).toBe(true);
  });
});
