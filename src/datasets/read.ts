/** One entry to every kind of data set: what is at the path decides. */
import { readdir, stat } from 'node:fs/promises';
import { basename, dirname, extname, join, resolve } from 'node:path';
import { kindOf, withoutExtension } from './extensions.js';
import { inByteOrder } from './files.js';
import { type FrameChoice, readFolders } from './folders.js';
import { readList } from './list.js';
import { readListText } from './listText.js';
import { readShards } from './shards.js';
import { DatasetError, type Pair, type PairSet, type Problem } from './types.js';
import { clipKey } from './vggsound.js';
import { readVideos } from './videos.js';

export interface ReadPairsOptions {
  /** Which picture of a folder of pictures stands for its clip; default the one in the middle. */
  frame?: FrameChoice;
  /** What the paths or ids of a list are relative to; the list's own folder when not given. */
  folder?: string;
}

const expected =
  'expected a list (.csv, .tsv, .json, .jsonl, .txt), a shard (.tar), or a folder with frames/ and audio/, with shards or with videos';

/**
 * The pairs of a data set, in a fixed order. `path` is
 *
 * - a list `.csv`, `.tsv`, `.json`, `.jsonl` of pairs (see `readList`), or `.txt` of ids, one a line, of pairs in `folder`;
 * - a shard `.tar`, or a folder of them (see `readShards`);
 * - a folder with `frames/` and `audio/` (see `readFolders`), or of videos (see `readVideos`).
 *
 * What cannot be used is left out and said in `problems`. Throws DatasetError when there is nothing of that kind at the path or nothing of
 * it can be used.
 */
export async function readPairs(path: string, options: ReadPairsOptions = {}): Promise<PairSet> {
  const set = await read(resolve(path), options);
  if (set.pairs.length > 0) return set;
  const [first] = set.problems;
  const why = first === undefined ? '' : `; the first of ${set.problems.length}: ${first.file}: ${first.reason}`;
  throw new DatasetError(path, `no pair of it can be used${why}`);
}

async function read(path: string, options: ReadPairsOptions): Promise<PairSet> {
  const found = await stat(path).catch((error: NodeJS.ErrnoException) => {
    throw new DatasetError(path, `${expected}; there is none (${error.code ?? error.message})`, { cause: error });
  });
  if (found.isDirectory()) return readFolder(path, options);
  const folder = resolve(options.folder ?? dirname(path));
  switch (extname(path).toLowerCase()) {
    case '.csv':
    case '.tsv':
    case '.json':
    case '.jsonl':
      return readList(path, folder);
    case '.txt':
      return readIds(path, await readFolder(folder, options), folder);
    case '.tar':
      return readShards([path], basename(path, extname(path)));
    default:
      throw new DatasetError(path, `${expected}, got a file "${basename(path)}"`);
  }
}

async function readFolder(root: string, { frame }: ReadPairsOptions): Promise<PairSet> {
  const names = inByteOrder(
    await readdir(root).catch((error: NodeJS.ErrnoException) => {
      throw new DatasetError(root, `expected a folder, it cannot be read (${error.code ?? error.message})`, { cause: error });
    }),
    (name) => name,
  );
  if (names.includes('frames') && names.includes('audio')) return readFolders(root, { frame });
  const shards = names.filter((name) => !name.startsWith('.') && extname(name).toLowerCase() === '.tar');
  const unfinished = names.filter((name) => /\.tar\.[^.]+$/i.test(name));
  if (shards.length + unfinished.length > 0) {
    const set = await readShards(
      shards.map((name) => join(root, name)),
      basename(root),
    );
    const left = unfinished.map(
      (name): Problem => ({
        file: join(root, name),
        reason: 'unfinished or compressed shard: expected a name that ends with .tar',
      }),
    );
    return { ...set, problems: [...set.problems, ...left] };
  }
  const videos = await readVideos(root);
  if (videos.pairs.length > 0 || videos.problems.length > 0) return videos;
  throw new DatasetError(root, `${expected}; in the folder ${contentsOf(names)}`);
}

function contentsOf(names: readonly string[]): string {
  if (names.length === 0) return 'is nothing';
  const more = names.length > 5 ? ` and ${names.length - 5} more` : '';
  return `are ${names.slice(0, 5).join(', ')}${more}`;
}

/**
 * The pairs of `set` that a list of ids names, in the list's order. Ids are compared by `clipKey`; a picture's, sound's or video's
 * extension after one is passed over, as are blank lines. Ids that are not in the set and such that were there before are problems.
 */
async function readIds(path: string, set: PairSet, folder: string): Promise<PairSet> {
  const byKey = new Map(set.pairs.map((pair) => [clipKey(pair.id), pair]));
  const reasons = new Map(set.problems.map(({ file, reason }) => [clipKey(basename(withoutExtension(file))), reason]));
  const pairs: Pair[] = [];
  const problems: Problem[] = [];
  const earlier = new Map<string, number>();
  for (const [i, line] of (await readListText(path)).split(/\r\n|\n/).entries()) {
    const written = line.trim();
    if (written === '') continue;
    const id = kindOf(written) === undefined ? written : withoutExtension(written);
    const key = clipKey(id);
    const problem = (reason: string) => problems.push({ file: `${path}, line ${i + 1}: ${id}`, reason });
    const pair = byKey.get(key);
    const first = earlier.get(key);
    earlier.set(key, first ?? i + 1);
    if (first !== undefined) problem(`the id was there before: in line ${first}`);
    else if (pair !== undefined) pairs.push(pair);
    else problem(reasons.get(key) ?? `no pair of this id in the folder: ${folder}`);
  }
  return { name: basename(path, extname(path)), pairs, problems };
}
