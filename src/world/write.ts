/** A world on disk: unlabelled pairs to learn from, and annotated scenes to measure by. */
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { makeFolder } from '../makeFolder.js';
import { writeWhole } from '../wholeFile.js';
import { beginFolder, completeFolder, jsonText } from './folder.js';
import { objectsInScene, resolveOptions, WorldError, type WorldOptions } from './options.js';
import {
  type AnnotatedScene,
  annotatedScene,
  type TrainingPair,
  trainingPair,
  type WorldEntry,
  type WorldFile,
} from './samples.js';

export interface World {
  options: WorldOptions;
  /** Entries of `train.csv`, `validation.json`, `test_interactive.json` and `test_offscreen.json`. */
  counts: { train: number; validation: number; test: number; offScreen: number };
  /** True when everything was there before. */
  wasDone: boolean;
}

export interface WriteWorldOptions {
  /** Ends the run after the files that are being written. */
  signal?: AbortSignal;
  /** At the beginning and after each picture with its sounds: how many are done, of how many. */
  onProgress?(done: number, pictures: number): void;
}

/** Pictures with their sounds whose files are encoded and written at the same time. */
const atOnce = 8;

const folders = [
  'images/train',
  'images/validation',
  'images/test',
  'audio/train',
  'audio/validation',
  'audio/test',
  'masks/test',
];

/**
 * Writes a world of procedural pictures and sounds to a new or empty folder:
 *
 * - `train.csv`: `image,audio`, pairs without labels, for `readPairs`; `train_classes.json`: what sounds in them and where, which is to
 *   be looked at and not to be learnt from;
 * - `validation.json` and `test_interactive.json`: scenes of three objects, each scene once with the sound of each, with boxes;
 *   `test_masks.json`: the latter with masks; `test_offscreen.json`: the scenes of the test, each with the sound of a kind that is not
 *   in it. All for `readBenchmark('world')`;
 * - `images/`, `audio/`, `masks/`; at last `world.json`: the options and counts of a complete world.
 *
 * Each picture and sound depends on the seed and its own number only. Each file is written whole or not at all, and those that are there
 * are kept: a world that was interrupted is gone on with, a complete one of the same options is left as it is (`wasDone`). Throws
 * RangeError for options that make no world, and WorldError: the folder holds something else or a world of other options; it cannot be
 * written to; the run was interrupted. Error for a folder that cannot be made.
 */
export async function writeWorld(
  folder: string,
  given: Partial<WorldOptions> = {},
  running: WriteWorldOptions = {},
): Promise<World> {
  const options = resolveOptions(given);
  const { train, validation, test } = options;
  const counts = { train, validation: objectsInScene * validation, test: objectsInScene * test, offScreen: test };
  return explainingWrites(folder, async () => {
    const wasDone = await beginFolder(folder, options);
    if (!wasDone) {
      const work = new Work(folder, await existingFiles(folder), train + validation + test, running);
      await writeTraining(folder, await work.write(train, (i) => trainingPair(options, i)));
      const validated = await work.write(validation, (i) => annotatedScene(options, 'validation', i));
      await writeList(
        folder,
        'validation.json',
        validated.flatMap(({ boxes }) => boxes),
      );
      await writeTest(folder, await work.write(test, (i) => annotatedScene(options, 'test', i)));
      await completeFolder(folder, options, counts);
    }
    return { options, counts, wasDone };
  });
}

/** Makes the folders for media; gives the paths of the files that they hold, relative to `folder`. */
async function existingFiles(folder: string): Promise<Set<string>> {
  const found = folders.map(async (part) => {
    await makeFolder(join(folder, part));
    return (await readdir(join(folder, part))).map((name) => `${part}/${name}`);
  });
  return new Set((await Promise.all(found)).flat());
}

/** Writes the files of pictures and sounds that are not there yet, several at the same time. */
class Work {
  readonly #folder: string;
  readonly #existing: ReadonlySet<string>;
  readonly #total: number;
  readonly #running: WriteWorldOptions;
  #done = 0;

  constructor(folder: string, existing: ReadonlySet<string>, total: number, running: WriteWorldOptions) {
    this.#folder = folder;
    this.#existing = existing;
    this.#total = total;
    this.#running = running;
    running.onProgress?.(0, total);
  }

  /** Makes so many samples and writes their files; gives the samples in order. */
  async write<T extends { files: WorldFile[] }>(count: number, make: (i: number) => T): Promise<Omit<T, 'files'>[]> {
    const samples: Omit<T, 'files'>[] = [];
    const writing = new Set<Promise<void>>();
    try {
      for (let i = 0; i < count; i++) {
        this.#stopWhenAborted();
        const { files, ...sample } = make(i);
        samples.push(sample);
        const job: Promise<void> = this.#writeFiles(files).then(() => {
          writing.delete(job);
        });
        writing.add(job);
        if (writing.size === atOnce) await Promise.race(writing);
      }
      await Promise.all(writing);
    } finally {
      // No file is left half written, whatever ended the loop.
      await Promise.allSettled(writing);
    }
    return samples;
  }

  async #writeFiles(files: readonly WorldFile[]): Promise<void> {
    for (const { path, encode } of files)
      if (!this.#existing.has(path)) {
        this.#stopWhenAborted();
        await writeWhole(join(this.#folder, path), [await encode()]);
      }
    this.#running.onProgress?.(++this.#done, this.#total);
  }

  #stopWhenAborted(): void {
    if (this.#running.signal?.aborted)
      throw new WorldError(`interrupted after ${this.#done} of ${this.#total} pictures; the same command goes on from there`);
  }
}

const writeList = (folder: string, name: string, entries: readonly WorldEntry[]) =>
  writeWhole(join(folder, name), jsonText(entries));

async function writeTraining(folder: string, pairs: readonly Omit<TrainingPair, 'files'>[]): Promise<void> {
  const entries = pairs.map(({ entry }) => entry);
  const lines = ['image,audio', ...entries.map(({ image, audio }) => `${image},${audio}`)];
  await writeWhole(join(folder, 'train.csv'), `${lines.join('\n')}\n`);
  await writeList(folder, 'train_classes.json', entries);
}

async function writeTest(folder: string, scenes: readonly Omit<AnnotatedScene, 'files'>[]): Promise<void> {
  await writeList(
    folder,
    'test_interactive.json',
    scenes.flatMap(({ boxes }) => boxes),
  );
  await writeList(
    folder,
    'test_masks.json',
    scenes.flatMap(({ masks }) => masks),
  );
  await writeList(
    folder,
    'test_offscreen.json',
    scenes.map(({ offScreen }) => offScreen),
  );
}

/** Says what to do when the folder cannot be written to. */
async function explainingWrites<T>(folder: string, action: () => Promise<T>): Promise<T> {
  try {
    return await action();
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === undefined) throw error;
    const full = ['ENOSPC', 'EDQUOT', 'EFBIG'].includes(code);
    const advice = full ? 'make room' : 'see to it that it can be written to';
    throw new WorldError(`${folder}: ${message}; ${advice} and run the same command again: it goes on where it stopped`, {
      cause: error,
    });
  }
}
