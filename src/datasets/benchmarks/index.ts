/** Annotated sets of pictures and sounds, each read as it was published. */
import { resolve } from 'node:path';
import { existing } from '../files.js';
import { readIdList } from '../idList.js';
import { DatasetError, type Problem } from '../types.js';
import { clipKey } from '../vggsound.js';
import { readAvsBench } from './avsBench.js';
import { readEarshotList } from './earshotList.js';
import { type Annotated, type BadEntry, type Entry, isBad } from './entry.js';
import { readNonSounding } from './extended.js';
import { readFlickr } from './flickr.js';
import { MediaBelow } from './mediaBelow.js';
import { readIs3, readPathList } from './pathList.js';
import type { Annotation, Benchmark, BenchmarkSample } from './types.js';
import { readVggSs } from './vggSs.js';

interface Format {
  annotators: Benchmark['annotators'];
  read: (path: string, options: { data?: string; signal?: AbortSignal }) => Promise<Annotated>;
  /** Whether samples without a source come out of a second file. */
  extended?: true;
}

const vggSs: Format = { annotators: 'one', read: readVggSs };
const flickr: Format = { annotators: 'several', read: readFlickr };
const earshotList: Format = { annotators: 'one', read: readEarshotList };

const formats = {
  vggss: vggSs,
  'vggss-extended': { ...vggSs, extended: true },
  flickr,
  'flickr-extended': { ...flickr, extended: true },
  is3: { annotators: 'one', read: readIs3 },
  s4: { annotators: 'one', read: (path) => readAvsBench('s4', path) },
  ms3: { annotators: 'one', read: (path) => readAvsBench('ms3', path) },
  'vpo-ss': { annotators: 'one', read: (path) => readPathList('vpo-ss', path) },
  'vpo-ms': { annotators: 'one', read: (path) => readPathList('vpo-ms', path) },
  tinyav: earshotList,
  digits: earshotList,
  world: earshotList,
} as const satisfies Record<string, Format>;

export type BenchmarkName = keyof typeof formats;
export const benchmarkNames = Object.keys(formats) as readonly BenchmarkName[];

export interface ReadBenchmarkOptions {
  /** The annotations: a file, or a folder for `flickr` and for the download of `is3`. */
  annotations: string;
  /** Where the pictures, sounds and masks lie, in folders of any names; nothing is looked for when not given. */
  data?: string;
  /** A list of ids, one a line or in the first column of a CSV: the annotated samples to take, in either form of VGGSound's names. */
  list?: string;
  /** For the extended sets: the CSV `video,audio,label`, whose samples are taken whatever `list` says. */
  extended?: string;
  signal?: AbortSignal;
}

/**
 * Reads a benchmark, in the order of its annotations. With a data folder each sample has its picture and sound (`MediaBelow` says how they
 * are found); without one it has none, but for annotations that lie with their data: earshot's own lists, the download of IS3, and the CSV
 * of AVSBench.
 *
 * What is annotated and cannot be used is left out and is a problem: entries of another form, boxes that mean nothing (see `boxProblem`),
 * samples that were there before, missing pictures, sounds and masks, and ids of `list` that there are not. Samples and problems together
 * are as many as the annotations (of the list), so that N can be checked. Throws DatasetError when a file cannot be read or no sample can
 * be used, RangeError for a name that is not one of `benchmarkNames` and for `extended` where it does not belong.
 */
export async function readBenchmark(name: BenchmarkName, options: ReadBenchmarkOptions): Promise<Benchmark> {
  const problems: Problem[] = [];
  const { entries, data } = await annotatedEntries(name, options, problems);
  const media = data !== undefined && entries.some(({ wanted }) => wanted) ? await MediaBelow.list(data) : undefined;
  options.signal?.throwIfAborted();
  const samples = await withMasks(withMedia(entries, media, problems), problems);
  const [first] = problems;
  if (samples.length === 0)
    throw new DatasetError(
      options.annotations,
      `no sample of it can be used; the first of ${problems.length} problems: ${first?.file}: ${first?.reason}`,
    );
  return { name, samples, problems, annotators: formats[name].annotators };
}

/** The samples of a benchmark whose annotations can be used, whether or not their files are there. Throws as `readBenchmark` does. */
export async function annotatedSamples(name: BenchmarkName, options: ReadBenchmarkOptions): Promise<BenchmarkSample[]> {
  return (await annotatedEntries(name, options, [])).entries.map(({ sample }) => sample);
}

