/** What the readers of annotation files give: samples whose pictures and sounds nobody has looked for yet. */
import type { z } from 'zod';
import { maxFiles } from '../files.js';
import { DatasetError } from '../types.js';
import type { BenchmarkSample } from './types.js';

/** Files of a sample, as paths whose ends say how they are called: folders of somebody else's machine may come before. */
export interface Wanted {
  picture: string;
  sound: string;
  mask?: string;
}

/** One sample of an annotation file. */
export interface Entry {
  /** Where it is written: the file, the entry or line in it, and the sample's id. */
  file: string;
  sample: BenchmarkSample;
  /** What is wrong with its annotation. */
  problem?: string;
  /** What to look for in the data folder; not set where the annotation itself says which files they are. */
  wanted?: Wanted;
}

/** An entry of which cannot be told what sample it is. */
export interface BadEntry {
  file: string;
  problem: string;
}

/** What is in an annotation file. */
export interface Annotated {
  entries: (Entry | BadEntry)[];
  /** Where the media lie when no folder is given: for downloads that have both in one place. */
  data?: string;
}

export const isBad = (entry: Entry | BadEntry): entry is BadEntry => !('sample' in entry);

/**
 * The values of a JSON array and where each is; such as are not of the schema are bad entries. Throws DatasetError for a text that is not
 * JSON, not an array or has no entries.
 */
export function jsonValues<T>(path: string, text: string, schema: z.ZodType<T>): ({ file: string; value: T } | BadEntry)[] {
  let list: unknown;
  try {
    list = JSON.parse(text);
  } catch (error) {
    throw new DatasetError(path, `expected JSON: ${(error as Error).message}`, { cause: error });
  }
  if (!Array.isArray(list)) throw new DatasetError(path, `expected an array of annotations, got ${typeof list}`);
  if (list.length === 0) throw new DatasetError(path, 'the file has no annotations');
  if (list.length > maxFiles) throw new DatasetError(path, `more than ${maxFiles} annotations`);
  return list.map((value, i) => {
    const file = `${path}, entry ${i + 1}`;
    const parsed = schema.safeParse(value);
    if (parsed.success) return { file, value: parsed.data };
    const { path: key, message } = parsed.error.issues[0]!;
    const name = nameIn(value);
    return {
      file: name === undefined ? file : `${file}: ${name}`,
      problem: `not a valid annotation: ${[...key, message].join(': ')}`,
    };
  });
}

/** What a broken entry says that it is about. */
function nameIn(value: unknown): string | undefined {
  const { image, file } = (typeof value === 'object' && value !== null ? value : {}) as Record<string, unknown>;
  return [image, file].find((name) => typeof name === 'string');
}

/** The entries of a JSON array, each as `make` has it, which gives a text for one that names no sample. Throws as `jsonValues` does. */
export function jsonEntries<T>(
  path: string,
  text: string,
  schema: z.ZodType<T>,
  make: (value: T) => Omit<Entry, 'file'> | string,
): (Entry | BadEntry)[] {
  return jsonValues(path, text, schema).map((entry) => {
    if (!('value' in entry)) return entry;
    const made = make(entry.value);
    return typeof made === 'string' ? { file: entry.file, problem: made } : { file: `${entry.file}: ${made.sample.id}`, ...made };
  });
}
