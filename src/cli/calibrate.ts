/** `earshot calibrate`. */
import type { Command } from 'commander';
import { readPairs } from '../datasets/read.js';
import { calibrate, loadModelAndNotes, modelLocalizer, saveModel } from '../localization/index.js';
import { checkFolderOf } from '../makeFolder.js';
import { checkNew } from './checkNew.js';
import { modelFile, modelName } from './modelFile.js';
import { threads } from './numbers.js';
import { checkPairs } from './runTraining.js';

interface Options {
  out: string;
  overwrite?: boolean;
  threads?: number;
}

/** With fewer pairs a probability says nothing. */
const fewest = 16;

const help = `
A model's confidence is the probability that a picture and a sound belong together, as fitted to pairs and to the same pictures with the sounds of other
pairs. "earshot train" fits it to its validation set, or without one to the pairs that it learned from, and then it is surer than it should be;
imported models have none. Here it is fitted to any pairs: better those that the model has not learned from. At most 256 of them are used, at even
distances, and at least 16; those that cannot be read are said and left out. Exit codes: 0 done, 1 failure, 2 wrong usage, 130 after Ctrl-C.`;

export function addCalibrate(program: Command, signal: AbortSignal): void {
  program
    .command('calibrate')
    .description("fit a model's confidence to pairs of pictures and sounds")
    .argument('<model>', 'best.safetensors, or the folder it is in')
    .argument('<data>', 'pairs: a list, folder or shards')
    .requiredOption('-o, --out <file>', 'the model with its new confidence, FILE.safetensors', modelName)
    .option('--overwrite', 'replace a file that is there already')
    .option('--threads <count>', 'threads of ONNX Runtime', threads)
    .addHelpText('after', help)
    .action((model: string, data: string, options: Options) => run(model, data, options, signal));
}

async function run(path: string, data: string, { out, overwrite, ...options }: Options, signal: AbortSignal): Promise<void> {
  checkNew([out], overwrite);
  await checkFolderOf(out);
  const {
    model: { confidence: before, ...model },
    notes,
  } = await loadModelAndNotes(await modelFile(path));
  const set = await readPairs(data);
  checkPairs(data, set, true);
  const localizer = await modelLocalizer(model, { batch: 16, ...options });
  const { confidence, right, pairs, problems } = await calibrate(localizer, set, 0, signal).finally(() => localizer.release());
  // Each is met with its own picture or sound, and with a stranger's.
  const lines = new Set(problems.map(({ file, reason }) => `left out: ${file}: ${reason}`));
  for (const line of lines) console.error(line);
  if (pairs < fewest)
    throw new Error(
      `${data}: expected at least ${fewest} pairs that can be read, with sounds in several files, there are ${pairs}`,
    );
  if (!confidence)
    throw new Error(`${data}: its pairs match no better than pictures with the sounds of other pairs: there is nothing to fit`);
  await saveModel(out, { ...model, confidence }, notes);
  const show = (c: typeof before) => (c ? `slope ${c.slope.toFixed(2)}, offset ${c.offset.toFixed(2)}` : 'none');
  console.log(`the model is ${out}: confidence ${show(confidence)} (before: ${show(before)}), fitted to ${pairs} pairs`);
  console.log(
    `with it ${(100 * right!).toFixed(0)} % of these pairs, and of their pictures with other sounds, are told apart (chance: 50 %)`,
  );
}
