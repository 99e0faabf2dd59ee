/** The folder of a training run: what it was asked to do, what happened, where it goes on, and the models that came out. */
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import type { PairSet } from '../datasets/types.js';
import { takeLock } from '../lock.js';
import { makeFolder, missingFolders } from '../makeFolder.js';
import { writeWhole } from '../wholeFile.js';
import { loadCheckpoint, saveCheckpoint } from './checkpoint.js';
import { type TrainConfig, trainConfigSchema } from './config.js';
import type { Checkpoint } from './stepSession.js';

/** A folder, or what is in it, that cannot be used for this run: one line. */
export class RunError extends Error {
  override name = 'RunError';
}

const progressSchema = z.strictObject({
  /** The epoch it is in, and how many of its loader's batches are done. */
  epoch: z.int().min(0),
  batch: z.int().min(0),
  updates: z.int().min(0),
  /** Of `metrics.jsonl`. */
  lines: z.int().min(0),
  best: z.strictObject({ epoch: z.int(), score: z.number() }).optional(),
  /** Ids of pairs whose files cannot be used. */
  bad: z.array(z.string()),
  /** Files with the semantic positives in use. */
  neighbours: z.strictObject({ picture: z.string().optional(), sound: z.string().optional() }).optional(),
  /** The epoch before which they were last looked for: it is not done twice. */
  searched: z.int().min(0).optional(),
});

/** Where a run stands. */
export type Progress = z.infer<typeof progressSchema>;

const runSchema = z.strictObject({
  config: trainConfigSchema,
  /** Which pairs it learns from: their number and a hash of their ids and files. */
  data: z.strictObject({ name: z.string(), pairs: z.int(), hash: z.string() }),
  /** Hash of the file of the weights it begins with. */
  weights: z.string().optional(),
  /** By what the best model is chosen. */
  validation: z
    .strictObject({
      annotations: z.string(),
      data: z.string(),
      benchmark: z.string(),
      protocol: z.string(),
      every: z.int().min(1),
    })
    .optional(),
});

export type RunDescription = z.infer<typeof runSchema>;

export const runFiles = {
  config: 'config.json',
  metrics: 'metrics.jsonl',
  first: 'first.safetensors',
  last: 'last.safetensors',
  best: 'best.safetensors',
  neighbours: 'neighbours',
} as const;

const lockFile = '.lock';

/** Which pairs a run learns from: wherever they lie. */
export function describeData({ name, pairs }: PairSet): RunDescription['data'] {
  const hash = createHash('sha256');
  for (const { id, picture, sound } of pairs) {
    const parts = [picture, sound].map(({ path, member, seconds, duration }) => [
      path.split(/[\\/]/).at(-1),
      member?.name,
      seconds,
      duration,
    ]);
    hash.update(`${JSON.stringify([id, ...parts])}\n`);
  }
  return { name, pairs: pairs.length, hash: hash.digest('hex') };
}

/** Paths of values in which two JSON values differ: `settings.tau`. */
export function differences(a: unknown, b: unknown, path = ''): string[] {
  const isObject = (x: unknown): x is Record<string, unknown> => typeof x === 'object' && x !== null && !Array.isArray(x);
  if (!isObject(a) || !isObject(b)) return JSON.stringify(a) === JSON.stringify(b) ? [] : [path];
  const keys = new Set([...Object.keys(a), ...Object.keys(b)]);
  return [...keys].flatMap((key) => differences(a[key], b[key], path ? `${path}.${key}` : key));
}

/** Whether a folder, which may not be there yet, holds a run. Throws RunError for one of something else, or with a run where a new one is to begin. */
export async function holdsRun(path: string, resume: boolean): Promise<boolean> {
  if ((await missingFolders(path)).length > 0) return false;
  const there = (await readdir(path)).filter((name) => !name.startsWith('.'));
  const isRun = there.includes(runFiles.config);
  if (there.length > 0 && !isRun)
    throw new RunError(`${path}: expected a new or empty folder, in it are ${there.slice(0, 5).join(', ')}`);
  if (isRun && !resume) throw new RunError(`${path} holds a run already: go on with it (--resume), or take another folder`);
  return isRun;
}

export class RunFolder {
  /** Updates that are safe in it. */
  saved: number | undefined;