/** The usable annotations and where their files lie; what cannot be used goes to `problems`. */
async function annotatedEntries(
  name: BenchmarkName,
  { annotations, data, list, extended, signal }: ReadBenchmarkOptions,
  problems: Problem[],
): Promise<{ entries: Entry[]; data: string | undefined }> {
  if (!benchmarkNames.includes(name))
    throw new RangeError(`readBenchmark: expected one of ${benchmarkNames.join(', ')}, got ${JSON.stringify(name)}`);
  const format: Format = formats[name];
  if (format.extended && extended === undefined)
    throw new RangeError(`readBenchmark: ${name} needs the CSV of its samples without a source (extended)`);
  if (!format.extended && extended !== undefined)
    throw new RangeError(`readBenchmark: ${name} has no extended set; there are those of vggss-extended and flickr-extended`);
  const given = data === undefined ? undefined : resolve(data);
  const annotated = await format.read(resolve(annotations), { data: given, signal });
  signal?.throwIfAborted();
  const normal = list === undefined ? annotated.entries : await restricted(annotated.entries, resolve(list), problems);
  const added = extended === undefined ? [] : await readNonSounding(resolve(extended));
  return { entries: onlyUsable([...normal, ...added], problems), data: given ?? annotated.data };
}

/** Those of a list; its ids that there are not are problems. Bad entries may be of any sample and stay. */
async function restricted(entries: Annotated['entries'], list: string, problems: Problem[]): Promise<Annotated['entries']> {
  const ids = await readIdList(list);
  const wanted = new Set(ids.map(({ id }) => clipKey(id)));
  const there = new Set(entries.map((entry) => (isBad(entry) ? '' : clipKey(entry.sample.id))));
  for (const { id, line } of ids)
    if (!there.has(clipKey(id)))
      problems.push({ file: `${list}, line ${line}: ${id}`, reason: 'no sample of this id in the annotations' });
  return entries.filter((entry) => isBad(entry) || wanted.has(clipKey(entry.sample.id)));
}

function onlyUsable(entries: readonly (Entry | BadEntry)[], problems: Problem[]): Entry[] {
  const earlier = new Map<string, string>();
  return entries.filter((entry): entry is Entry => {
    const { file } = entry;
    let reason = entry.problem;
    if (!isBad(entry)) {
      const key = clipKey(entry.sample.id);
      const first = earlier.get(key);
      earlier.set(key, first ?? file);
      if (first !== undefined) reason = `the sample was there before: ${first}`;
      // Maps and pictures of results are called by it.
      else if (entry.sample.id.split(/[/\\]/).some((part) => ['', '.', '..'].includes(part)))
        reason ??= 'an id that leads out of a folder';
    }
    if (reason !== undefined) problems.push({ file, reason });
    return reason === undefined;
  });
}

/** Puts the files in that are wanted, where there is a folder of them. */
function withMedia(entries: readonly Entry[], media: MediaBelow | undefined, problems: Problem[]): Entry[] {
  return entries.flatMap((entry) => {
    const { file, sample, wanted } = entry;
    if (media === undefined || wanted === undefined) return [entry];
    const left = (reason: string): Entry[] => (problems.push({ file, reason }), []);
    const picture = media.find(wanted.picture, 'picture');
    if (typeof picture !== 'string') return left(picture.reason);
    const sound = media.find(wanted.sound, 'sound');
    if (typeof sound !== 'string') return left(sound.reason);
    const mask = wanted.mask === undefined ? undefined : media.find(wanted.mask, 'mask');
    if (typeof mask === 'object') return left(mask.reason);
    const annotation: Annotation = mask === undefined ? sample.annotation : { kind: 'mask', path: mask };
    return [{ file, sample: { ...sample, annotation, picture: { path: picture }, sound: { path: sound } } }];
  });
}

/** Leaves out the samples whose masks are not there. */
async function withMasks(entries: readonly Entry[], problems: Problem[]): Promise<BenchmarkSample[]> {
  const masks = await existing(
    entries.flatMap(({ sample: { annotation } }) => (annotation.kind === 'mask' ? [annotation.path] : [])),
  );
  return entries.flatMap(({ file, sample }) => {
    const { annotation } = sample;
    if (annotation.kind !== 'mask' || masks.has(annotation.path)) return [sample];
    problems.push({ file, reason: `no such mask, give the folder where the data lie: ${annotation.path}` });
    return [];
  });
}
