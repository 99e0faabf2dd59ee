/** What `earshot ablate` does once it knows what is wanted. */
import { dirname, join } from 'node:path';
import { ablate } from '../ablation/ablate.js';
import { ablationFiles, holdsAblation, type Scored } from '../ablation/folder.js';
import { baseOf, planTables } from '../ablation/plan.js';
import { type TableName, tableNames } from '../ablation/tables.js';
import type { BenchmarkName } from '../datasets/benchmarks/index.js';
import { readBenchmark } from '../datasets/index.js';
import { readPairs } from '../datasets/read.js';
import { defaultProtocol, type ProtocolName } from '../evaluation/protocols.js';
import { presetConfig, type TrainPreset } from '../training/config.js';
import { writeWorld } from '../world/index.js';
import { demoConfig, demoPairs, demoProtocol } from './demoSettings.js';
import { Progress } from './progress.js';
import { checkPairs } from './runTraining.js';
import { merged } from './trainOptions.js';

export interface GivenBenchmark {
  /** In tables. */
  label: string;
  name: BenchmarkName;
  annotations: string;
}

export interface AblateCommand {
  out: string;
  tables?: TableName[];
  seeds: number;
  benchmark?: GivenBenchmark[];
  protocol?: ProtocolName;
  preset: TrainPreset;
  config?: string;
  skipMissing?: boolean;
  threads?: number;
}

export async function runAblation(
  data: string | undefined,
  options: AblateCommand,
  { file, given, version }: { file: unknown; given: unknown; version: string },
  signal: AbortSignal,
): Promise<void> {
  const { out, tables = tableNames, seeds, threads, preset } = options;
  const wanted = merged(merged(data === undefined ? demoConfig : {}, file), given);
  const { epochs } = wanted as { epochs?: unknown };
  const config = merged(presetConfig('sslalign', preset, epochs), wanted);
  if (data === undefined) {
    // Before a world is made: what cannot be trained, or not there, is an error now.
    planTables(baseOf(config, demoPairs), demoPairs, tables, seeds);
    await holdsAblation(out);
  }
  const world = data === undefined ? await demoWorld(out, signal) : undefined;
  const list = world?.list ?? data!;
  const pairs = await readPairs(list);
  checkPairs(list, pairs, options.skipMissing === true);
  const scored: Scored[] = [];
  for (const { label, name, annotations } of options.benchmark ?? [world!.benchmark]) {
    const benchmark = await readBenchmark(name, { annotations, data: dirname(annotations), signal });
    scored.push({ label, benchmark, protocol: options.protocol ?? (options.benchmark ? defaultProtocol(name) : demoProtocol) });
  }
  const progress = new Progress('pictures and sounds');
  try {
    await ablate(
      { folder: out, config, pairs, scored, asked: { tables, seeds } },
      {
        version,
        threads,
        signal,
        onProgress: (done, total, note) => progress.update(done, total, note),
        onNotice: (line) => progress.notice(line),
      },
    );
  } catch (error) {
    if (signal.aborted) progress.notice(`what was done is saved in ${out}; the same command goes on`);
    throw error;
  } finally {
    progress.stop();
  }
  console.log(`the tables are ${join(out, ablationFiles.tables)}`);
}

/** The world of the demo, made in the folder where it is not there yet. */
async function demoWorld(out: string, signal: AbortSignal): Promise<{ list: string; benchmark: GivenBenchmark }> {
  const folder = join(out, ablationFiles.world);
  const progress = new Progress('pictures');
  await writeWorld(folder, { train: demoPairs }, { signal, onProgress: (done, total) => progress.update(done, total) }).finally(
    () => progress.stop(),
  );
  const annotations = join(folder, 'test_interactive.json');
  return { list: join(folder, 'train.csv'), benchmark: { label: 'test_interactive', name: 'world', annotations } };
}
