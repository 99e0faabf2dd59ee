/** Pictures of several objects, and where each of them is to be seen. */
import { drawChance, drawWithin } from '../features/augment/draw.js';
import type { Box } from '../features/spec.js';
import type { Frame } from '../media/types.js';
import type { Random } from '../random.js';
import { drawBackground } from './background.js';
import type { Kind, SilentKind } from './kind.js';
import { Pen } from './pen.js';
import { drawFinish } from './picture.js';
import type { Layer } from './raster.js';
import { foliage, silentKinds } from './silentKinds.js';
import { boxOf, Stage } from './stage.js';

/** The longer side of an object as a share of the picture's side, in training and test scenes alike. */
const objectSizes = [0.24, 0.42] as const;
/** Radians either way. */
export const tilt = 0.2;
/** The share of its pixels that others may hide of what sounds, and of what never does. */
const mostHidden = { sounding: 0.3, silent: 0.6 } as const;

/** An object of a kind that sounds. */
export interface SceneObject {
  kind: Kind;
  /** The mask's extent. */
  box: Box;
  /** 255 for each pixel where it is to be seen, 0 elsewhere. */
  mask: Uint8Array;
  /** Share of its pixels that others hide. */
  hidden: number;
}

export interface Scene {
  frame: Frame;
  objects: SceneObject[];
}

/** Something to be placed. */
interface Thing {
  kind: SilentKind;
  /** The number of the kind among those that were asked for; undefined for what never sounds. */
  sounding?: number;
  sizes: readonly [number, number];
  limit: number;
}

/**
 * A square picture of `size` pixels with one object of each of the given kinds, and `silent` things that never sound where there is room.
 * Things may hide each other a little. The objects come in the order of the kinds.
 */
export function drawScene(random: Random, kinds: readonly Kind[], silent: number, size: number): Scene {
  const background = drawBackground(random, size);
  const crowding = drawChance(0.4, random) ? 0 : drawWithin([0, mostHidden.sounding], random);
  const things: Thing[] = kinds.map((kind, sounding) => ({ kind, sounding, sizes: objectSizes, limit: crowding }));
  for (let i = 0; i < silent; i++) {
    const thing: Thing = { kind: silentKinds[random.below(silentKinds.length)]!, sizes: [0.14, 0.34], limit: mostHidden.silent };
    things.splice(random.below(things.length + 1), 0, thing);
  }
  if (drawChance(0.35, random)) things.push({ kind: foliage, sizes: [0.18, 0.34], limit: 1 });
  const { layers, stage, objects } = arrange(random, things, size);
  const frame = drawFinish(random)(background, layers, random);
  return {
    frame,
    objects: kinds.map((kind, i) => {
      const thing = objects[i]!;
      const mask = stage.maskOf(thing);
      return { kind, mask, box: boxOf(mask, size)!, hidden: 1 - stage.seen[thing]! / stage.own[thing]! };
    }),
  };
}

/** Positions tried for a thing before it is left out or, where it must be there, everything is arranged anew. */
const tries = 40;

/** Places things one in front of the other; `objects` says where among the layers those that sound are. */
function arrange(random: Random, things: readonly Thing[], size: number): { layers: Layer[]; stage: Stage; objects: number[] } {
  for (let attempt = 0; ; attempt++) {
    const stage = new Stage(size);
    const layers: Layer[] = [];
    const objects: number[] = [];
    const limits: number[] = [];
    // Where there is too little room, things are smaller.
    const crowded = Math.max(0.2, 1 - 0.05 * attempt);
    const complete = things.every(({ kind, sounding, sizes: [least, most], limit }) => {
      const side = size * drawWithin([least, least + crowded * (most - least)], random);
      const layer = place(random, kind, side, stage, limits);
      if (!layer) return sounding === undefined;
      if (sounding !== undefined) objects[sounding] = layers.length;
      layers.push(layer);
      limits.push(limit);
      return true;
    });
    if (complete) return { layers, stage, objects };
  }
}

/** Draws an instance and puts it where it fits; undefined when no place was found. */
function place(random: Random, kind: SilentKind, side: number, stage: Stage, limits: readonly number[]): Layer | undefined {
  const pen = new Pen(random);
  kind.draw(pen);
  const angle = drawWithin([-tilt, tilt], random);
  const at = [random.uniform(), random.uniform()] as const;
  const drawn = pen.draw({ x: at[0], y: at[1], size: side, angle, mirrored: drawChance(0.5, random) });
  for (let i = 0; i < tries; i++) {
    const x = random.below(stage.size - drawn.width + 1);
    const y = random.below(stage.size - drawn.height + 1);
    const layer = { ...drawn, x, y };
    if (stage.put(layer, limits)) return layer;
  }
  return undefined;
}
