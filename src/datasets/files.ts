/** Which files there are: below a folder, or of those that a list names. */
import { readdir, realpath, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { DatasetError, type Problem } from './types.js';

/** More files than any data set has: what stops a folder whose links multiply themselves. */
export const maxFiles = 10_000_000;
/** Folders read at the same time; the file system's threads are few anyway. */
const foldersAtOnce = 32;

interface Folder {
  /** Relative to the root, with forward slashes; '' is the root. */
  path: string;
  real: string;
  parent?: Folder;
}

/**
 * Every file below `root`, as paths relative to it with forward slashes, in the order of their UTF-8 bytes. Names that begin with a dot
 * are passed over; links are followed, except to a folder that one is already in. Links to nothing and folders that cannot be read are
 * problems. Throws DatasetError when `root` itself cannot be read.
 */
export async function filesBelow(root: string): Promise<{ files: string[]; problems: Problem[] }> {
  const files: string[] = [];
  const problems: Problem[] = [];
  const real = await realpath(root).catch((error: NodeJS.ErrnoException) => {
    throw new DatasetError(root, `expected a folder, it cannot be read (${error.code ?? error.message})`, { cause: error });
  });
  let level: Folder[] = [{ path: '', real }];
  while (level.length > 0) {
    const next: Folder[] = [];
    for (let i = 0; i < level.length; i += foldersAtOnce)
      await Promise.all(level.slice(i, i + foldersAtOnce).map((folder) => list(root, folder, files, next, problems)));
    if (files.length + next.length > maxFiles) throw new DatasetError(root, `more than ${maxFiles} files and folders`);
    level = next;
  }
  return { files: inByteOrder(files, (path) => path), problems: inByteOrder(problems, ({ file }) => file) };
}

async function list(root: string, folder: Folder, files: string[], folders: Folder[], problems: Problem[]): Promise<void> {
  const entries = await readdir(join(root, folder.path), { withFileTypes: true }).catch((error: NodeJS.ErrnoException) => {
    problems.push({ file: join(root, folder.path), reason: `the folder cannot be read: ${error.code ?? error.message}` });
    return [];
  });
  for (const entry of entries) {
    if (entry.name.startsWith('.')) continue;
    const path = folder.path === '' ? entry.name : `${folder.path}/${entry.name}`;
    if (entry.isFile()) files.push(path);
    else if (entry.isDirectory()) folders.push({ path, real: join(folder.real, entry.name), parent: folder });
    else if (entry.isSymbolicLink()) {
      const target = await stat(join(root, path)).catch(() => undefined);
      if (target === undefined) problems.push({ file: join(root, path), reason: 'a link to nothing' });
      else if (target.isFile()) files.push(path);
      else if (target.isDirectory()) {
        const real = await realpath(join(root, path));
        if (!within(folder, real)) folders.push({ path, real, parent: folder });
      }
    }
  }
}

function within(folder: Folder, real: string): boolean {
  for (let at: Folder | undefined = folder; at !== undefined; at = at.parent) if (at.real === real) return true;
  return false;
}

/** Sorted by the UTF-8 bytes of the names: the same everywhere, whatever the locale. */
export function inByteOrder<T>(items: readonly T[], nameOf: (item: T) => string): T[] {
  // JavaScript compares UTF-16 units; bytes read as Latin-1 compare as bytes do.
  const keyed = items.map((item) => ({ item, key: Buffer.from(nameOf(item)).toString('latin1') }));
  return keyed.sort((a, b) => (a.key < b.key ? -1 : Number(a.key > b.key))).map(({ item }) => item);
}

/** Which of `paths` are files, or links to files. Reads the few folders they are in instead of asking for each file. */
export async function existing(paths: Iterable<string>): Promise<Set<string>> {
  const byFolder = new Map<string, string[]>();
  for (const path of paths) {
    const folder = dirname(path);
    const others = byFolder.get(folder);
    if (others === undefined) byFolder.set(folder, [path]);
    else others.push(path);
  }
  const found = new Set<string>();
  const look = async ([folder, files]: [string, string[]]) => {
    const entries = await readdir(folder, { withFileTypes: true }).catch(() => []);
    const names = new Set(entries.filter((entry) => entry.isFile()).map(({ name }) => name));
    const others: string[] = [];
    for (const file of files) {
      if (names.has(basename(file))) found.add(file);
      else others.push(file);
    }
    if (others.length === 0) return;
    // A link may lead to a file, and the file system may know a name in another case or Unicode form: it has the last word, but is
    // asked only where that can be.
    const alike = new Set(entries.map(({ name }) => likeness(name)));
    for (const file of others)
      if (alike.has(likeness(basename(file))) && (await stat(file).catch(() => undefined))?.isFile()) found.add(file);
  };
  const folders = [...byFolder];
  for (let i = 0; i < folders.length; i += foldersAtOnce) await Promise.all(folders.slice(i, i + foldersAtOnce).map(look));
  return found;
}

const likeness = (name: string) => name.normalize('NFC').toLowerCase();
