/** A list of pairs: CSV, TSV, JSON or JSON lines. */
import { basename, extname, resolve, sep } from 'node:path';
import { z } from 'zod';
import { csvRows } from './csv.js';
import { kindOf, withoutExtension } from './extensions.js';
import { existing, maxFiles } from './files.js';
import { commonFolder, uniqueIds } from './ids.js';
import { readListText } from './listText.js';
import { DatasetError, type MediaRef, type Pair, type PairSet, type Problem } from './types.js';
import { frameOf } from './videos.js';

/** The names that a column or key may have, the first of them before the others. */
const fieldNames = {
  picture: ['image', 'picture', 'frame'],
  sound: ['audio', 'sound'],
  video: ['video'],
  start: ['start'],
  seconds: ['seconds'],
} as const;

type Field = keyof typeof fieldNames;
const fields = Object.keys(fieldNames) as Field[];

const time = z.preprocess((value) => (typeof value === 'string' ? Number(value) : value), z.number().nonnegative());
const entrySchema = z.object({
  picture: z.string().optional(),
  sound: z.string().optional(),
  video: z.string().optional(),
  start: time.optional(),
  seconds: time.pipe(z.number().positive()).optional(),
});

/** An entry as it is written: where, and its values by field. */
interface Entry {
  /** `line 3`, `entry 3`. */
  at: string;
  values: Partial<Record<Field, unknown>>;
}

/** A list's entry with its paths resolved; `key` tells it from others. */
interface Found extends Pick<Pair, 'picture' | 'sound'> {
  at: string;
  key: string;
}

/**
 * Reads a list. Paths are relative to `folder`. An entry has
 *
 * - `image` (or `picture`, `frame`): a picture's file, or a video's; - `audio` (or `sound`): a sound's file;
 * - `video`: a video's file, which stands for whichever of the two is not given;
 * - `start`: where in the sound or video its clip begins, in seconds, 0 when not given; `seconds`: how long the clip is, to the end when not
 *   given. The picture of a video is the frame in the clip's middle; with `start` alone the one at `start`; with neither that of
 *   `frameOf`.
 *
 * CSV and TSV name the columns in the first line, JSON is an array of objects, JSON lines an object a line; upper and lower case are the
 * same and other columns and keys (boxes, categories) are not looked at. Ids are the pictures' names without extension where that tells
 * the pairs apart, otherwise with their folders, or with the sounds' names. Entries without a picture or sound, with values that are none,
 * with missing files, or that repeat an earlier one are problems. Throws DatasetError when the list cannot be read, is no such list or has
 * no entries.
 */
export async function readList(path: string, folder: string): Promise<PairSet> {
  const text = await readListText(path);
  const problems: Problem[] = [];
  const found: Found[] = [];
  const earlier = new Map<string, string>();
  let entries = 0;
  for (const entry of entriesOf(path, text)) {
    if (++entries > maxFiles) throw new DatasetError(path, `more than ${maxFiles} entries`);
    const pair = typeof entry.values === 'string' ? entry.values : resolved(entry as Entry, folder);
    if (typeof pair === 'string') {
      problems.push({ file: `${path}, ${entry.at}`, reason: pair });
      continue;
    }
    const first = earlier.get(pair.key);
    if (first === undefined) found.push(pair);
    else problems.push({ file: `${path}, ${entry.at}`, reason: `the pair was there before: in ${first}` });
    earlier.set(pair.key, first ?? entry.at);
  }
  if (entries === 0) throw new DatasetError(path, 'the list has no entries');

  const files = await existing(found.flatMap(({ picture, sound }) => [picture.path, sound.path]));
  const ids = idsOf(found);
  const pairs: Pair[] = [];
  found.forEach(({ at, picture, sound }, i) => {
    const missing = [...new Set([picture.path, sound.path])].filter((file) => !files.has(file));
    for (const file of missing) problems.push({ file: `${path}, ${at}`, reason: `no such file: ${file}` });
    if (missing.length === 0) pairs.push({ id: ids[i]!, picture, sound });
  });
  return { name: basename(path, extname(path)), pairs, problems };
}

/** The entries of a list's text; for one that cannot be read, what is wrong with it. */
function* entriesOf(path: string, text: string): Generator<{ at: string; values: Entry['values'] | string }> {
  switch (extname(path).toLowerCase()) {
    case '.json':
      return yield* jsonEntries(path, text);
    case '.jsonl':
      return yield* jsonLineEntries(text);
    case '.tsv':
      return yield* csvEntries(path, text, '\t');
    default:
      return yield* csvEntries(path, text, ',');
  }
}

