/** Each picture of a world with its sounds: what it depends on is the seed and its number. */
import type { Box } from '../features/spec.js';
import { encodeJpeg, encodePng } from '../media/picture.js';
import { encodeWav } from '../media/wav.js';
import { Random } from '../random.js';
import { soundOf } from './clip.js';
import type { Kind } from './kind.js';
import { kinds } from './kinds/index.js';
import { objectsInScene, type WorldOptions } from './options.js';
import { drawScene, type SceneObject } from './scene.js';

/** Entry of a list that `readBenchmark('world')` reads; paths are relative to the world's folder. */
export interface WorldEntry {
  image: string;
  audio: string;
  /** The kind that sounds. */
  category: string;
  box?: Box;
  mask?: string;
  sounding?: false;
}

export interface WorldFile {
  /** Relative to the world's folder, with forward slashes. */
  path: string;
  encode(): Uint8Array | Promise<Uint8Array>;
}

export interface TrainingPair {
  files: WorldFile[];
  entry: WorldEntry;
}

export interface AnnotatedScene {
  files: WorldFile[];
  /** The sound of each object with its box. */
  boxes: WorldEntry[];
  /** The same with masks, and the scene with the sound of a kind that is not in it: of the test only are there files for these. */
  masks: WorldEntry[];
  offScreen: WorldEntry;
}

const quality = 92;
const numbered = (i: number) => String(i).padStart(6, '0');

/** Everything in a random order. */
function shuffled<T>(values: readonly T[], random: Random): T[] {
  const rest = [...values];
  return values.map(() => rest.splice(random.below(rest.length), 1)[0]!);
}

const kindsOf = (options: WorldOptions) => kinds.filter(({ name }) => options.kinds.includes(name));

const soundFile = (path: string, kind: Kind, random: Random): WorldFile => ({
  path,
  encode: () => encodeWav(soundOf(kind, random)),
});

/**
 * Pair i of the training set: one or two objects of kinds that sound and one to three things that never do. One of the objects is heard
 * or, in a share `offScreen` of the pairs, none of them.
 */
export function trainingPair(options: WorldOptions, i: number): TrainingPair {
  const random = new Random(options.seed, 'train', i);
  const order = shuffled(kindsOf(options), random);
  const present = order.slice(0, 1 + random.below(2));
  const isOffScreen = random.uniform() < options.offScreen;
  const heard = isOffScreen ? order.at(-1)! : present[0]!;
  const silent = 1 + random.below(3);
  const { frame, objects } = drawScene(new Random(options.seed, 'train', i, 'scene'), present, silent, options.size);
  const [image, audio] = [`images/train/${numbered(i)}.jpg`, `audio/train/${numbered(i)}.wav`];
  return {
    files: [
      { path: image, encode: () => encodeJpeg(frame, { quality }) },
      soundFile(audio, heard, new Random(options.seed, 'train', i, 'sound')),
    ],
    entry: { image, audio, category: heard.name, ...(isOffScreen ? { sounding: false } : { box: objects[0]!.box }) },
  };
}

/** Scene i of the validation or test set: three objects of different kinds, each with its sound. */
export function annotatedScene(options: WorldOptions, part: 'validation' | 'test', i: number): AnnotatedScene {
  const random = new Random(options.seed, part, i);
  const order = shuffled(kindsOf(options), random);
  const [present, absent] = [order.slice(0, objectsInScene), order.at(-1)!];
  const { frame, objects } = drawScene(new Random(options.seed, part, i, 'scene'), present, random.below(3), options.size);
  const image = `images/${part}/${numbered(i)}.jpg`;
  const sound = (kind: Kind, name = kind.name) =>
    soundFile(`audio/${part}/${numbered(i)}-${name}.wav`, kind, new Random(options.seed, part, i, name));
  const sounds = present.map((kind) => sound(kind));
  const masks = objects.map((object) => maskFile(`masks/${part}/${numbered(i)}-${object.kind.name}.png`, object, options.size));
  const offScreen = sound(absent, 'offscreen');
  const entryOf = ({ kind }: SceneObject, k: number) => ({ image, audio: sounds[k]!.path, category: kind.name });
  const files = [{ path: image, encode: () => encodeJpeg(frame, { quality }) }, ...sounds];
  return {
    files: part === 'test' ? [...files, ...masks, offScreen] : files,
    boxes: objects.map((object, k) => ({ ...entryOf(object, k), box: object.box })),
    masks: objects.map((object, k) => ({ ...entryOf(object, k), mask: masks[k]!.path })),
    offScreen: { image, audio: offScreen.path, category: absent.name, sounding: false },
  };
}

function maskFile(path: string, { mask }: SceneObject, size: number): WorldFile {
  const grey = () => Uint8Array.from({ length: 3 * mask.length }, (_, i) => mask[Math.floor(i / 3)]!);
  return { path, encode: () => encodePng({ width: size, height: size, rgb: grey() }) };
}
