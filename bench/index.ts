/** Runs one benchmark: `npm run bench -- NAME [--json]`. The standard output has the results alone. */
import { parseArguments, UsageError, usage } from './arguments.js';
import type { Benchmark, Row } from './benchmark.js';
import { evaluate } from './evaluate.js';
import { inference } from './inference.js';
import { loader } from './loader.js';
import { table } from './table.js';
import { train } from './train.js';
import { trainStep } from './train-step.js';

const benchmarks: Readonly<Record<string, Benchmark>> = { 'train-step': trainStep, train, inference, loader, evaluate };

const progress = (line: string) => console.error(line);

async function main(args: readonly string[]): Promise<void> {
  const parsed = parseArguments(args, benchmarks);
  if (parsed.help) return console.log(usage(benchmarks));
  const rows: Row[] = [];
  for await (const row of parsed.benchmark.run(parsed.request, progress)) {
    rows.push(row);
    if (parsed.json) console.log(JSON.stringify(row));
  }
  if (!parsed.json) console.log(table(rows));
}

try {
  await main(process.argv.slice(2));
} catch (error) {
  console.error(`bench: ${error instanceof Error ? error.message : error}`);
  if (error instanceof UsageError) console.error('npm run bench -- --help says more');
  process.exitCode = 1;
}