  private constructor(
    readonly path: string,
    /** Where it goes on; undefined for a run that begins. */
    readonly start: (Checkpoint & { progress: Progress }) | undefined,
    private readonly unlock: () => void,
  ) {
    this.saved = start?.progress.updates;
  }

  /**
   * Opens the folder for a run, alone. A new run needs a new or empty folder; `resume` goes on with the run that is there, whose configuration, data
   * and first weights must be the same. Throws RunError, LockedError when somebody else is at work there, and the system's errors.
   */
  static async open(
    path: string,
    config: TrainConfig,
    pairs: PairSet,
    { resume = false, weights, validation }: { resume?: boolean } & Pick<RunDescription, 'weights' | 'validation'> = {},
  ): Promise<RunFolder> {
    const wanted: RunDescription = {
      config,
      data: describeData(pairs),
      ...(weights !== undefined && { weights }),
      ...(validation && { validation }),
    };
    await makeFolder(path);
    const unlock = takeLock(join(path, lockFile), 'training');
    try {
      if (await holdsRun(path, resume)) {
        const found = await readDescription(path);
        const different = differences(plain(found), plain(wanted));
        if (different.length > 0)
          throw new RunError(
            `${path}: it was begun otherwise; what differs: ${different.join(', ')}. Leave these options out to go on as it was begun, or take another folder`,
          );
      } else await writeWhole(join(path, runFiles.config), `${JSON.stringify(wanted, null, 2)}\n`);
      const start = await readStart(path);
      await removeTorn(path);
      return new RunFolder(path, start, unlock);
    } catch (error) {
      unlock();
      throw error;
    }
  }

  file(name: keyof typeof runFiles): string {
    return join(this.path, runFiles[name]);
  }

  async save(checkpoint: Checkpoint, progress: Progress): Promise<void> {
    await saveCheckpoint(this.file('last'), checkpoint, { progress: JSON.stringify(progress) });
    this.saved = progress.updates;
  }

  /** Leaves an empty folder, where a run began and nothing of it was saved: what was wrong with it is then no obstacle to another one. */
  async forget(): Promise<void> {
    if (this.start || existsSync(this.file('last'))) return;
    // The description last: without it the rest would be somebody else's.
    const { config, ...others } = runFiles;
    for (const name of [...Object.values(others), config]) await rm(join(this.path, name), { recursive: true, force: true });
  }

  /** Deletes semantic positives that are no longer in use. */
  async keepOnly({ neighbours = {} }: Progress): Promise<void> {
    const folder = this.file('neighbours');
    if (!existsSync(folder)) return;
    const kept = new Set(Object.values(neighbours));
    for (const name of await readdir(folder)) if (!kept.has(name)) await rm(join(folder, name), { force: true });
  }

  release(): void {
    this.unlock();
  }
}

/** Deletes what was being written when a run was killed: it can be large, and nobody else does. */
async function removeTorn(path: string): Promise<void> {
  const names = Object.values(runFiles).map((name) => `.${name}.`);
  for (const name of await readdir(path))
    if (name.endsWith('.tmp') && names.some((start) => name.startsWith(start))) await rm(join(path, name), { force: true });
}

const plain = (value: unknown): unknown => JSON.parse(JSON.stringify(value));

/** What a run was asked to do. Throws RunError for a folder that holds none. */
export async function readDescription(path: string): Promise<RunDescription> {
  const file = join(path, runFiles.config);
  const text = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    throw new RunError(`${path} holds no run: ${runFiles.config} cannot be read (${error.code})`, { cause: error });
  });
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new RunError(`${file}: expected JSON: ${(error as Error).message}`, { cause: error });
  }
  const found = runSchema.safeParse(value);
  if (found.success) return found.data;
  const [issue] = found.error.issues;
  throw new RunError(`${file}: '${issue!.path.join('.')}': ${issue!.message}`);
}

function jsonIn(text = ''): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

async function readStart(path: string): Promise<RunFolder['start']> {
  const file = join(path, runFiles.last);
  if (!existsSync(file)) return undefined;
  const { metadata, ...checkpoint } = await loadCheckpoint(file);
  const parsed = progressSchema.safeParse(jsonIn(metadata.progress));
  if (!parsed.success) throw new RunError(`${file}: its metadata do not say where the run stands`);
  return { ...checkpoint, progress: parsed.data };
}
