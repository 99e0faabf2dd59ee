/** Which clips of a benchmark a training set has too: by their names, by the time in their videos, and by the bytes of their files. */
import { extname, posix } from 'node:path';
import { annotatedSamples, type BenchmarkName, readBenchmark } from './benchmarks/index.js';
import { MediaBelow } from './benchmarks/mediaBelow.js';
import type { BenchmarkSample } from './benchmarks/types.js';
import { csvRows } from './csv.js';
import { withoutExtension } from './extensions.js';
import { readIdList } from './idList.js';
import { readListText } from './listText.js';
import { readPairs } from './read.js';
import { type FileOf, sameFiles } from './sameFiles.js';
import { DatasetError, type MediaRef, type Pair } from './types.js';
import { clipKey, parseVggSound } from './vggsound.js';

export interface LeakOptions {
  /** What the test annotations are of; not set for a list of ids, and for vggss.json, which says it by itself. */
  benchmark?: BenchmarkName;
  /** For the extended sets, as in `readBenchmark`. */
  extended?: string;
  /** Where the files of both sets lie: given together, files are compared too. */
  folders?: { train: string; test: string };
  signal?: AbortSignal;
  /** Files whose content has been read. */
  onProgress?: (done: number, total: number) => void;
}

/** A test clip and the training clips it is found in. */
export interface Leak {
  test: string;
  train: string[];
}

export interface Leaks {
  /** Clips of each set. */
  train: number;
  test: number;
  /** Whether names of VGGSound are in each: of other names only equal ones are known to be the same. */
  vggSound: { train: boolean; test: boolean };
  /** The same clip by its name, in either form of VGGSound's. */
  byId: Leak[];
  /** Another clip of the same video: seconds that both have in common, `null` when a name does not tell. */
  sameVideo: (Leak & { overlap: number | null })[];
  /** The same bytes, when files were compared, and how many clips of each set had none to compare. */
  byContent?: (Leak & { what: 'picture' | 'sound' })[];
  withoutFiles?: { train: number; test: number };
}

interface Clip {
  id: string;
  /** What it may be called in another set. */
  names: readonly string[];
  files: readonly FileOf[];
}

/**
 * Looks for the clips of a benchmark in a training set. `train` is a list of ids (`.txt`, or `.csv` without a header of `readList`), or
 * anything `readPairs` reads; `test` the annotations of a benchmark, or a list of ids. Of a sample of the extended sets the picture and the
 * sound count. Throws DatasetError when one of them cannot be read.
 */
export async function findLeaks(train: string, test: string, options: LeakOptions = {}): Promise<Leaks> {
  const { folders, signal, onProgress } = options;
  const [trainClips, testClips] = [await trainingClips(train, folders?.train), await benchmarkClips(test, options)];
  signal?.throwIfAborted();
  const byName = group(trainClips, ({ names }) => names.map(clipKey));
  const byVideo = group(trainClips, ({ names }) => names.flatMap((name) => parseVggSound(name)?.video ?? []));

  const byId: Leaks['byId'] = [];
  const sameVideo: Leaks['sameVideo'] = [];
  for (const { id, names } of testClips) {
    const same = new Set(names.flatMap((name) => byName.get(clipKey(name)) ?? []));
    if (same.size > 0) byId.push({ test: id, train: [...same].map((clip) => clip.id) });
    const others = new Set(names.flatMap(videosIn).flatMap((video) => byVideo.get(video) ?? []));
    for (const other of others)
      if (!same.has(other)) sameVideo.push({ test: id, train: [other.id], overlap: overlapOf(names, other.names) });
  }
  const leaks: Leaks = {
    train: trainClips.length,
    test: testClips.length,
    vggSound: {
      train: byVideo.size > 0,
      test: testClips.some(({ names }) => names.some((name) => parseVggSound(name) !== undefined)),
    },
    byId,
    sameVideo,
  };
  if (folders === undefined) return leaks;
  const without = (clips: readonly Clip[]) => clips.filter(({ files }) => files.length === 0).length;
  const pairs = await sameFiles(
    testClips.flatMap(({ files }) => files),
    trainClips.flatMap(({ files }) => files),
    { signal, onProgress },
  );
  const byContent = pairs.map(({ file: { id, what }, equal }) => ({
    test: id,
    train: [...new Set(equal.map((file) => file.id))],
    what,
  }));
  return { ...leaks, byContent, withoutFiles: { train: without(trainClips), test: without(testClips) } };
}

/** Ids of training clips with something of the benchmark in them: other parts of a video count when they overlap. */
export function leakedIds({ byId, sameVideo, byContent = [] }: Leaks): Set<string> {
  const overlapping = sameVideo.filter(({ overlap }) => overlap !== null && overlap > 0);
  return new Set([...byId, ...overlapping, ...byContent].flatMap(({ train }) => train));
}

