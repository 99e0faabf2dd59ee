/** `earshot localize`. */
import { type Command, InvalidArgumentError } from 'commander';
import { type LocalizeOptions, localize } from './localizeFiles.js';
import { modelSize, threads } from './numbers.js';

const notes = `
PICTURE SOUND    <picture>+<sound>.png the heatmap over the picture with its scale and what was found, .npy the map as the model makes it,
                 .json where the object is (boxes and a mask in pixels of the picture, and how they were made) and the confidence that
                 it makes the sound
PICTURE SOUND... the same for each sound, and <picture>.panels.png with all of them side by side
VIDEO            <video>.localized.mp4 the video with the heatmap moving with its sound, .npy the maps [time, h, w], .json what is where when

A confidence below 0.5 means that nothing in the picture seems to make the sound: there are no boxes then. Videos and compressed sounds need
"npm install node-av". Exit codes: 0 done, 1 failure, 2 wrong usage, 130 after Ctrl-C.`;

function positive(text: string): number {
  const value = Number(text);
  if (!(value > 0 && value <= 1000) || text.trim() === '')
    throw new InvalidArgumentError('Expected a number above 0, at most 1000.');
  return value;
}

function notNegative(text: string): number {
  return Number(text) === 0 && text.trim() !== '' ? 0 : positive(text);
}

export function addLocalize(program: Command, signal: AbortSignal): void {
  program
    .command('localize')
    .description('draw where in a picture, or a video, the sound comes from')
    .argument('<picture>', 'a picture, or a video')
    .argument('[sound...]', 'one or several sounds for a picture; a video brings its own')
    .option(
      '-m, --model <file>',
      'what "earshot train" made: best.safetensors, or the folder it is in; or what "earshot import" made; not given: the one that comes along',
    )
    .option('-o, --out <folder>', 'where the results go', '.')
    .option('--overwrite', 'replace results that are there already')
    .option('--size <pixels>', 'side of the square that the model sees; larger ones find smaller objects', modelSize)
    .option('--threads <count>', 'threads of ONNX Runtime, at most 256', threads)
    .optionsGroup('Videos:')
    .option('--rate <count>', 'maps a second', positive, 8)
    .option('--smoothing <seconds>', 'deviation of the curve by which maps are averaged over time', notNegative, 0.25)
    .addHelpText('after', notes)
    .action((picture: string, sounds: string[], options: LocalizeOptions) => localize(picture, sounds, options, signal));
}
