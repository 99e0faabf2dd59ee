/** Lists of ids: one a line, or in the first column of a CSV without header, as the published lists of clips are. */

import { writeWhole } from '../wholeFile.js';
import { kindOf, withoutExtension } from './extensions.js';
import { readListText } from './listText.js';
import { DatasetError } from './types.js';
import { clipKey } from './vggsound.js';

export interface ListedId {
  id: string;
  /** From 1. */
  line: number;
}

/**
 * The ids of a list, in its order: each line up to its first comma or tab, without quotes around it and without the extension of a
 * picture, sound or video. Blank lines and lines that begin with `#` are passed over. Throws DatasetError when the list cannot be read or
 * has no ids.
 */
export async function readIdList(path: string): Promise<ListedId[]> {
  const ids: ListedId[] = [];
  for (const [i, line] of linesOf(await readListText(path)).entries()) {
    if (line.startsWith('#')) continue;
    const field = line
      .split(/[,\t]/, 1)[0]!
      .trim()
      .replace(/^"(.*)"$/, '$1');
    if (field !== '') ids.push({ id: kindOf(field) === undefined ? field : withoutExtension(field), line: i + 1 });
  }
  if (ids.length === 0) throw new DatasetError(path, 'the list has no ids: expected one a line');
  return ids;
}

/**
 * Writes a list without the lines of some ids, in either form of VGGSound's names: whole or not at all, and everything else in it as it
 * is. Gives how many ids the list has, and how many of them were written. Throws the system's error when the file cannot be written; one
 * that was there before is then untouched.
 */
export async function writeIdsWithout(
  list: string,
  without: ReadonlySet<string>,
  path: string,
): Promise<{ ids: number; written: number }> {
  const keys = new Set([...without].map(clipKey));
  const ids = await readIdList(list);
  const dropped = new Set(ids.filter(({ id }) => keys.has(clipKey(id))).map(({ line }) => line));
  const lines = linesOf(await readListText(list)).filter((_, i) => !dropped.has(i + 1));
  await writeWhole(path, lines.join('\n'));
  return { ids: ids.length, written: ids.length - dropped.size };
}

const linesOf = (text: string) => text.split(/\r\n|\n/);
