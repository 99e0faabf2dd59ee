/** A video of two objects that sound in turn, to see a method follow them. */
import { existsSync } from 'node:fs';
import { dirname, extname } from 'node:path';
import { drawWithin } from '../features/augment/draw.js';
import type { Box } from '../features/spec.js';
import { makeFolder } from '../makeFolder.js';
import type { AudioClip, Frame } from '../media/types.js';
import { checkVideoName, writeVideo } from '../media/writeVideo.js';
import { Random } from '../random.js';
import { writeWhole } from '../wholeFile.js';
import { drawBackground } from './background.js';
import { soundOf } from './clip.js';
import { jsonText } from './folder.js';
import type { Kind } from './kind.js';
import { kinds } from './kinds/index.js';
import { kindNames, WorldError } from './options.js';
import { Pen, type Placement } from './pen.js';
import { drawFinish } from './picture.js';
import { boxOf, Stage } from './stage.js';
import { add, silence } from './synth.js';

export interface WorldVideoOptions {
  /** Side of the frames in pixels; default 192. */
  size?: number;
  /** Default 12. */
  framesPerSecond?: number;
  /** How often one of the objects sounds, each of them every second time; default 4. */
  turns?: number;
  /** Of a turn; default 2. */
  seconds?: number;
  /** Names of the kinds that the two may be of; default all. */
  kinds?: readonly string[];
}

export interface WorldVideo {
  frames: Frame[];
  framesPerSecond: number;
  sound: AudioClip;
  objects: {
    category: string;
    /** Where it is in each frame. */
    boxes: Box[];
    /** When it sounds: from and until, in seconds. */
    sounding: [number, number][];
  }[];
}

/** Silence at the end of a turn, in seconds. */
const pause = 0.2;

/**
 * Two objects of different kinds side by side that sway a little, whether they sound or not, and sound in turn. The same stream gives the
 * same video.
 */
export function worldVideo(
  random: Random,
  { size = 192, framesPerSecond = 12, turns = 4, seconds = 2, kinds: names = kindNames }: WorldVideoOptions = {},
): WorldVideo {
  const chosen = kinds.filter(({ name }) => names.includes(name));
  if (chosen.length < 2) throw new RangeError(`worldVideo: expected at least two kinds of ${kindNames.join(', ')}`);
  const pair = [0, 1].map(() => chosen.splice(random.below(chosen.length), 1)[0]!);
  const actors = pair.map((kind, i) => actorOf(kind, i, size, random));
  const background = drawBackground(random, size);
  const finish = drawFinish(random);
  const boxes: Box[][] = pair.map(() => []);
  const frames = Array.from({ length: Math.round(turns * seconds * framesPerSecond) }, (_, i) => {
    const layers = actors.map(({ pen, placementAt }) => pen.draw(placementAt(i / framesPerSecond)));
    const stage = new Stage(size);
    for (const layer of layers) stage.put(layer, [1]);
    layers.forEach((_, k) => boxes[k]!.push(boxOf(stage.maskOf(k), size)!));
    return finish(background, layers, random);
  });
  const samples = silence(turns * seconds);
  const objects = pair.map(({ name }, k) => ({ category: name, boxes: boxes[k]!, sounding: [] as [number, number][] }));
  let sampleRate = 0;
  for (let turn = 0; turn < turns; turn++) {
    const [from, until] = [turn * seconds, (turn + 1) * seconds - pause];
    const clip = soundOf(pair[turn % 2]!, random, until - from);
    sampleRate = clip.sampleRate;
    add(samples, clip.samples, from);
    objects[turn % 2]!.sounding.push([from, until]);
  }
  return { frames, framesPerSecond, sound: { sampleRate, samples }, objects };
}

/** An instance on the left (0) or right (1) half of the frame. */
function actorOf(kind: Kind, half: number, size: number, random: Random): { pen: Pen; placementAt(seconds: number): Placement } {
  const pen = new Pen(random);
  kind.draw(pen);
  const still = {
    x: size * (0.26 + 0.48 * half + drawWithin([-0.03, 0.03], random)),
    y: size * drawWithin([0.28, 0.72], random),
    size: size * drawWithin([0.3, 0.38], random),
    mirrored: random.uniform() < 0.5,
  };
  const [period, phase] = [drawWithin([1.5, 3], random), drawWithin([0, 2 * Math.PI], random)];
  const placementAt = (seconds: number) => {
    const swing = (2 * Math.PI * seconds) / period + phase;
    return {
      ...still,
      x: still.x + 0.015 * size * Math.sin(swing),
      y: still.y + 0.01 * size * Math.sin(2 * swing),
      angle: 0.06 * Math.cos(swing),
    };
  };
  return { pen, placementAt };
}

/** The file beside a video that tells what is in it. */
const aboutVideo = (path: string): string => `${path.slice(0, path.length - extname(path).length)}.json`;

/**
 * Whether the video is there already, with the file beside it; whether it is the same is not looked at. Throws, before any work, WorldError
 * where only one of the two is, which is then somebody else's, Error where its folder cannot be made, RangeError and MediaError for names
 * that cannot be written.
 */
export async function hasWorldVideo(path: string): Promise<boolean> {
  const there = [path, aboutVideo(path)].filter((name) => existsSync(name));
  if (there.length === 2) return true;
  if (there.length === 1) throw new WorldError(`${there[0]} is there already: choose another name for the video`);
  await checkVideoName(path);
  await makeFolder(dirname(path));
  return false;
}

/**
 * Writes the `worldVideo` of a seed to a file of a kind that `writeVideo` knows, and beside it, with the extension `.json`, what sounds
 * when and where it is. Throws what `writeVideo` throws.
 */
export async function writeWorldVideo(
  path: string,
  { seed = 0, signal, ...options }: WorldVideoOptions & { seed?: number; signal?: AbortSignal } = {},
): Promise<WorldVideo> {
  const video = worldVideo(new Random(seed, 'video'), options);
  const { frames, framesPerSecond, sound, objects } = video;
  await writeVideo(path, { frames, frameRate: framesPerSecond, sound, signal });
  await writeWhole(aboutVideo(path), jsonText({ framesPerSecond, objects }));
  return video;
}
