/** Folders made with their parents, and what is said where that cannot be done. */
import { existsSync, mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { makeFolder } from '../src/makeFolder.js';
import { writeWhole } from '../src/wholeFile.js';

let root: string;
beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), 'folder-'));
  writeFileSync(join(root, 'file'), 'kept');
  mkdirSync(join(root, 'there'));
});
afterAll(() => rmSync(root, { recursive: true }));

describe('makeFolder', () => {
  it('makes what is missing, or takes what is there, also when several ask', async () => {
    const paths = ['a/b/c', 'a/b/d', 'a/b/c', 'there'].map((path) => join(root, path));
    await Promise.all(paths.map(makeFolder));
    expect(paths.every((path) => statSync(path).isDirectory())).toBe(true);
  });

  it.each(['file', join('file', 'below'), join('file', 'below', 'it')])('names the file in the way of %s', async (path) => {
    await expect(makeFolder(join(root, path))).rejects.toThrow(`${join(root, 'file')} is a file, expected a folder`);
  });

  it.runIf(existsSync('/proc/self'))('ends where no folder can be made', async () => {
    await expect(makeFolder('/proc/none/below')).rejects.toThrow('/proc/none: cannot be made (ENOENT)');
  });
});

describe('writeWhole names the file itself', () => {
  it.each([
    [join('none', 'page'), 'its folder is not there (ENOENT)'],
    ['there', 'it is a folder, expected a file (EISDIR)'],
    [join('file', 'page'), 'what should be its folder is a file (ENOTDIR)'],
  ])('%s', async (name, reason) => {
    const path = join(root, name);
    const error: NodeJS.ErrnoException = await writeWhole(path, 'text').then(
      () => expect.fail('written'),
      (thrown) => thrown,
    );
    expect(error.message).toBe(`${path} cannot be written: ${reason}`);
    expect(reason).toContain(error.code);
  });
});
