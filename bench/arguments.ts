/** The benchmarks' command line. */
import { parseArgs } from 'node:util';
import type { Benchmark, Request } from './benchmark.js';

/** A command line that cannot be run; the message says what can. */
export class UsageError extends Error {
  override name = 'UsageError';
}

export type Arguments = { help: true } | { help: false; benchmark: Benchmark; json: boolean; request: Request };

export function usage(benchmarks: Readonly<Record<string, Benchmark>>): string {
  const width = Math.max(...Object.keys(benchmarks).map((name) => name.length));
  const lines = Object.entries(benchmarks).map(
    ([name, { description, defaults }]) =>
      `  ${name.padEnd(width)}  ${description} (--rounds ${defaults.rounds} --steps ${defaults.steps})`,
  );
  return `npm run bench -- NAME [options]

NAME, with its defaults:
${lines.join('\n')}

  --rounds N  turns of each side
  --steps N   steps in a turn
  --data PATH pairs for \`loader\` and \`train\` besides generated ones: a CSV file image,audio, or a folder with a train.csv; may be given again
  --json      one JSON object a row instead of a table (with \`npm run -s\`, nothing else is on the standard output)
  --help      this text

PyTorch is the peer: the first of /usr/bin/python3 and python3 that can import torch, torchvision and soundfile, or the interpreter named by
the environment variable EARSHOT_PYTHON. Without it our own times are reported.`;
}

function count(option: string, text: string | undefined, otherwise: number): number {
  if (text === undefined) return otherwise;
  if (!/^[1-9]\d{0,5}$/.test(text)) throw new UsageError(`--${option} must be a positive whole number, got '${text}'`);
  return Number(text);
}

function parsed(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        rounds: { type: 'string' },
        steps: { type: 'string' },
        data: { type: 'string', multiple: true, default: [] },
        json: { type: 'boolean', default: false },
        help: { type: 'boolean', default: false },
      },
    });
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error));
  }
}

/** Throws UsageError for no, an unknown or more than one benchmark, unknown options and numbers that are none. */
export function parseArguments(args: readonly string[], benchmarks: Readonly<Record<string, Benchmark>>): Arguments {
  const { values, positionals } = parsed(args);
  if (values.help) return { help: true };
  const known = `there are: ${Object.keys(benchmarks).join(', ')}`;
  const [name, ...rest] = positionals;
  if (name === undefined) throw new UsageError(`which benchmark? ${known}`);
  if (rest.length) throw new UsageError(`one benchmark at a time, got ${positionals.join(', ')}`);
  if (!Object.hasOwn(benchmarks, name)) throw new UsageError(`no benchmark is called '${name}'; ${known}`);
  const benchmark = benchmarks[name]!;
  const { rounds, steps } = benchmark.defaults;
  const settings = { rounds: count('rounds', values.rounds, rounds), steps: count('steps', values.steps, steps) };
  return { help: false, benchmark, json: values.json, request: { ...settings, data: values.data } };
}
