/** Folders for what is written. */
import { mkdir, stat } from 'node:fs/promises';
import { dirname } from 'node:path';

const kindAt = (path: string): Promise<'folder' | 'file' | undefined> =>
  stat(path).then(
    (found) => (found.isDirectory() ? 'folder' : 'file'),
    () => undefined,
  );

/**
 * Makes a folder with the parents that it lacks, or takes the one that is there. They are made one by one: Node's own recursive `mkdir` never ends where
 * a parent refuses, as below /proc. Throws Error where a file is in the way, or one of them cannot be made.
 */
export async function makeFolder(path: string): Promise<void> {
  const there = await kindAt(path);
  if (there === 'folder') return;
  if (there === 'file') throw new Error(`${path} is a file, expected a folder`);
  const parent = dirname(path);
  if (parent !== path) await makeFolder(parent);
  try {
    await mkdir(path);
  } catch (error) {
    // Somebody else may have made it in the meantime.
    if ((await kindAt(path)) === 'folder') return;
    throw new Error(`${path}: cannot be made (${(error as NodeJS.ErrnoException).code})`, { cause: error });
  }
}