function* csvEntries(
  path: string,
  text: string,
  separator: ',' | '\t',
): Generator<{ at: string; values: Entry['values'] | string }> {
  let columns: Map<Field, number> | undefined;
  let width = 0;
  try {
    for (const { line, fields: row } of csvRows(text, separator)) {
      if (columns === undefined) {
        columns = columnsOf(path, line, row);
        width = row.length;
      } else if (row.length !== width)
        yield { at: `line ${line}`, values: `a row of another length: ${row.length} fields, the header has ${width}` };
      else yield { at: `line ${line}`, values: Object.fromEntries([...columns].map(([field, i]) => [field, row[i]!.trim()])) };
    }
  } catch (error) {
    throw error instanceof SyntaxError ? new DatasetError(path, error.message) : error;
  }
}

/** Which column holds which field. */
function columnsOf(path: string, line: number, header: readonly string[]): Map<Field, number> {
  const names = header.map((name) => name.trim().toLowerCase());
  const columns = new Map<Field, number>();
  for (const field of fields) {
    const name = fieldNames[field].find((candidate) => names.includes(candidate));
    if (name !== undefined) columns.set(field, names.indexOf(name));
  }
  if (!columns.has('video') && !(columns.has('picture') && columns.has('sound')))
    throw new DatasetError(
      path,
      `line ${line}: expected a header with the columns image,audio or video, got ${JSON.stringify(header.join())}`,
    );
  return columns;
}

function* jsonEntries(path: string, text: string): Generator<{ at: string; values: Entry['values'] | string }> {
  let list: unknown;
  try {
    list = JSON.parse(text);
  } catch (error) {
    throw new DatasetError(path, `expected JSON: ${(error as Error).message}`, { cause: error });
  }
  if (!Array.isArray(list)) throw new DatasetError(path, `expected an array of {"image": ..., "audio": ...}, got ${typeof list}`);
  for (const [i, entry] of list.entries()) yield { at: `entry ${i + 1}`, values: valuesOf(entry) };
}

function* jsonLineEntries(text: string): Generator<{ at: string; values: Entry['values'] | string }> {
  for (const [i, line] of text.split('\n').entries()) {
    if (line.trim() === '') continue;
    let entry: unknown;
    try {
      entry = JSON.parse(line);
    } catch (error) {
      yield { at: `line ${i + 1}`, values: `expected JSON: ${(error as Error).message}` };
      continue;
    }
    yield { at: `line ${i + 1}`, values: valuesOf(entry) };
  }
}

function valuesOf(entry: unknown): Entry['values'] | string {
  if (typeof entry !== 'object' || entry === null || Array.isArray(entry))
    return 'expected an object {"image": ..., "audio": ...}';
  const byName = new Map(Object.entries(entry).map(([key, value]) => [key.toLowerCase(), value as unknown]));
  return Object.fromEntries(fields.map((field) => [field, byName.get(fieldNames[field].find((name) => byName.has(name)) ?? '')]));
}

/** An entry with its paths resolved, or what is wrong with it. */
function resolved({ at, values }: Entry, folder: string): Found | string {
  const given = Object.fromEntries(Object.entries(values).filter(([, value]) => value !== '' && value !== null));
  const parsed = entrySchema.safeParse(given);
  if (!parsed.success) {
    const { path, message } = parsed.error.issues[0]!;
    return `${path.join('.')} is not valid: ${message}`;
  }
  const { picture, sound, video, start, seconds } = parsed.data;
  const [pictureFile, soundFile] = [picture ?? video, sound ?? video];
  if (pictureFile === undefined) return 'no picture: expected image or video';
  if (soundFile === undefined) return 'no sound: expected audio or video';
  const isVideo = picture === undefined || kindOf(picture) === 'video';
  const path = resolve(folder, pictureFile);
  const pictureRef = isVideo ? frameIn(path, start, seconds) : { path };
  const soundRef: MediaRef = {
    path: resolve(folder, soundFile),
    ...(start !== undefined && { seconds: start }),
    ...(seconds !== undefined && { duration: seconds }),
  };
  return { at, picture: pictureRef, sound: soundRef, key: JSON.stringify([pictureRef, soundRef]) };
}

function frameIn(path: string, start: number | undefined, seconds: number | undefined): MediaRef {
  return start === undefined && seconds === undefined ? frameOf(path) : { path, seconds: (start ?? 0) + (seconds ?? 0) / 2 };
}

function idsOf(found: readonly Found[]): string[] {
  const folder = commonFolder(found.flatMap(({ picture, sound }) => [slashes(picture.path), slashes(sound.path)]));
  const below = (path: string) => slashes(path).slice(folder.length);
  const stem = (path: string) => withoutExtension(basename(path));
  const clip = ({ seconds, duration }: MediaRef) =>
    seconds === undefined && duration === undefined ? '' : `@${seconds ?? 0}+${duration ?? ''}`;
  return uniqueIds(found, [
    ({ picture }) => stem(picture.path),
    ({ picture }) => withoutExtension(below(picture.path)),
    ({ picture, sound }) => `${stem(picture.path)}+${stem(sound.path)}${clip(sound)}`,
    ({ picture, sound }) => `${below(picture.path)}+${below(sound.path)}${clip(sound)}`,
  ]);
}
const slashes = (path: string) => (sep === '/' ? path : path.replaceAll(sep, '/'));
