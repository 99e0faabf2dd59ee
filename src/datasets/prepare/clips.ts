/** The input of a run: the clips of all folders and lists given, in order, and the entries that are none. */
import { createHash } from 'node:crypto';
import { statSync } from 'node:fs';
import { basename, dirname, resolve } from 'node:path';
import { readPairs } from '../read.js';
import type { Pair } from '../types.js';
import type { LeftOutEntry } from './journal.js';
import type { Clip } from './pool.js';

export interface Input {
  clips: Clip[];
  /** Entries without a picture or sound. */
  unusable: LeftOutEntry[];
}

/** Reads the inputs (`readPairs`); file names are relative to the folder given, or to the folder of the list. */
export async function readInputs(paths: readonly string[]): Promise<Input> {
  const input: Input = { clips: [], unusable: [] };
  const ids = new Set<string>();
  for (const path of paths) {
    const { pairs, problems } = await readPairs(path);
    const root = statSync(path).isDirectory() ? path : dirname(path);
    for (const { file, reason } of problems) input.unusable.push({ id: '', file, problem: 'unusable', reason });
    for (const pair of pairs) {
      const id = newId(pair.id, basename(resolve(path)), ids);
      input.clips.push({ pair: { ...pair, id }, root });
      ids.add(id);
    }
  }
  return input;
}

/** The id, or, when an earlier input has it, the id with this input's name and a number in front as need be. */
function newId(id: string, input: string, ids: ReadonlySet<string>): string {
  const named = `${input}/${id}`;
  for (let n = 1; ; n++) {
    const candidate = n === 1 ? id : n === 2 ? named : `${n}/${named}`;
    if (!ids.has(candidate)) return candidate;
  }
}

/** SHA-256 of what is to be read, wherever the program is started. */
export function fingerprint(clips: readonly Clip[]): string {
  const hash = createHash('sha256');
  const place = ({ path, ...rest }: Pair['picture']) => ({ path: resolve(path), ...rest });
  for (const { pair } of clips) hash.update(`${JSON.stringify([pair.id, place(pair.picture), place(pair.sound)])}\n`);
  return hash.digest('hex');
}

/**
 * The name of a sample in its shard: the id, without the characters that mean something there (the key of a WebDataset sample ends at
 * its first dot) or on some file system. An id that has any gets eight digits of its SHA-256 too, so that no two share a key.
 */
export function sampleKey(id: string): string {
  const key = [...id.replace(/[^\p{L}\p{M}\p{N}_ ()+,=@~-]/gu, '_')].slice(0, 100).join('');
  return key === id && id !== '' ? key : `${key}-${createHash('sha256').update(id).digest('hex').slice(0, 8)}`;
}
