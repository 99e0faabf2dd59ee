/** Files that are written whole or not at all. */
import { randomUUID } from 'node:crypto';
import { open, rename, rm, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';

/** A name beside the file that it will take once it is whole. */
export const temporaryPath = (path: string): string => join(dirname(path), `.${basename(path)}.${randomUUID()}.tmp`);

const reasons: Readonly<Record<string, string>> = {
  ENOENT: 'its folder is not there',
  EISDIR: 'it is a folder, expected a file',
  ENOTDIR: 'what should be its folder is a file',
};

/** The system's error in words that name the file itself, with the system's code. */
function writeError(path: string, error: NodeJS.ErrnoException): Error {
  const { code } = error;
  if (code === undefined) return error;
  const reason = Object.hasOwn(reasons, code) ? `: ${reasons[code]}` : '';
  return Object.assign(new Error(`${path} cannot be written${reason} (${code})`, { cause: error }), { code });
}

/**
 * Writes a file under a temporary name in the same folder, and gives it its own when it is safely on disk. Throws an error with the system's `code`
 * when that cannot be done; a file that was there before is then untouched, and nothing is left behind.
 */
export async function writeWhole(path: string, content: string | Iterable<Uint8Array>): Promise<void> {
  const temporary = temporaryPath(path);
  try {
    const file = await open(temporary, 'wx');
    try {
      await writeFile(file, content);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true }).catch(() => {});
    throw writeError(path, error as NodeJS.ErrnoException);
  }
}
