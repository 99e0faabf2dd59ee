/** The folder in which `earshot evaluate --out` leaves an evaluation, for reports. */
import { existsSync } from 'node:fs';
import { readdir, readFile, stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { z } from 'zod';
import type { Benchmark } from '../datasets/benchmarks/types.js';
import { makeFolder } from '../makeFolder.js';
import { writeWhole } from '../wholeFile.js';
import type { Evaluation } from './evaluation.js';
import { EvaluationError } from './evaluator.js';

const share = z.number();
const shareOrNull = z.number().nullable();
const scores = z.record(z.string(), shareOrNull);
const interval = z.tuple([share, share]);

const mediaRef = z.object({
  path: z.string(),
  member: z.object({ name: z.string(), offset: z.number(), length: z.number() }).optional(),
  seconds: z.number().optional(),
  duration: z.number().optional(),
});
const box = z.tuple([z.number(), z.number(), z.number(), z.number()]);

/** What a report shows beside a sample's scores. */
const media = z.object({
  picture: mediaRef.optional(),
  sound: mediaRef.optional(),
  /** In shares of the picture's width and height. */
  boxes: z.array(box).optional(),
  /** The file of a mask. */
  mask: z.string().optional(),
});
export type SampleMedia = z.infer<typeof media>;

const sample = z.looseObject({
  id: z.string(),
  image: z.string(),
  category: z.string().optional(),
  sounding: z.boolean(),
  area: share,
  ciou: shareOrNull,
  ciouAdap: shareOrNull,
  pointing: shareOrNull,
  NSA: shareOrNull,
  confidence: z.number(),
});

const position = z.int().nonnegative();
const range = { low: z.number(), high: z.number() };
const protocol = z.object({
  name: z.string(),
  source: z.string(),
  size: z.number(),
  resize: z.enum(['bilinear', 'bicubic']),
  alignCorners: z.boolean(),
  values: z.union([
    z.object({ scale: z.enum(['minMax', 'negatedMinMax', 'sigmoid']) }),
    z.object({ scale: z.literal('range'), ...range }),
  ]),
  binarize: z.union([
    z.object({ by: z.literal('rank'), share: z.number() }),
    z.object({ by: z.literal('value'), threshold: z.number() }),
  ]),
  comparison: z.enum(['>', '>=']),
  consensus: z.number(),
  successAt: z.number(),
  groupBy: z.enum(['image', 'publishedName']),
  priorRange: z.object(range).optional(),
  objectPrior: z.object({ alpha: z.number() }).optional(),
});

const recalls = <T extends z.ZodType>(value: T) => z.object({ 'R@1': value, 'R@5': value, 'R@10': value });
const retrieval = z.object({
  N: z.number(),
  imageToSound: recalls(share),
  soundToImage: recalls(share),
  intervals: z.object({ imageToSound: recalls(interval), soundToImage: recalls(interval) }),
  alignment: z.number(),
  gap: z.object({ magnitude: z.number(), deviation: z.number() }),
});

const evaluation = z.looseObject({
  benchmark: z.string(),
  model: z.string(),
  protocol,
  N: z.number(),
  sounding: z.number(),
  images: z.number(),
  singleImages: z.number(),
  tied: z.number(),
  scores,
  ceiling: scores,
  centreBox: scores,
  wholeImage: scores,
  intervals: z.record(z.string(), interval),
  successCurve: z.array(share).length(21),
  successCurveAdap: z.array(share).length(21),
  missing: z.array(z.object({ file: z.string(), reason: z.string() })),
  retrieval: retrieval.optional(),
  samples: z.array(sample),
});

const run = z.object({
  version: z.literal(1),
  createdAt: z.string(),
  evaluation,
  /** The file or folder of the maps, relative to the run's folder or absolute; maps without names are in the order of all of `ids`. */
  maps: z.string(),
  ids: z.array(z.string()),
  /** One for each of the evaluation's samples. */
  media: z.array(media),
  /** Positions in the evaluation's samples. */
  retrieval: z.array(z.object({ query: z.enum(['image', 'sound']), sample: position, best: z.array(position) })).optional(),
});

export interface Run extends Omit<z.infer<typeof run>, 'evaluation'> {
  evaluation: Evaluation;
}

const fileName = 'evaluation.json';
/** Bytes; ten times what VGG-SS needs. */
const maxBytes = 2 ** 28;

/** A run of an evaluation; `maps` is the file or folder of its maps. */
export function runOf({ samples }: Benchmark, evaluation: Evaluation, maps: string): Run {
  const byId = new Map(samples.map((one) => [one.id, one]));
  return {
    version: 1,
    createdAt: new Date().toISOString(),
    evaluation,
    maps,
    ids: samples.map(({ id }) => id),
    media: evaluation.samples.map(({ id }): SampleMedia => {
      const { picture, sound, annotation } = byId.get(id)!;
      const absolute = (ref: typeof picture) => ref && { ...ref, path: resolve(ref.path) };
      const common = { picture: absolute(picture), sound: absolute(sound) };
      if (annotation.kind === 'mask') return { ...common, mask: resolve(annotation.path) };
      if (annotation.kind !== 'boxes') return common;
      const { width, height } = annotation.frame;
      return {
        ...common,
        boxes: annotation.boxes.map(([x0, y0, x1, y1]) => [x0 / width, y0 / height, x1 / width, y1 / height]),
      };
    }),
  };
}

/** Makes the folder, or takes one that is empty or holds a run. Throws EvaluationError for any other. */
export async function openRunFolder(folder: string): Promise<void> {
  await makeFolder(folder);
  // A temporary file of a run that was killed is no obstacle.
  const files = (await readdir(folder)).filter((name) => !name.startsWith('.'));
  if (files.length > 0 && !files.includes(fileName))
    throw new EvaluationError(
      `${folder}: expected a new or empty folder, or one with an earlier evaluation; it holds '${files[0]}'`,
    );
}

/** Writes a run, whole or not at all. */
export async function writeRun(folder: string, content: Run): Promise<void> {
  await writeWhole(join(folder, fileName), `${JSON.stringify(content)}\n`);
}

/** Several models that are evaluated at once have a folder each: which ones could have been meant. */
async function runsBelow(folder: string): Promise<string> {
  const names = await readdir(folder).catch(() => []);
  const runs = names.sort().filter((name) => existsSync(join(folder, name, fileName)));
  const shown = runs.slice(0, 5).map((name) => join(folder, name));
  return runs.length === 0 ? '' : `; name those in it: ${shown.join(' ')}${runs.length > shown.length ? ' ...' : ''}`;
}

/** Reads a run. Throws EvaluationError when the folder holds none, or one that was not written by `writeRun`. */
export async function readRun(folder: string): Promise<Run> {
  const path = join(folder, fileName);
  const size = await stat(path).then(
    (found) => found.size,
    async () => {
      throw new EvaluationError(
        `${folder}: expected a folder made by "earshot evaluate --out", it has no ${fileName}${await runsBelow(folder)}`,
      );
    },
  );
  if (size > maxBytes) throw new EvaluationError(`${path}: ${size} bytes are more than an evaluation has (${maxBytes})`);
  let json: unknown;
  try {
    json = JSON.parse(await readFile(path, 'utf8'));
  } catch (error) {
    throw new EvaluationError(`${path}: it is no JSON (${(error as Error).message}); evaluate again`, { cause: error });
  }
  const { data, error } = run.safeParse(json);
  const first = error?.issues[0];
  const isWhole = ({ media: list, retrieval = [], evaluation: { samples } }: z.infer<typeof run>) =>
    list.length === samples.length && retrieval.every(({ sample: i, best }) => [i, ...best].every((at) => at < samples.length));
  if (!data || !isWhole(data))
    throw new EvaluationError(
      `${path}: it is not an evaluation of this version${first ? ` (${first.path.join('.')}: ${first.message})` : ''}; evaluate again`,
    );
  // What was checked is what is read of it; the rest of an evaluation is numbers and names that are only shown.
  return { ...data, maps: resolve(folder, data.maps), evaluation: data.evaluation as unknown as Evaluation };
}
