/** The options of `earshot train` that are values of its configuration, in groups. */
import { type Command, InvalidArgumentError, Option } from 'commander';
import { presetNames } from '../features/choice.js';
import { presetConfig, trainPresets } from '../training/config.js';

/** `path` is the value's place in a `TrainConfig`. */
interface ConfigOption {
  flags: string;
  description: string;
  path: string;
  parse?: (text: string) => unknown;
  choices?: readonly string[];
  /** Goes with --weights, which not every command has. */
  needsWeights?: boolean;
}

function number(text: string): number {
  const value = Number(text);
  if (!Number.isFinite(value) || text.trim() === '') throw new InvalidArgumentError('Expected a number.');
  return value;
}

const numbers = (text: string): number[] => text.split(',').map(number);

export const configOptions: Readonly<Record<string, readonly ConfigOption[]>> = {
  'Input:': [
    { flags: '--picture <preset>', description: 'how pictures become tensors', path: 'picture.preset', choices: presetNames },
    {
      flags: '--size <pixels>',
      description: 'side of the pictures, in place of the preset’s',
      path: 'picture.size',
      parse: number,
    },
    { flags: '--sound <preset>', description: 'how sounds become spectrograms', path: 'sound.preset', choices: presetNames },
    {
      flags: '--seconds <seconds>',
      description: 'length of sound, in place of the preset’s',
      path: 'sound.seconds',
      parse: number,
    },
  ],
  'Network:': [
    {
      flags: '--widths <list>',
      description: 'channels of each stage, as in 64,128,256,512',
      path: 'settings.widths',
      parse: numbers,
    },
    { flags: '--blocks <list>', description: 'residual blocks of each stage', path: 'settings.blocks', parse: numbers },
    {
      flags: '--dimensions <count>',
      description: 'of the space in which pictures and sounds are compared',
      path: 'settings.dimensions',
      parse: number,
    },
    {
      flags: '--freeze-batch-norm',
      description: 'keep the running statistics of --weights',
      path: 'batchNorm',
      parse: () => 'frozen',
      needsWeights: true,
    },
  ],
  'Loss:': [
    { flags: '--tau <number>', description: 'temperature', path: 'settings.tau', parse: number },
    { flags: '--no-multi-view', description: 'without augmented positives', path: 'settings.multiView' },
    {
      flags: '--semantic <sides>',
      description: 'which sides have semantic positives',
      path: 'settings.semantic',
      choices: ['both', 'picture', 'sound', 'none'],
    },
    { flags: '--no-alignment', description: 'without the similarity in the projected space', path: 'settings.alignment' },
    { flags: '--intra <weight>', description: 'weight of the loss within a modality', path: 'settings.intra', parse: number },
    {
      flags: '--pool <how>',
      description: 'how a map becomes one number',
      path: 'settings.pool',
      choices: ['mean', 'max', 'top'],
    },
    {
      flags: '--directions <count>',
      description: '1: over sounds for each picture; 2: the other way too',
      path: 'settings.directions',
      parse: number,
    },
  ],
  'Augmentation:': [
    {
      flags: '--enlarge <times>',
      description: 'enlarge pictures before they are cut',
      path: 'augmentation.crop.enlarge',
      parse: number,
    },
    { flags: '--flip <probability>', description: 'mirror left and right', path: 'augmentation.flip', parse: number },
    {
      flags: '--min-area <share>',
      description: 'least share of an augmented picture that is seen',
      path: 'augmentation.minArea',
      parse: number,
    },
    { flags: '--colour <strength>', description: 'changes of colour, from 0 to 1', path: 'augmentation.colour', parse: number },
    { flags: '--blur <probability>', description: 'blur augmented pictures', path: 'augmentation.blur', parse: number },
    {
      flags: '--shift <seconds>',
      description: 'most that augmented sounds are shifted',
      path: 'augmentation.shift',
      parse: number,
    },
  ],
  'Semantic positives:': [
    { flags: '-k, --neighbours <count>', description: 'draw them from so many nearest', path: 'neighbours.k', parse: number },
    {
      flags: '--sampling <how>',
      description: 'which of them',
      path: 'neighbours.sampling',
      choices: ['random', 'first', 'anchor'],
    },
    {
      flags: '--after <epochs>',
      description: 'epochs without them; where it is not given, all but one at most',
      path: 'neighbours.after',
      parse: number,
    },
    {
      flags: '--every <epochs>',
      description: 'epochs after which the model’s own are looked for again',
      path: 'neighbours.every',
      parse: number,
    },
    {
      flags: '--picture-encoder <onnx>',
      description: 'another encoder that finds similar pictures',
      path: 'neighbours.pictureEncoder.path',
    },
    {
      flags: '--picture-encoder-preset <preset>',
      description: 'how pictures become its input',
      path: 'neighbours.pictureEncoder.preset',
      choices: presetNames,
    },
    {
      flags: '--sound-encoder <onnx>',
      description: 'another encoder that finds similar sounds',
      path: 'neighbours.soundEncoder.path',
    },
    {
      flags: '--sound-encoder-preset <preset>',
      description: 'how sounds become its input',
      path: 'neighbours.soundEncoder.preset',
      choices: presetNames,
    },
  ],
  'Optimization:': [
    { flags: '--batch <pairs>', description: 'pairs that are compared with each other', path: 'batch', parse: number },
    { flags: '--micro-batch <pairs>', description: 'pairs in memory at a time', path: 'microBatch', parse: number },
    { flags: '--epochs <count>', description: 'times that every pair is seen', path: 'epochs', parse: number },
    { flags: '--learning-rate <rate>', description: 'of Adam', path: 'optimizer.learningRate', parse: number },
    { flags: '--weight-decay <rate>', description: 'L2 penalty', path: 'optimizer.weightDecay', parse: number },
    { flags: '--clip <norm>', description: 'scale gradients down to this norm', path: 'optimizer.clipNorm', parse: number },
    {
      flags: '--schedule <name>',
      description: 'of the learning rate',
      path: 'optimizer.schedule',
      choices: ['constant', 'cosine'],
    },
    { flags: '--warmup <epochs>', description: 'in which the learning rate rises', path: 'optimizer.warmup', parse: number },
    { flags: '--seed <number>', description: 'of weights, order and augmentation', path: 'seed', parse: number },
  ],
};

