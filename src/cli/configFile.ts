/** Files of `--config`. */
import { readFile } from 'node:fs/promises';
import { isObject } from './trainOptions.js';

/** Some or all of a configuration, not checked yet. Throws Error for files that cannot be read and for what is no object. */
export async function readConfig(path: string): Promise<unknown> {
  const text = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    throw new Error(`${path}: the configuration cannot be read (${error.code})`, { cause: error });
  });
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new Error(`${path}: expected JSON: ${(error as Error).message}`, { cause: error });
  }
  if (!isObject(value))
    throw new Error(`${path}: expected an object with keys of a configuration, got ${text.trim().slice(0, 40)}`);
  // A run's own file says more than the configuration.
  return isObject(value.config) && 'data' in value ? value.config : value;
}