/** Whether `path` is a list of ids: a text file, or a CSV whose first row does not name the columns of a list of pairs. */
export async function isIdList(path: string): Promise<boolean> {
  const extension = extname(path).toLowerCase();
  if (extension !== '.csv' && extension !== '.tsv') return extension === '.txt';
  const columns = ['image', 'picture', 'frame', 'audio', 'sound', 'video'];
  try {
    const { value: header } = csvRows(await readListText(path), extension === '.csv' ? ',' : '\t').next();
    return !header?.fields.some((name: string) => columns.includes(name.trim().toLowerCase()));
  } catch (error) {
    throw error instanceof SyntaxError ? new DatasetError(path, error.message) : error;
  }
}

async function trainingClips(path: string, folder: string | undefined): Promise<Clip[]> {
  if (await isIdList(path)) return listedClips(path, folder);
  const { pairs } = await readPairs(path, { folder });
  return pairs.map((pair) => ({ id: pair.id, names: namesOfPair(pair), files: filesOf(pair) }));
}

/** The files that go by the names of a list's clips, where there is a folder of them. */
async function listedClips(path: string, folder: string | undefined): Promise<Clip[]> {
  const media = folder === undefined ? undefined : await MediaBelow.list(folder);
  const unique = new Map((await readIdList(path)).map(({ id }) => [clipKey(id), id]));
  return [...unique.values()].map((id) => {
    const [picture, sound] = [media?.find(`frames/${id}.jpg`, 'picture'), media?.find(`audio/${id}.wav`, 'sound')];
    return {
      id,
      names: [posix.basename(id)],
      files: filesOf({
        id,
        ...(typeof picture === 'string' && { picture: { path: picture } }),
        ...(typeof sound === 'string' && { sound: { path: sound } }),
      }),
    };
  });
}

async function benchmarkClips(path: string, { benchmark, extended, folders, signal }: LeakOptions): Promise<Clip[]> {
  const name = benchmark ?? (await guessed(path));
  if (name === undefined) return listedClips(path, folders?.test);
  const options = { annotations: path, extended, signal };
  const samples = await annotatedSamples(name, options);
  // Names are compared of all that is annotated, files of what there is.
  const there = folders === undefined ? [] : (await readBenchmark(name, { ...options, data: folders.test })).samples;
  const withFiles = new Map(there.map((sample) => [sample.id, sample]));
  return samples.map(({ id, publishedName, annotation }) => ({
    id,
    names: [...new Set([id, publishedName, ...(annotation.kind === 'nonSounding' ? id.split('+') : [])])],
    files: filesOf(withFiles.get(id) ?? { id }),
  }));
}

/** Which benchmark annotations are of; undefined for a list of ids. */
async function guessed(path: string): Promise<BenchmarkName | undefined> {
  if (extname(path).toLowerCase() === '.json') {
    if (/^\s*\[\s*\{(?=[^{}]*"file")[^{}]*"bbox"/.test((await readListText(path)).slice(0, 1000))) return 'vggss';
  } else if (await isIdList(path)) return undefined;
  throw new DatasetError(
    path,
    'expected a list of ids (.txt, .csv) or vggss.json; for other annotations say which benchmark they are of',
  );
}

const filesOf = ({ id, picture, sound }: Pick<BenchmarkSample, 'id' | 'picture' | 'sound'>): FileOf[] => [
  ...(picture ? [{ id, what: 'picture' as const, ref: picture }] : []),
  ...(sound ? [{ id, what: 'sound' as const, ref: sound }] : []),
];

/**
 * A pair's id, and the names of its files and their folders (`CLIP/image_050.jpg`) where these are clips of VGGSound: other files of two
 * sets may have the same name and be different.
 */
function namesOfPair({ id, picture, sound }: Pair): string[] {
  const files = [picture, sound].map(({ path, member }: MediaRef) => (member?.name ?? path).replaceAll('\\', '/'));
  const names = files.flatMap((file) => [withoutExtension(posix.basename(file)), posix.basename(posix.dirname(file))]);
  return [...new Set([id, ...names.filter((name) => parseVggSound(name))])];
}

/** The videos that a name speaks of: in a clip's name, or as a part of a path, as the frames of AVSBench are called. */
function videosIn(name: string): string[] {
  const clip = parseVggSound(posix.basename(name));
  if (clip !== undefined) return [clip.video];
  return name.split('/').flatMap((part) => /^([\w-]{11})(?:_\d{1,2})?$/.exec(part)?.[1] ?? []);
}

/** Seconds that the clips of two sets of names have in common; null when one of them has none of a clip. */
function overlapOf(names: readonly string[], others: readonly string[]): number | null {
  let most: number | null = null;
  for (const a of names.map(parseVggSound))
    for (const b of others.map(parseVggSound))
      if (a !== undefined && a.video === b?.video)
        most = Math.max(most ?? 0, (Math.min(a.end, b.end) - Math.max(a.start, b.start)) / 1000);
  return most;
}

function group<T>(items: readonly T[], keysOf: (item: T) => readonly string[]): Map<string, T[]> {
  const groups = new Map<string, T[]>();
  for (const item of items)
    for (const key of new Set(keysOf(item))) {
      const others = groups.get(key);
      if (others === undefined) groups.set(key, [item]);
      else others.push(item);
    }
  return groups;
}
