/** `earshot import`. */
import { basename } from 'node:path';
import { type Command, Option } from 'commander';
import { type PresetName, presetNames } from '../features/choice.js';
import { hashOfFile } from '../fileHash.js';
import { saveModel } from '../localization/model.js';
import { onnxOf } from '../localization/onnxModel.js';
import { checkFolderOf } from '../makeFolder.js';
import { importCheckpoint } from '../weights/importCheckpoint.js';
import { type PublishedName, publishedNames, publishedNetworks } from '../weights/published.js';
import { writeWhole } from '../wholeFile.js';
import { checkNew } from './checkNew.js';
import { stopIf } from './exit.js';
import { modelName } from './modelFile.js';

interface Options {
  out: string;
  network?: PublishedName;
  inputs?: PresetName;
  overwrite?: boolean;
}

const networks = Object.entries(publishedNetworks).map(([name, { source }]) => `  ${name.padEnd(14)} ${source}`);

const notes = `
CHECKPOINT is what torch.save wrote (.pth, .pth.tar), by any version of PyTorch since 0.1. It is data to earshot: no code in it is run, and one
that holds more than weights and plain numbers is refused. The networks:

${networks.join('\n')}

Which one it is is told from the names of the weights; sslalign and lvs have the same, so say which. FILE.safetensors is a model for
"localize", "evaluate" and "train --weights"; FILE.maps.onnx beside it computes the map from a normalized picture and a spectrogram, one pair
at a time. Such models were never calibrated: they have no confidence. Exit codes: 0 done, 1 failure, 2 wrong usage, 130 after Ctrl-C.`;

export function addImport(program: Command, signal: AbortSignal): void {
  program
    .command('import')
    .description("make a model of a checkpoint that a paper's authors released")
    .argument('<checkpoint>', 'the file of PyTorch')
    .requiredOption('-o, --out <file>', 'the model, FILE.safetensors', modelName)
    .option('--overwrite', 'replace results that are there already')
    .addOption(new Option('--network <name>', 'whose network it is').choices(publishedNames))
    .addOption(new Option('--inputs <preset>', 'how it sees and hears, when not as published').choices(presetNames))
    .addHelpText('after', notes)
    .action((checkpoint: string, options: Options) => run(checkpoint, options, signal));
}

async function run(checkpoint: string, { out, overwrite, ...options }: Options, signal: AbortSignal): Promise<void> {
  // Not FILE.onnx: that is what `earshot export` makes of the model.
  const onnx = `${out.slice(0, -'.safetensors'.length)}.maps.onnx`;
  checkNew([out, onnx], overwrite);
  await checkFolderOf(out);
  const { networks: found, model, leftOut } = await importCheckpoint(checkpoint, options);
  const of = (key: 'source' | 'protocol') => found.map((name) => publishedNetworks[name][key]).join(' or ');
  const network = found.join(' or ');
  const origin = {
    network,
    source: of('source'),
    checkpoint: basename(checkpoint),
    sha256: await hashOfFile(checkpoint, { signal }),
  };
  await stopIf(signal);
  // First what can be found wrong with the weights.
  const maps = onnxOf(model, basename(onnx));
  await stopIf(signal);
  await writeWhole(onnx, [maps]);
  await saveModel(out, model, origin);

  const values = Object.values(model.weights).reduce((sum, { data }) => sum + data.length, 0);
  console.log(`${checkpoint}: ${network}, ${of('source')}; ${Object.keys(model.weights).length} tensors, ${values} values`);
  for (const { names, count } of leftOut) console.log(`  left out: ${names} (${count})`);
  console.log(
    `  its inputs are made as the preset ${model.picture.preset} does, its authors score as the protocol ${of('protocol')} does`,
  );
  console.log('  no confidence: it was never calibrated');
  console.log(`the model is ${out}, and ${onnx} (evaluate it with --batch 1)`);
}
