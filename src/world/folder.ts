/** The folder of a world: whose it is, and whether it is complete. */
import { readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { makeFolder } from '../makeFolder.js';
import { writeWhole } from '../wholeFile.js';
import { WorldError, type WorldOptions } from './options.js';

/** What the folder holds when it is begun (`unfinished.json`), and when everything else is there (`world.json`). */
const names = { begun: 'unfinished.json', complete: 'world.json' } as const;

/** Counts what the same options give: it changes when pictures or sounds do. */
const version = 2;

interface Description {
  version: number;
  options: WorldOptions;
}

/** A value as JSON for people: an entry of a list on each line. */
export const jsonText = (value: unknown): string =>
  Array.isArray(value)
    ? `[\n${value.map((entry) => `  ${JSON.stringify(entry)}`).join(',\n')}\n]\n`
    : `${JSON.stringify(value, undefined, 2)}\n`;

/**
 * Makes the folder ready for a world of these options; true when it holds all of it already. Throws WorldError when there is something
 * else in the folder, or a world of other options.
 */
export async function beginFolder(folder: string, options: WorldOptions): Promise<boolean> {
  await makeFolder(folder);
  const files = await readdir(folder);
  for (const name of [names.complete, names.begun])
    if (files.includes(name)) {
      checkSame(folder, await description(folder, name), { version, options });
      return name === names.complete;
    }
  // What is left of a run that was killed while it wrote its first file.
  const other = files.find((name) => !name.startsWith(`.${names.begun}.`));
  if (other !== undefined)
    throw new WorldError(`${folder}: expected a new or empty folder, or a world, found ${other} in it; choose another folder`);
  await writeWhole(join(folder, names.begun), jsonText({ version, options }));
  return false;
}

/** Marks the folder as complete: nothing is written to it after that. */
export async function completeFolder(folder: string, options: WorldOptions, counts: Record<string, number>): Promise<void> {
  await writeWhole(join(folder, names.complete), jsonText({ version, options, counts }));
  await rm(join(folder, names.begun), { force: true });
}

async function description(folder: string, name: string): Promise<Partial<Description>> {
  try {
    return JSON.parse(await readFile(join(folder, name), 'utf8')) ?? {};
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    throw new WorldError(`${join(folder, name)}: expected the options of a world as JSON; choose another folder`, {
      cause: error,
    });
  }
}

function checkSame(folder: string, found: Partial<Description>, wanted: Description): void {
  const values = ({ version, options }: Partial<Description>): Record<string, unknown> => ({ version, ...options });
  const [then, now] = [values(found), values(wanted)];
  const differences = [...new Set([...Object.keys(then), ...Object.keys(now)])]
    .filter((key) => !isDeepStrictEqual(then[key], now[key]))
    .map((key) => `${key} ${then[key] ?? 'unset'} then, ${now[key] ?? 'unset'} now`);
  if (differences.length > 0)
    throw new WorldError(
      `${folder} holds another world (${differences.join('; ')}): use the same options, choose another folder, or delete this one`,
    );
}
