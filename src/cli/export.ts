/** `earshot export`. */
import { basename, extname, resolve } from 'node:path';
import { type Command, InvalidArgumentError } from 'commander';
import { exportModel, loadModelAndNotes, pictureSides } from '../localization/index.js';
import { checkFolderOf } from '../makeFolder.js';
import { showShape } from '../tensor.js';
import { writeWhole } from '../wholeFile.js';
import { checkNew } from './checkNew.js';
import { stopIf } from './exit.js';
import { modelFile } from './modelFile.js';

interface Options {
  out?: string;
  overwrite?: boolean;
  pictureSize?: { width: number; height: number };
}

const help = `
The file takes a waveform (mono, float32) and the pixels of a picture (RGB, uint8) as they are, spectrogram, resizing and normalization are in it,
and gives heatmap, map, score and embeddings. It runs wherever ONNX Runtime or another runtime of opset 21 does; docs/export.md shows how from
Python, in browsers and from C++. Its metadata say what it expects.

Pictures have the size that the file was made for. Without --picture-size that is the model's own square, to which "earshot localize" squashes
every picture; with it the file resizes pictures itself, as the model's preset does. Exit codes: 0 done, 1 failure, 2 wrong usage,
130 after Ctrl-C.`;

function pictureSize(text: string): { width: number; height: number } {
  const [width = 0, height = 0] = (/^(\d+)x(\d+)$/.exec(text) ?? []).slice(1).map(Number);
  const { least, most } = pictureSides;
  if (Math.min(width, height) < least || Math.max(width, height) > most)
    throw new InvalidArgumentError(`Expected WIDTHxHEIGHT, as in 640x480, both of ${least} to ${most} pixels.`);
  return { width, height };
}

export function addExport(program: Command, signal: AbortSignal): void {
  program
    .command('export')
    .description('make one ONNX file of a model: from waveform and pixels to heatmap and score')
    .argument('<model>', 'what "earshot train" made: best.safetensors, or the folder it is in; or what "earshot import" made')
    .option('-o, --out <file>', "the ONNX file; in the current folder, with the model's name, when not given")
    .option('--overwrite', 'replace a file that is there already')
    .option('--picture-size <size>', 'WIDTHxHEIGHT of the pictures, as in 640x480', pictureSize)
    .addHelpText('after', help)
    .action((model: string, options: Options) => run(model, options, signal));
}

/** run/ -> run.onnx, best.safetensors -> best.onnx */
const nameOf = (path: string): string => `${basename(resolve(path), extname(path))}.onnx`;

async function run(
  path: string,
  { out = nameOf(path), overwrite, pictureSize: picture }: Options,
  signal: AbortSignal,
): Promise<void> {
  checkNew([out], overwrite);
  await checkFolderOf(out);
  const file = await modelFile(path);
  const { model, notes } = await loadModelAndNotes(file);
  await stopIf(signal);
  const { onnx, outputs, metadata } = exportModel(model, { picture, about: notes });
  await stopIf(signal);
  await writeWhole(out, [onnx]);
  console.log(`${out} (${(onnx.length / 1e6).toFixed(1)} MB), ${metadata.model}`);
  for (const name of ['waveform', 'pixels'] as const) console.log(`in: ${name} ${metadata[name]}`);
  console.log(`out: ${outputs.map(({ name, shape }) => `${name} ${showShape(shape)}`).join(', ')}; score: ${metadata.score}`);
}
