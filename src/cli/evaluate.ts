/** `earshot evaluate`. */
import { basename, extname } from 'node:path';
import { type Command, InvalidArgumentError, Option } from 'commander';
import { benchmarkNames } from '../datasets/benchmarks/index.js';
import { protocolNames } from '../evaluation/protocols.js';
import { tableFormats } from '../report/tables.js';
import { type Contestant, type EvaluateOptions, evaluate } from './evaluateContestants.js';
import { countFrom, modelSize, threads } from './numbers.js';

type Options = Omit<EvaluateOptions, 'contestants' | 'embeddings'> & {
  maps?: Contestant[];
  model?: Contestant[];
  embeddings?: string[];
};

const notes = `
Maps are .npy ([N, h, w], in the order of the annotations), .npz or .safetensors (one such array, or an array for each sample named by its
id), or a folder of .npy files. Models are what "earshot train" made (best.safetensors, or the run's folder), or ONNX files with a picture and
a spectrogram as inputs and a map as output (docs/evaluation.md).
Given several times, --maps and --model make one table.

Without --protocol it is the one that the literature's numbers are under: sslalign-vggss for vggss, slavc-relative for the extended sets,
sslalign for the others. "earshot protocols" lists what each does.

Exit codes: 0 done, 1 failure (with --strict also when samples are missing), 2 wrong usage, 130 after Ctrl-C.`;

/** `NAME=FILE`, or a file that is called by its own name. */
const contestant =
  (kind: Contestant['kind']) =>
  (text: string, others: Contestant[] = []): Contestant[] => {
    const [, name, path] = /^([^=/\\]+)=(.+)$/.exec(text) ?? [undefined, basename(text, extname(text)), text];
    return [...others, { kind, name: name!, path: path! }];
  };

function share(text: string): number {
  const value = Number(text);
  if (!(value >= 0 && value <= 1) || text.trim() === '') throw new InvalidArgumentError('Expected a number from 0 to 1.');
  return value;
}

const collect = (text: string, others: string[] = []) => [...others, text];

export function addEvaluate(program: Command, signal: AbortSignal): void {
  program
    .command('evaluate')
    .description('score models, or maps of any program, on a benchmark under a published protocol')
    .optionsGroup('Benchmark:')
    .addOption(new Option('-b, --benchmark <name>', 'the benchmark').choices(benchmarkNames).makeOptionMandatory())
    .requiredOption('-a, --annotations <path>', 'its annotations, as published: a file, or a folder for flickr and is3')
    .option('--data <folder>', 'where its pictures, sounds and masks lie; models and reports need it')
    .option('--list <file>', 'ids to take, one a line (heard and unheard classes, 249 of Flickr)')
    .option('--extended <csv>', 'the samples without a source of an extended set')
    .optionsGroup('What is scored:')
    .option('--maps <[name=]path>', 'maps; may be given again', contestant('maps'))
    .option('--model <[name=]path>', 'a trained model, its run folder, or an ONNX model; may be given again', contestant('model'))
    .option('--embeddings <file>', 'embeddings of the pairs (image, sound), for retrieval; one for each of --maps', collect)
    .optionsGroup('Models:')
    .option('--picture <preset>', "how pictures become an ONNX model's input; its own metadata when not given")
    .option('--sound <preset>', "how sounds become an ONNX model's input; its own metadata when not given")
    .option('--size <pixels>', 'side of the square that a trained model sees, in place of the one it was trained with', modelSize)
    .option('--batch <count>', 'pairs at a time', countFrom(1, 65_536), 16)
    .option('--threads <count>', 'threads of ONNX Runtime, at most 256', threads)
    .optionsGroup('Protocol:')
    .addOption(
      new Option('-p, --protocol <name>', 'how maps become scores, as the paper of this name does it').choices(protocolNames),
    )
    .option('--ogl <path>', 'maps of an object prior: scores with it are given too')
    .option('--alpha <share>', 'weight of the map beside the object prior', share, 0.4)
    .option('--group-by-name', 'IIoU by file names up to their last _, as published, instead of by picture')
    .optionsGroup('Output:')
    .option('--json', 'one JSON object for each model')
    .addOption(new Option('--format <format>', 'only the table, as this').choices(tableFormats).conflicts('json'))
    .option('--no-published', 'leave out the numbers of the papers')
    .option('-o, --out <folder>', 'write what "earshot report" needs; a folder in it for each model where there are several')
    .option('--strict', 'exit with code 1 when samples are missing')
    .addHelpText('after', notes)
    .action(({ maps = [], model = [], embeddings = [], ...options }: Options, command: Command) => {
      const contestants = [...maps, ...model];
      if (contestants.length === 0) command.error('error: nothing to score: give --maps or --model');
      const twice = contestants.find(({ name }, i) => contestants.findIndex((other) => other.name === name) < i);
      if (twice) command.error(`error: two are called '${twice.name}': name them, as in --maps first=${twice.path}`);
      const nameless = contestants.find(({ name }) => name === '.' || name === '..');
      if (nameless) command.error(`error: '${nameless.name}' is no name: --out makes a folder of it`);
      if (embeddings.length > maps.length)
        command.error(`error: ${embeddings.length} --embeddings for ${maps.length} --maps (models bring their own)`);
      if (options.benchmark.endsWith('-extended') !== (options.extended !== undefined))
        command.error('error: --extended is given with the extended benchmarks, and only with these');
      return evaluate({ ...options, embeddings, contestants }, signal);
    });
}