const valueAt = (value: unknown, path: string): unknown =>
  path.split('.').reduce<unknown>((inner, key) => (isObject(inner) ? inner[key] : undefined), value);

/** ` (paper: 128, laptop: 64)`: what a value is where it is not given, of sslalign. */
function inPresets(path: string): string {
  const values = trainPresets.map((preset) => ({ preset, value: valueAt(presetConfig('sslalign', preset), path) }));
  const told = values.filter(({ value }) => value !== undefined).map(({ preset, value }) => `${preset}: ${value}`);
  return told.length === 0 ? '' : ` (${told.join(', ')})`;
}

export function addConfigOptions(command: Command, { weights }: { weights: boolean }): void {
  for (const [group, options] of Object.entries(configOptions)) {
    command.optionsGroup(group);
    for (const { flags, description, path, parse, choices, needsWeights } of options) {
      if (needsWeights && !weights) continue;
      const option = new Option(flags, flags.includes('<') ? `${description}${inPresets(path)}` : description);
      if (choices) option.choices(choices);
      else if (parse && flags.includes('<')) option.argParser(parse);
      command.addOption(option);
    }
  }
}

type Json = Record<string, unknown>;

export const isObject = (x: unknown): x is Json => typeof x === 'object' && x !== null && !Array.isArray(x);

/** `above` over `below`, objects key by key. */
export function merged(below: unknown, above: unknown): unknown {
  if (!isObject(below) || !isObject(above)) return above;
  const keys = [...new Set([...Object.keys(below), ...Object.keys(above)])];
  return Object.fromEntries(keys.map((key) => [key, key in above ? merged(below[key], above[key]) : below[key]]));
}

/** The options that were given on the command line, as a part of a configuration. */
export function givenConfig(command: Command): unknown {
  let config: unknown = {};
  for (const { flags, path, parse } of Object.values(configOptions).flat()) {
    const { attributeName, negate } = { attributeName: new Option(flags).attributeName(), negate: new Option(flags).negate };
    if (command.getOptionValueSource(attributeName) !== 'cli') continue;
    const isSwitch = !flags.includes('<') && !negate;
    const value = isSwitch ? parse!('') : command.getOptionValue(attributeName);
    const nested = path.split('.').reduceRight<unknown>((inner, key) => ({ [key]: inner }), value);
    config = merged(config, nested);
  }
  return config;
}
