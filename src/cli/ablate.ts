/** `earshot ablate`. */
import { basename, extname } from 'node:path';
import { type Command, InvalidArgumentError, Option } from 'commander';
import { type TableName, tableNames, tables } from '../ablation/tables.js';
import { type BenchmarkName, benchmarkNames } from '../datasets/benchmarks/index.js';
import { protocolNames } from '../evaluation/protocols.js';
import { trainPresets } from '../training/config.js';
import { readConfig } from './configFile.js';
import { namingSources } from './configProblems.js';
import { count, threads } from './numbers.js';
import { type AblateCommand, type GivenBenchmark, runAblation } from './runAblation.js';
import { addConfigOptions, givenConfig } from './trainOptions.js';

const notes = `
Tables:
${tableNames.map((name) => `  ${name.padEnd(12)}${tables[name].about}`).join('\n')}

Options of training hold for every row, but for what the row's table varies. A configuration that several tables have is trained once.
Without DATA a drawn world is made in the folder ("earshot synth", as large as the demo's) and learnt from as the demo does.

In the folder of --out come ablation.md (the tables), ablation.json (every number), runs/ (as "earshot train" leaves them, the model after the
last epoch is scored) and scores/ (as "earshot evaluate --out" leaves them). The tables are written after every run. The same command goes on
after any interruption; with other --tables or more --seeds it adds to what is there.

Without --protocol it is that of "earshot evaluate"; for the world that is made here the demo's.

Ctrl-C finishes the step and saves. Exit codes: 0 done, 1 failure, 2 wrong usage, 130 after Ctrl-C.`;

const isOneOf = <T extends string>(names: readonly T[], text: string): text is T => (names as readonly string[]).includes(text);

function tableList(text: string): TableName[] {
  return text.split(',').map((name) => {
    if (!isOneOf(tableNames, name)) throw new InvalidArgumentError(`Allowed are ${tableNames.join(', ')}, with commas between.`);
    return name;
  });
}

/** `NAME=FILE`, or the file of a benchmark in earshot's own form. */
function benchmark(text: string, others: GivenBenchmark[] = []): GivenBenchmark[] {
  const [, given, path] = /^([^=/\\]+)=(.+)$/.exec(text) ?? [undefined, 'world', text];
  const allowed = benchmarkNames.filter((name) => !name.endsWith('-extended'));
  if (!isOneOf<BenchmarkName>(allowed, given!)) throw new InvalidArgumentError(`Allowed before = are ${allowed.join(', ')}.`);
  // A name for a column and a folder.
  const label = basename(path!, extname(path!)).replaceAll(/[^\w-]+/g, '-');
  if (others.some((other) => other.label === label))
    throw new InvalidArgumentError(`Two are called ${label}: rename one of the files.`);
  return [...others, { label, name: given, annotations: path! }];
}

export function addAblate(program: Command, version: string, signal: AbortSignal): void {
  const command = program
    .command('ablate')
    .description('train and score what the ablation tables of sslalign need, and write them')
    .argument('[data]', 'the pairs to learn from, as for "earshot train"')
    .optionsGroup('Ablation:')
    .requiredOption('-o, --out <folder>', 'a new or empty folder, or one with an ablation to go on with')
    .option('--tables <list>', `some of ${tableNames.join(',')} (default: all)`, tableList)
    .option('--seeds <count>', 'runs of each row, with seeds that follow on each other', count, 1)
    .option('-b, --benchmark <[name=]annotations>', 'what models are scored on, beside its data; may be given again', benchmark)
    .addOption(new Option('-p, --protocol <name>', 'of the scores').choices(protocolNames))
    .optionsGroup('Training:')
    .addOption(new Option('--preset <name>', 'what is not said otherwise').choices(trainPresets).default('laptop'))
    .option('--config <file>', 'a configuration (JSON)')
    .option('--skip-missing', 'leave out pairs whose files are missing or do not fit, instead of refusing the list')
    .option('--threads <count>', 'threads of ONNX Runtime, at most 256', threads);
  addConfigOptions(command, { weights: false });
  command.addHelpText('after', notes).action(async (data: string | undefined, options: AblateCommand) => {
    if (data !== undefined && options.benchmark === undefined)
      command.error('error: nothing to score the models on: give --benchmark, the annotations of a benchmark');
    const file = options.config === undefined ? {} : await readConfig(options.config);
    const sources = { path: options.config, file, given: givenConfig(command) };
    await namingSources(sources, () => runAblation(data, options, { ...sources, version }, signal));
  });
}
