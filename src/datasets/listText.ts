/** The text of a list, whoever wrote it. */
import { readFile, stat } from 'node:fs/promises';
import { DatasetError } from './types.js';

/** Bytes; ten million short lines. */
const maxListBytes = 100 * 2 ** 20;

/** A list's text without byte order mark. Throws DatasetError when it is larger than 100 MiB, cannot be read or is not UTF-8. */
export async function readListText(path: string): Promise<string> {
  try {
    const { size } = await stat(path);
    if (size > maxListBytes) throw new DatasetError(path, `${size} bytes are more than a list may have (${maxListBytes})`);
    return new TextDecoder('utf-8', { fatal: true }).decode(await readFile(path));
  } catch (error) {
    if (error instanceof DatasetError) throw error;
    if (error instanceof TypeError) throw new DatasetError(path, 'expected text in UTF-8; save it as such', { cause: error });
    throw new DatasetError(path, `the list cannot be read (${(error as Error).message})`, { cause: error });
  }
}
