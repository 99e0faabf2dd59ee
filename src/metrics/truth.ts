/** Ground truth as pixels. */

/** How much each pixel of a grid counts as the sounding object. */
export interface Truth {
  width: number;
  height: number;
  /** [height * width], each in [0, 1]: G of the formulas. */
  weight: Float32Array;
  /** Sum of `weight`. */
  sum: number;
  /** Pixels with a weight above 0. */
  area: number;
  /** The smallest box that holds these, right and bottom exclusive; all 0 for an area of 0. */
  bounds: Bounds;
}

interface Bounds {
  left: number;
  top: number;
  right: number;
  bottom: number;
}

/** [x0, y0, x1, y1]; the origin is the top left corner, x1 and y1 are exclusive. */
type Box = readonly [number, number, number, number];

interface Size {
  readonly width: number;
  readonly height: number;
}

/** Truth from weights, [height * width]; kept, not copied. Throws RangeError for another length and for weights outside [0, 1]. */
export function truthOf(weight: Float32Array, size: Size): Truth {
  const { width, height } = size;
  if (weight.length !== width * height)
    throw new RangeError(`truth: ${width} x ${height} pixels need ${width * height} weights, got ${weight.length}`);
  const bad = weight.findIndex((w) => !(w >= 0 && w <= 1));
  if (bad >= 0) throw new RangeError(`truth: weights lie in [0, 1], that of pixel ${bad} is ${weight[bad]}`);
  return measured(weight, size, { left: 0, top: 0, right: width, bottom: height });
}

// Loops over pixels take no arrays apart: where one is, V8 makes of its numbers something that is half as fast to count with.

/** Sums weights up, which are 0 outside of `within`. */
function measured(weight: Float32Array, { width, height }: Size, within: Bounds): Truth {
  const { left, top, right, bottom } = within;
  let sum = 0;
  let area = 0;
  const bounds: Bounds = { left: width, top: height, right: 0, bottom: 0 };
  for (let y = top; y < bottom; y++) {
    let first = -1;
    let last = -1;
    for (let x = left; x < right; x++) {
      const w = weight[y * width + x]!;
      if (w > 0) {
        sum += w;
        area++;
        if (first < 0) first = x;
        last = x;
      }
    }
    if (first < 0) continue;
    bounds.left = Math.min(bounds.left, first);
    bounds.right = Math.max(bounds.right, last + 1);
    bounds.top = Math.min(bounds.top, y);
    bounds.bottom = y + 1;
  }
  return { width, height, weight, sum, area, bounds: area > 0 ? bounds : { left: 0, top: 0, right: 0, bottom: 0 } };
}

/**
 * Boxes in the units of `frame` on a grid of `size`: G = min(1, boxes that cover the pixel / consensus). A box covers the pixels from
 * trunc(width * x0 / frame.width) up to, not including, trunc(width * x1 / frame.width), and so on, limited to the grid, which is how
 * all published evaluators draw theirs.
 */
export function boxTruth(boxes: readonly Box[], frame: Size, size: Size, consensus = 1): Truth {
  const { width, height } = size;
  const weight = new Float32Array(width * height);
  const column = (x: number) => Math.min(Math.max(Math.trunc((width * x) / frame.width), 0), width);
  const row = (y: number) => Math.min(Math.max(Math.trunc((height * y) / frame.height), 0), height);
  const within: Bounds = { left: width, top: height, right: 0, bottom: 0 };
  for (const [x0, y0, x1, y1] of boxes) {
    const one: Bounds = { left: column(x0), top: row(y0), right: column(x1), bottom: row(y1) };
    addBox(weight, width, one, consensus);
    within.left = Math.min(within.left, one.left);
    within.top = Math.min(within.top, one.top);
    within.right = Math.max(within.right, one.right);
    within.bottom = Math.max(within.bottom, one.bottom);
  }
  if (consensus !== 1) for (let i = 0; i < weight.length; i++) weight[i]! /= consensus;
  return measured(weight, size, within);
}

/** One more for each pixel of the box, up to `most`. */
function addBox(weight: Float32Array, width: number, { left, top, right, bottom }: Bounds, most: number): void {
  for (let y = top; y < bottom; y++)
    for (let i = y * width + left, end = y * width + right; i < end; i++) weight[i] = Math.min(weight[i]! + 1, most);
}

/**
 * A mask of any size on a grid: pixel (x, y) counts when the mask's pixel under its centre does. A pixel of the mask counts when its
 * brightness is at least half of the brightest one's; nothing counts in a mask that is black.
 */
export function maskTruth(brightness: Uint8Array, from: Size, size: Size): Truth {
  const { width, height } = size;
  if (brightness.length !== from.width * from.height)
    throw new RangeError(`truth: a mask of ${from.width} x ${from.height} does not have ${brightness.length} pixels`);
  const brightest = brightness.reduce((most, v) => Math.max(most, v), 0);
  const weight = new Float32Array(width * height);
  for (let y = 0; y < height; y++) {
    const line = Math.floor(((y + 0.5) * from.height) / height) * from.width;
    for (let x = 0; x < width; x++) {
      const v = brightness[line + Math.floor(((x + 0.5) * from.width) / width)]!;
      weight[y * width + x] = Number(brightest > 0 && 2 * v >= brightest);
    }
  }
  return truthOf(weight, size);
}
