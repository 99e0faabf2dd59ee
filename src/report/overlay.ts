/** A picture with a heatmap over it. */

import { brightnessOf } from '../evaluation/sampleTruth.js';
import { resizeFrame } from '../features/kernels/resizeFrame.js';
import type { HeatMap } from '../localization/heatMap.js';
import type { Frame } from '../media/types.js';
import { MapResizer } from '../metrics/resize.js';
import { extremesOf, scaleRange } from '../metrics/scale.js';
import { maskTruth } from '../metrics/truth.js';
import { legendColours } from './palette.js';

type Box = readonly [number, number, number, number];

const steps = legendColours.map((hex) => [1, 3, 5].map((at) => Number.parseInt(hex.slice(at, at + 2), 16)));

/** Channel c (0-2: red, green, blue; 0-255, not rounded) of the colour of a value in [0, 1], values beyond taken to the nearer end. */
export function colour(value: number, c: number): number {
  const at = Math.min(Math.max(value, 0), 1) * (steps.length - 1);
  const below = Math.min(Math.floor(at), steps.length - 2);
  return steps[below]![c]! + (steps[below + 1]![c]! - steps[below]![c]!) * (at - below);
}

/** How much of the colour there is: little where the map is low, so that the picture stays visible. */
const [leastAlpha, mostAlpha] = [0.12, 0.78];

export interface OverlayOptions {
  /** Pixels across; the picture is brought to it, keeping its shape. As wide as it is when not given. */
  width?: number;
  /** Outlined, in shares of the picture's width and height. */
  boxes?: readonly Box[];
  /** Outlined: a picture that is bright on the object, by the rule by which masks are scored. */
  mask?: Frame;
  /** Values of the map that get the lowest and the highest colour; values beyond get these too. The map's own range when not given. */
  range?: readonly [low: number, high: number];
  /** 0 to 1, multiplies the map's alpha: 0 leaves the picture as it is. Default 1. */
  opacity?: number;
}

/**
 * The picture with the map over it: bilinear to the picture's size, scaled to its range or the given one (a constant map is flat), inferno with
 * an alpha that grows with the square of the value; the boxes' and the mask's edges in white with a dark rim. Without a map it is the picture
 * with the outlines.
 *
 *     v = (value - low) / (high - low) within [0, 1],  alpha = opacity (0.12 + 0.66 v^2)
 *
 * where low = high, v is 1 above it and 0 elsewhere. Throws RangeError when low and high are not finite or not in this order, and when
 * opacity is not within 0 to 1.
 */
export function overlay(
  picture: Frame,
  map: HeatMap | undefined,
  { width, boxes = [], mask, range, opacity = 1 }: OverlayOptions = {},
): Frame {
  if (range) checkRange(range[0], range[1]);
  if (!(opacity >= 0 && opacity <= 1)) throw new RangeError(`opacity is a number from 0 to 1, not ${opacity}`);
  const size = width ?? picture.width;
  const height = Math.max(1, Math.round((picture.height * size) / picture.width));
  const same = size === picture.width && height === picture.height;
  const frame = same ? { ...picture, rgb: picture.rgb.slice() } : resizeFrame(picture, size, height, 'bicubic');
  if (map) blend(frame, map, range, opacity);
  const line = Math.max(1, Math.round(size / 180));
  for (const box of boxes) outlineBox(frame, box, line);
  if (mask) outlineMask(frame, mask, line);
  return frame;
}

/** Throws RangeError when the two are not finite numbers, low first. */
export function checkRange(low: number, high: number): void {
  if (!(Number.isFinite(low) && Number.isFinite(high) && low <= high))
    throw new RangeError(`a range is two finite numbers, the lower first, not ${low} and ${high}`);
}

function blend({ width, height, rgb }: Frame, map: HeatMap, range: OverlayOptions['range'], opacity: number): void {
  const values = new MapResizer(map.height, map.width, height, width, 'bilinear', false).resize(map.data);
  const { min, max } = extremesOf(values);
  const [low, high] = range ?? [min, max];
  // In float32 two numbers that differ may not.
  if (low === high || Math.fround(high - low) === 0)
    for (let i = 0; i < values.length; i++) values[i] = values[i]! > high ? 1 : 0;
  else scaleRange(values, low, high);
  for (let i = 0; i < values.length; i++) {
    const v = range ? Math.min(Math.max(values[i]!, 0), 1) : values[i]!;
    const alpha = opacity * (leastAlpha + (mostAlpha - leastAlpha) * v * v);
    for (let c = 0; c < 3; c++) rgb[3 * i + c] = Math.round((1 - alpha) * rgb[3 * i + c]! + alpha * colour(v, c));
  }
}

/** Light where the outline is, dark just beside it, so that it shows on any ground. */
const [light, dark] = [255, 20];

function paint({ width, height, rgb }: Frame, x: number, y: number, level: number): void {
  if (x >= 0 && y >= 0 && x < width && y < height) rgb.fill(level, 3 * (y * width + x), 3 * (y * width + x) + 3);
}

function outlineBox(frame: Frame, [x0, y0, x1, y1]: Box, line: number): void {
  const { width, height } = frame;
  const within = (v: number, end: number) => Math.min(Math.max(Math.round(v * end), 0), end);
  const [left, top, right, bottom] = [within(x0, width), within(y0, height), within(x1, width), within(y1, height)];
  if (right <= left || bottom <= top) return;
  for (let y = top; y < bottom; y++)
    for (let x = left; x < right; x++) {
      const depth = Math.min(x - left, y - top, right - 1 - x, bottom - 1 - y);
      if (depth < line) paint(frame, x, y, light);
      else if (depth < line + 1) paint(frame, x, y, dark);
    }
}

function outlineMask(frame: Frame, mask: Frame, line: number): void {
  const { width, height } = frame;
  const { weight } = maskTruth(brightnessOf(mask), mask, frame);
  const isObject = (x: number, y: number) => x >= 0 && y >= 0 && x < width && y < height && weight[y * width + x]! > 0;
  const isDeeper = (x: number, y: number, depth: number) =>
    isObject(x - depth, y) && isObject(x + depth, y) && isObject(x, y - depth) && isObject(x, y + depth);
  for (let y = 0; y < height; y++)
    for (let x = 0; x < width; x++) {
      if (!isObject(x, y)) continue;
      if (!isDeeper(x, y, line)) paint(frame, x, y, light);
      else if (!isDeeper(x, y, line + 1)) paint(frame, x, y, dark);
    }
}
