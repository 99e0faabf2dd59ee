/** The folder of an ablation: what it is of, the runs, their scores, and the tables. */
import { createHash } from 'node:crypto';
import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import type { Benchmark } from '../datasets/benchmarks/types.js';
import type { PairSet } from '../datasets/types.js';
import type { ProtocolName } from '../evaluation/protocols.js';
import type { TrainConfig } from '../training/config.js';
import { describeData, differences } from '../training/runFolder.js';
import { inOrder } from './plan.js';
import { type TableName, tableNames } from './tables.js';

/** An ablation that cannot be made, or a folder that cannot be used for it: one line. */
export class AblationError extends Error {
  override name = 'AblationError';
}

/** A benchmark, the name that it has in tables, and how it is scored. */
export interface Scored {
  label: string;
  benchmark: Benchmark;
  protocol: ProtocolName;
}

/** What all rows share; an ablation is gone on with when it is the same. */
export interface Subject {
  config: TrainConfig;
  data: ReturnType<typeof describeData>;
  benchmarks: { label: string; name: string; protocol: string; samples: number; hash: string }[];
}

/** `ablation.json` says what the ablation is of, and holds every number; `ablation.md` is for people. */
export const ablationFiles = {
  numbers: 'ablation.json',
  tables: 'ablation.md',
  runs: 'runs',
  scores: 'scores',
  world: 'world',
} as const;

/** What is read again of `ablation.json`: its numbers are made from the runs' scores. */
const begun = z.object({
  subject: z.looseObject({}),
  asked: z.object({ tables: z.array(z.enum(tableNames)), seeds: z.int().min(1).max(1000) }),
});

/** Bytes; a hundred times what all tables with ten seeds need. */
const maxBytes = 2 ** 28;

export function subjectOf(config: TrainConfig, pairs: PairSet, scored: readonly Scored[]): Subject {
  const hashOf = ({ samples }: Benchmark) => {
    const hash = createHash('sha256');
    // Masks lie anywhere; boxes and the order are the benchmark's own.
    for (const { id, annotation } of samples)
      hash.update(`${JSON.stringify([id, annotation.kind, annotation.kind === 'boxes' && annotation.boxes])}\n`);
    return hash.digest('hex');
  };
  return {
    config,
    data: describeData(pairs),
    benchmarks: scored.map(({ label, benchmark, protocol }) => ({
      label,
      name: benchmark.name,
      protocol,
      samples: benchmark.samples.length,
      hash: hashOf(benchmark),
    })),
  };
}

/** Which tables are wanted, and how many seeds a row. */
export interface Asked {
  tables: readonly TableName[];
  seeds: number;
}

/**
 * Whether the folder holds an ablation; false for a new or empty one, and one with nothing but the `world` that is made for it. Throws AblationError for a
 * folder of something else.
 */
export async function holdsAblation(folder: string): Promise<boolean> {
  const all = await readdir(folder).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return [];
    throw new AblationError(`${folder}: expected a folder, it cannot be read (${error.code ?? error.message})`, { cause: error });
  });
  const there = all.filter((name) => !name.startsWith('.') && name !== ablationFiles.world);
  if (there.length > 0 && !there.includes(ablationFiles.numbers))
    throw new AblationError(`${folder}: expected a new or empty folder, or one with an ablation; it holds '${there[0]}'`);
  return there.length > 0;
}

/**
 * What is asked for now together with what was before, where the folder holds an ablation. Throws AblationError for a folder of something else and for an
 * ablation of another configuration, data or benchmarks.
 */
export async function openAblation(folder: string, subject: Subject, asked: Asked): Promise<Asked> {
  if (!(await holdsAblation(folder))) return asked;
  const before = await readBegun(join(folder, ablationFiles.numbers));
  const different = differences(before.subject, JSON.parse(JSON.stringify(subject)));
  if (different.length > 0)
    throw new AblationError(
      `${folder}: its ablation was begun otherwise; what differs: ${different.join(', ')}. Give the same data, benchmarks and options to go on with it, or take another folder`,
    );
  return {
    tables: inOrder([...before.asked.tables, ...asked.tables]),
    seeds: Math.max(before.asked.seeds, asked.seeds),
  };
}

async function readBegun(path: string): Promise<z.infer<typeof begun>> {
  const wrong = (reason: string, cause?: unknown) =>
    new AblationError(`${path}: it is no ablation of this version (${reason}); take another folder`, { cause });
  const { size } = await stat(path);
  if (size > maxBytes) throw wrong(`${size} bytes are more than one has`);
  let value: unknown;
  try {
    value = JSON.parse(await readFile(path, 'utf8'));
  } catch (error) {
    throw wrong((error as Error).message, error);
  }
  const { data, error } = begun.safeParse(value);
  if (!data) throw wrong(`${error.issues[0]?.path.join('.')}: ${error.issues[0]?.message}`, error);
  return data;
}
