/** One at a time in a folder: a file that names the process, which stays behind when the process is killed. */
import { randomUUID } from 'node:crypto';
import { linkSync, readFileSync, renameSync, rmSync, unlinkSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';

/** Somebody else is at work in a folder. */
export class LockedError extends Error {
  override name = 'LockedError';
}

interface Owner {
  pid: number;
  host: string;
  /** When the process began (`startOf`), so that a later one with its number is not taken for it. */
  start?: string;
}

/** In ticks since the machine's start, where the system tells it (Linux). */
function startOf(pid: number): string | undefined {
  try {
    // The name of the program, in brackets, may hold anything.
    return readFileSync(`/proc/${pid}/stat`, 'utf8').replace(/^.*\)/s, '').split(' ')[20];
  } catch {
    return undefined;
  }
}

function isAlive({ pid, start }: Owner): boolean {
  try {
    process.kill(pid, 0);
  } catch (error) {
    // EPERM: it lives, and belongs to somebody else.
    if ((error as NodeJS.ErrnoException).code === 'ESRCH') return false;
  }
  return start === startOf(pid);
}

function tryTo<T>(code: string, action: () => T): T | undefined {
  try {
    return action();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === code) return undefined;
    throw error;
  }
}

function ownerIn(text: string): Owner | undefined {
  try {
    return JSON.parse(text) as Owner;
  } catch {
    // Killed between creating the file and writing to it, where `create` must do one after the other.
    return undefined;
  }
}

/** Creates a file with its text in it, never empty in between; false when there is one. `spare` is a name that nobody else uses. */
function create(path: string, text: string, spare: string): boolean {
  try {
    writeFileSync(spare, text);
    linkSync(spare, path);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    // File systems without hard links (FAT, some of the network) have many codes for that; what else is wrong, this finds too.
    return tryTo('EEXIST', () => (writeFileSync(path, text, { flag: 'wx' }), true)) ?? false;
  } finally {
    rmSync(spare, { force: true });
  }
}

/**
 * Takes the lock file at `path`; the function returned gives it back. A lock whose process has ended is taken over. Throws
 * LockedError when its process lives, or was started on another machine, where this one cannot see it; `work` is what it is called.
 */
export function takeLock(path: string, work: string): () => void {
  const mine: Owner = { pid: process.pid, host: hostname(), start: startOf(process.pid) };
  // Not named by the process: containers that share a folder have the same numbers.
  const spare = `${path}.${randomUUID()}`;
  for (;;) {
    if (create(path, JSON.stringify(mine), spare)) return () => rmSync(path, { force: true });
    const text = tryTo('ENOENT', () => readFileSync(path, 'utf8'));
    if (text === undefined) continue;
    const owner = ownerIn(text);
    if (owner && (owner.host !== mine.host || isAlive(owner)))
      throw new LockedError(
        `another ${work} (process ${owner.pid} on ${owner.host}) is working in this folder: wait for it, or choose another folder; ` +
          `if it has ended, delete ${path}`,
      );
    // Two may find the same stale lock: only one can move it away, and who moves the other's new one puts it back.
    if (tryTo('ENOENT', () => (renameSync(path, spare), true))) {
      if (readFileSync(spare, 'utf8') !== text) tryTo('EEXIST', () => linkSync(spare, path));
      unlinkSync(spare);
    }
  }
}
