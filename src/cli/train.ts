/** `earshot train`. */
import { type Command, Option } from 'commander';
import { benchmarkNames } from '../datasets/benchmarks/index.js';
import { protocolNames } from '../evaluation/protocols.js';
import { methodNames } from '../methods/index.js';
import { trainPresets } from '../training/config.js';
import { readConfig } from './configFile.js';
import { namingSources } from './configProblems.js';
import { count, duration, threads } from './numbers.js';
import { runTraining, type TrainCommand } from './runTraining.js';
import { addConfigOptions, givenConfig, merged } from './trainOptions.js';

const notes = `
DATA is what "earshot prepare" made, a list (.csv, .json, .txt) of pairs, or a folder of videos or with frames/ and audio/. Nothing in it
but pictures and sounds is looked at.

In the folder of --out come config.json (everything that the run depends on), metrics.jsonl (a line for every step and validation),
last.safetensors (where --resume goes on, bit for bit) and best.safetensors (the model: for "earshot localize" and "earshot evaluate").
Values in brackets are those of the presets (of sslalign, where methods differ), for what is not given.
A configuration file (--config) has the keys of config.json's "config", some or all; options go before it, it goes before the preset.

Batches that do not fit into memory (--batch 256 --micro-batch 16) are embedded first and then learnt from in parts; with batch
normalization each part has its own statistics, so that this is the same as one large batch only with --freeze-batch-norm.

Ctrl-C finishes the step and saves. Exit codes: 0 done, 1 failure, 2 wrong usage, 130 after Ctrl-C.`;

export function addTrain(program: Command, signal: AbortSignal): void {
  const command = program
    .command('train')
    .description('learn from unlabelled pairs of pictures and sounds')
    .argument('<data>', 'the pairs')
    .optionsGroup('Run:')
    .requiredOption('-o, --out <folder>', 'a new or empty folder, or with --resume one to go on with')
    .option('--resume', 'go on with the run in the folder')
    .addOption(new Option('-m, --method <name>', 'how it learns').choices(methodNames).default('sslalign'))
    .addOption(new Option('--preset <name>', 'what is not said otherwise (default: laptop)').choices(trainPresets))
    .option('--config <file>', 'a configuration (JSON)')
    .option('--weights <file>', 'a model to begin with, or weights (.safetensors) for some of the network')
    .option('--skip-missing', 'leave out pairs whose files are missing or do not fit, instead of refusing the list')
    .option('--threads <count>', 'threads of ONNX Runtime, at most 256', threads)
    .option('--checkpoint-seconds <seconds>', 'seconds between two checkpoints', duration, 60)
    .optionsGroup('Validation:')
    .option('--validate <annotations>', 'choose the best model by its scores on a benchmark')
    .option('--validate-data <folder>', 'where its pictures and sounds lie')
    .addOption(new Option('--validate-benchmark <name>', 'what the annotations are of (default: world)').choices(benchmarkNames))
    .addOption(new Option('--validate-protocol <name>', 'how maps become scores (default: sslalign)').choices(protocolNames))
    .option('--validate-every <epochs>', 'how often (default: 1)', count);
  addConfigOptions(command, { weights: true });
  command.addHelpText('after', notes).action(async (data: string, options: TrainCommand) => {
    const file = options.config === undefined ? {} : await readConfig(options.config);
    const method = command.getOptionValueSource('method') === 'cli' ? { method: options.method } : {};
    const sources = { path: options.config, file, given: merged(givenConfig(command), method) };
    await namingSources(sources, () => runTraining(data, options, sources, signal));
  });
}
