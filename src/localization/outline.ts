/** From a map to an object: a mask, boxes around its parts. */
import { MapResizer } from '../metrics/resize.js';
import { extremesOf } from '../metrics/scale.js';
import type { HeatMap } from './heatMap.js';

/** How a map became a mask and boxes, to be written beside them. */
export const outlineProtocol = {
  resize: 'bilinear',
  alignCorners: false,
  /** Pixels above this share of the way from the map's lowest to its highest value are the mask. */
  binarize: { kind: 'rangeShare', share: 0.5 },
  connectivity: 4,
  /** Parts smaller than this share of the largest one are in the mask, and have no box. */
  leastPart: 0.1,
} as const;

export interface Outline {
  width: number;
  height: number;
  /** [height * width], 1 on the object. */
  mask: Uint8Array;
  /** [x0, y0, x1, y1] in pixels, x1 and y1 exclusive, with the highest value within; the highest first. */
  boxes: { box: [number, number, number, number]; peak: number }[];
}

interface Part {
  box: [number, number, number, number];
  peak: number;
  area: number;
}

/** The outline of a map on a picture of that size, as `outlineProtocol` says; nothing of a constant map. */
export function outlineOf(map: HeatMap, { width, height }: { width: number; height: number }): Outline {
  const values = new MapResizer(
    map.height,
    map.width,
    height,
    width,
    outlineProtocol.resize,
    outlineProtocol.alignCorners,
  ).resize(map.data);
  const { min, max } = extremesOf(values);
  const given = extremesOf(map.data);
  // Resizing rounds: a constant map need not stay one.
  const level = given.min < given.max ? min + outlineProtocol.binarize.share * (max - min) : Number.POSITIVE_INFINITY;
  const mask = Uint8Array.from(values, (v) => (v > level ? 1 : 0));
  const parts = partsOf(mask, values, width, height);
  const largest = parts.reduce((most, { area }) => Math.max(most, area), 0);
  const boxes = parts.filter(({ area }) => area >= outlineProtocol.leastPart * largest).sort((a, b) => b.peak - a.peak);
  return { width, height, mask, boxes: boxes.map(({ box, peak }) => ({ box, peak })) };
}

/** Connected parts of a mask, by flooding. */
function partsOf(mask: Uint8Array, values: Float32Array, width: number, height: number): Part[] {
  const seen = new Uint8Array(mask.length);
  const waiting = new Int32Array(mask.length);
  const parts: Part[] = [];
  for (let first = 0; first < mask.length; first++) {
    if (!mask[first] || seen[first]) continue;
    const part: Part = { box: [width, height, 0, 0], peak: Number.NEGATIVE_INFINITY, area: 0 };
    const { box } = part;
    let count = 0;
    const reach = (at: number) => {
      if (!mask[at] || seen[at]) return;
      seen[at] = 1;
      waiting[count++] = at;
    };
    reach(first);
    while (count > 0) {
      const at = waiting[--count]!;
      const x = at % width;
      const y = (at - x) / width;
      box[0] = Math.min(box[0], x);
      box[1] = Math.min(box[1], y);
      box[2] = Math.max(box[2], x + 1);
      box[3] = Math.max(box[3], y + 1);
      part.peak = Math.max(part.peak, values[at]!);
      part.area++;
      if (x > 0) reach(at - 1);
      if (x < width - 1) reach(at + 1);
      if (y > 0) reach(at - width);
      if (y < height - 1) reach(at + width);
    }
    parts.push(part);
  }
  return parts;
}

/** Lengths of runs of 0 and 1 in turns, row by row, beginning with zeros (perhaps none). */
export function runLengths(mask: Uint8Array): number[] {
  const runs: number[] = [];
  let [value, length] = [0, 0];
  for (const pixel of mask) {
    if (pixel !== value) {
      runs.push(length);
      [value, length] = [pixel, 0];
    }
    length++;
  }
  return [...runs, length];
}
