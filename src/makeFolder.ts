/** Folders for what is written. */
import { mkdir, stat } from 'node:fs/promises';
import { dirname } from 'node:path';

const kindAt = (path: string): Promise<'folder' | 'file' | undefined> =>
  stat(path).then(
    (found) => (found.isDirectory() ? 'folder' : 'file'),
    () => undefined,
  );

/** The folders that have to be made for this one to be there, outermost first. Throws Error where a file is in the way. */
export async function missingFolders(path: string): Promise<string[]> {
  const there = await kindAt(path);
  if (there === 'folder') return [];
  if (there === 'file') throw new Error(`${path} is a file, expected a folder`);
  const parent = dirname(path);
  return [...(parent === path ? [] : await missingFolders(parent)), path];
}

/**
 * Makes a folder with the parents that it lacks, or takes the one that is there. They are made one by one: Node's own recursive `mkdir` never ends where
 * a parent refuses, as below /proc. Throws Error where a file is in the way, or one of them cannot be made.
 */
export async function makeFolder(path: string): Promise<void> {
  for (const folder of await missingFolders(path))
    try {
      await mkdir(folder);
    } catch (error) {
      // Somebody else may have made it in the meantime.
      if ((await kindAt(folder)) !== 'folder')
        throw new Error(`${folder}: cannot be made (${(error as NodeJS.ErrnoException).code})`, { cause: error });
    }
}

/** Before any work. Throws Error where there is no folder in which this file could be written. */
export async function checkFolderOf(path: string): Promise<void> {
  const folder = dirname(path);
  if ((await kindAt(folder)) !== 'folder') throw new Error(`${path}: there is no folder ${folder}: make it first`);
}
