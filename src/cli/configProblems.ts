/** Says of what is wrong with a configuration where it was written: the option, or the file and the key. */
import { ConfigError, type ConfigProblem } from '../training/configError.js';
import { UsageError } from './exit.js';
import { configOptions, isObject } from './trainOptions.js';

/** Where a configuration comes from, besides the preset. */
export interface ConfigSources {
  /** The file of `--config`, and what is in it. */
  path?: string;
  file: unknown;
  /** By the options. */
  given: unknown;
}

/** How many keys of a path a value has. */
function depth(value: unknown, [key, ...rest]: readonly string[]): number {
  return key !== undefined && isObject(value) && Object.hasOwn(value, key) ? 1 + depth(value[key], rest) : 0;
}

/** `--learning-rate` of optimizer.learningRate, `--widths` of settings.widths.1 */
function flagOf(path: readonly string[]): string | undefined {
  const option = Object.values(configOptions)
    .flat()
    .find((one) => `${path.join('.')}.`.startsWith(`${one.path}.`));
  return option?.flags.split(/[ ,]+/).find((flag) => flag.startsWith('--'));
}

/** Does the work; what it says of single values of the configuration names options (UsageError) or the file. */
export async function namingSources(sources: ConfigSources, work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    if (!(error instanceof ConfigError) || error.problems.length === 0) throw error;
    const { path: file } = sources;
    const isOfFile = ({ path }: ConfigProblem) => depth(sources.file, path) > depth(sources.given, path);
    const lines = error.problems.map((problem) => {
      const key = problem.path.join('.') || 'configuration';
      const place = isOfFile(problem) && file !== undefined ? `${file}: ${key}` : (flagOf(problem.path) ?? key);
      return `${place}: ${problem.message}`;
    });
    const text = lines.join('\n');
    throw error.problems.every(isOfFile) ? new Error(text, { cause: error }) : new UsageError(text, { cause: error });
  }
}
