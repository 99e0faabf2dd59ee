/** What is wrong with a configuration, and where. */
import { z } from 'zod';

/** `path` is the place of a value in the configuration. */
export interface ConfigProblem {
  path: readonly string[];
  message: string;
}

/** A configuration that makes no sense: one line for each problem. */
export class ConfigError extends Error {
  override name = 'ConfigError';

  /** `problems` are those that are of one value each. */
  constructor(
    message: string,
    readonly problems: readonly ConfigProblem[] = [],
    options?: ErrorOptions,
  ) {
    super(message, options);
  }

  static of(problems: readonly ConfigProblem[]): ConfigError {
    const lines = problems.map(({ path, message }) => `${path.join('.') || 'configuration'}: ${message}`);
    return new ConfigError(lines.join('\n'), problems);
  }
}

/** Keys of the object at a place of what a schema describes. */
function keysAt(schema: unknown, path: readonly PropertyKey[]): string[] {
  const object = schema instanceof z.ZodOptional ? schema.unwrap() : schema;
  if (!(object instanceof z.ZodObject)) return [];
  const [key, ...rest] = path;
  return key === undefined ? Object.keys(object.shape) : keysAt(object.shape[String(key)], rest);
}

/** What a schema says of a value that lies at `place`; unknown keys are a problem each, with the known ones. */
export function problemsOf(schema: z.ZodType, error: z.ZodError | undefined, place: readonly string[] = []): ConfigProblem[] {
  return (error?.issues ?? []).flatMap((issue): ConfigProblem[] => {
    const path = [...place, ...issue.path.map(String)];
    if (issue.code !== 'unrecognized_keys') return [{ path, message: issue.message }];
    const message = `not known here; known are ${keysAt(schema, issue.path).join(', ')}`;
    return issue.keys.map((key) => ({ path: [...path, key], message }));
  });
}
