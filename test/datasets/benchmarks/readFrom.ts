/** Reads benchmarks from files made on the spot, with paths relative to their folder. */
import { join } from 'node:path';
import { type BenchmarkName, type ReadBenchmarkOptions, readBenchmark } from '../../../src/datasets/benchmarks/index.js';
import type { BenchmarkSample } from '../../../src/datasets/benchmarks/types.js';
import { write } from '../scratch.js';

type Files = Readonly<Record<string, string | Uint8Array>>;

/** Options are paths relative to `root`, as are those of the result; problems are one text each. */
export async function readFrom(root: string, files: Files, name: BenchmarkName, options: ReadBenchmarkOptions) {
  write(root, files);
  const inRoot = Object.fromEntries(
    Object.entries(options).map(([option, path]) => [option, typeof path === 'string' ? join(root, path) : path]),
  ) as unknown as ReadBenchmarkOptions;
  const { samples, problems, ...benchmark } = await readBenchmark(name, inRoot);
  const relative = <T>(value: T): T => JSON.parse(JSON.stringify(value).replaceAll(`${root}/`, ''));
  return {
    ...benchmark,
    samples: relative(samples),
    problems: problems.map(({ file, reason }) => relative(`${file}: ${reason}`)),
  };
}

/** `id: picture sound`, and where the mask is. */
export const filesOf = ({ id, picture, sound, annotation }: BenchmarkSample): string =>
  [`${id}:`, picture?.path, sound?.path, annotation.kind === 'mask' ? annotation.path : undefined].filter(Boolean).join(' ');
