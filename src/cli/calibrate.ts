/** `earshot calibrate`. */
import { existsSync } from 'node:fs';
import type { Command } from 'commander';
import { readPairs } from '../datasets/read.js';
import { calibrate, loadModel, loadNotes, modelLocalizer, saveModel } from '../localization/index.js';
import { modelFile } from './modelFile.js';
import { threads } from './numbers.js';

interface Options {
  out: string;
  overwrite?: boolean;
  threads?: number;
}

const notes = `
A model's confidence is the probability that a picture and a sound belong together, as fitted to pairs and to the same pictures with the sounds of other
pairs. "earshot train" fits it to its validation set, or without one to the pairs that it learned from, and then it is surer than it should be;
imported models have none. Here it is fitted to any pairs: better those that the model has not learned from. At most 256 of them are used, at even
distances. Exit codes: 0 done, 1 failure, 2 wrong usage, 130 after Ctrl-C.`;

export function addCalibrate(program: Command, signal: AbortSignal): void {
  program
    .command('calibrate')
    .description("fit a model's confidence to pairs of pictures and sounds")
    .argument('<model>', 'best.safetensors, or the folder it is in')
    .argument('<data>', 'pairs: a list, folder or shards')
    .requiredOption('-o, --out <file>', 'the model with its new confidence')
    .option('--overwrite', 'replace a file that is there already')
    .option('--threads <count>', 'threads of ONNX Runtime', threads)
    .addHelpText('after', notes)
    .action((model: string, data: string, options: Options) => run(model, data, options, signal));
}

async function run(path: string, data: string, { out, overwrite, ...options }: Options, signal: AbortSignal): Promise<void> {
  if (existsSync(out) && !overwrite) throw new Error(`${out} is there already: pass --overwrite, or another --out`);
  const file = await modelFile(path);
  const { confidence: before, ...model } = await loadModel(file);
  const pairs = await readPairs(data);
  const [problem] = pairs.problems;
  if (problem)
    throw new Error(
      `${data}: ${pairs.problems.length} of its entries cannot be used, the first: ${problem.file}: ${problem.reason}`,
    );
  const localizer = await modelLocalizer(model, { batch: 16, ...options });
  const confidence = await calibrate(localizer, pairs, 0, signal).finally(() => localizer.release());
  if (!confidence)
    throw new Error(`${data}: its pairs match no better than pictures with the sounds of other pairs: there is nothing to fit`);
  await saveModel(out, { ...model, confidence }, await loadNotes(file));
  const show = (c: typeof before) => (c ? `slope ${c.slope.toFixed(2)}, offset ${c.offset.toFixed(2)}` : 'none');
  console.log(`the model is ${out}: confidence ${show(confidence)} (before: ${show(before)})`);
}
