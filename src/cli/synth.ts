/** `earshot synth`. */
import { type Command, InvalidArgumentError } from 'commander';
import { defaultWorld, kindNames, type World, writeWorld, writeWorldVideo } from '../world/index.js';
import { hasWorldVideo } from '../world/video.js';
import { count, countFrom } from './numbers.js';
import { Progress } from './progress.js';

interface Options {
  out: string;
  train: number;
  validation: number;
  test: number;
  offScreen: number;
  size: number;
  seed: number;
  video?: string;
}

const notes = `
Pictures are drawings of ${kindNames.length} kinds of things that sound, among others that never do, in random colours, shapes and places; sounds are
made up to go with them. The kinds: ${kindNames.slice(0, -1).join(', ')} and
${kindNames.at(-1)}. In the folder come

  train.csv               pairs of a picture with one or two such things and a sound, without labels
  validation.json         scenes of three things, each scene once with the sound of each of them, and boxes
  test_interactive.json   the same for the final test; test_masks.json has masks in place of the boxes
  test_offscreen.json     the scenes of the test with sounds of what is not in them
  train_classes.json      what sounds in train.csv and where: to be looked at, not to be learnt from
  world.json              the options; written last, when everything else is there

and images/, audio/ (16 kHz, mono, 16 bits) and masks/. A video's FILE.json tells what sounds when and where it is.

The same options give the same bytes, and a picture or sound does not depend on how many others there are. The same command goes on after
any interruption, and has nothing to do after the end. Exit codes: 0 done, 1 failure, 2 wrong usage, 130 after Ctrl-C.`;

export function addSynth(program: Command, signal: AbortSignal): void {
  const { train, validation, test, offScreen, size, seed } = defaultWorld;
  program
    .command('synth')
    .description('make a world of drawn things and made-up sounds, to try everything without a download')
    .optionsGroup('Output:')
    .requiredOption('-o, --out <folder>', 'where the world goes: a new or empty folder, or one to go on with')
    .option('--video <file>', 'also write a video of two things that sound in turn (.mp4, .webm, ...; needs node-av)')
    .optionsGroup('World:')
    .option('--train <count>', 'pairs to learn from', count, train)
    .option('--validation <count>', 'scenes to choose models by', count, validation)
    .option('--test <count>', 'scenes to test with', count, test)
    .option('--size <pixels>', 'side of the pictures, from 48 to 1024', countFrom(48, 1024), size)
    .option('--off-screen <share>', 'training pairs whose sound is of something that is not in the picture', share, offScreen)
    .option('--seed <number>', 'another number makes another world', wholeNumber, seed)
    .addHelpText('after', notes)
    .action((options: Options) => run(options, signal));
}

function wholeNumber(text: string): number {
  const value = Number(text);
  if (!Number.isSafeInteger(value) || value < 0 || text.trim() === '')
    throw new InvalidArgumentError('Expected a whole number of at least 0.');
  return value;
}

function share(text: string): number {
  const value = Number(text);
  if (!(value >= 0 && value <= 1) || text.trim() === '') throw new InvalidArgumentError('Expected a number from 0 to 1.');
  return value;
}

async function run({ out, video, ...options }: Options, signal: AbortSignal): Promise<void> {
  const isThere = video !== undefined && (await hasWorldVideo(video));
  const progress = new Progress('pictures');
  const onProgress = (done: number, pictures: number) => progress.update(done, pictures);
  const world = await writeWorld(out, options, { signal, onProgress }).finally(() => progress.stop());
  console.log(summaryOf(world, out));
  if (isThere) console.log(`${video} is there already: left as it is, and not looked into`);
  if (isThere || video === undefined) return;
  const { objects } = await writeWorldVideo(video, { seed: options.seed, signal });
  console.log(`${video}: a ${objects[0]!.category} and a ${objects[1]!.category} that sound in turn`);
}

function summaryOf({ counts: { train, validation, test, offScreen }, wasDone }: World, out: string): string {
  const made = `${train} pairs to learn from, ${validation} to validate and ${test} to test with, and ${offScreen} off-screen sounds are in ${out}`;
  return wasDone ? `nothing to do: ${made}` : made;
}
