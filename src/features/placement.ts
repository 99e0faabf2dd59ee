/** Where pixels go when a picture is resized, cut and mirrored, and boxes with them. Coordinates as in `Box`: corners, not centres. */
import type { Box, Placement } from './spec.js';

interface Size {
  readonly width: number;
  readonly height: number;
}

/** A picture of size `from` resized to `width` x `height`. */
export const resizing = (from: Size, { width, height }: Size): Placement => ({
  scaleX: width / from.width,
  scaleY: height / from.height,
  offsetX: 0,
  offsetY: 0,
  width,
  height,
});

/** What is left of a picture when `crop` is cut out. */
export const cropping = ([x0, y0, x1, y1]: Box): Placement => ({
  scaleX: 1,
  scaleY: 1,
  offsetX: -x0,
  offsetY: -y0,
  width: x1 - x0,
  height: y1 - y0,
});

/** A picture of that size with left and right exchanged. */
export const mirroring = ({ width, height }: Size): Placement => ({
  scaleX: -1,
  scaleY: 1,
  offsetX: width,
  offsetY: 0,
  width,
  height,
});

/** First one placement, then another of its result: x'' = s2 (s1 x + o1) + o2. */
export const composePlacements = (first: Placement, second: Placement): Placement => ({
  scaleX: second.scaleX * first.scaleX,
  scaleY: second.scaleY * first.scaleY,
  offsetX: second.scaleX * first.offsetX + second.offsetX,
  offsetY: second.scaleY * first.offsetY + second.offsetY,
  width: second.width,
  height: second.height,
});

/** The two ends in ascending order: mirroring exchanges them. */
const ascending = (a: number, b: number): [number, number] => (a < b ? [a, b] : [b, a]);

/**
 * A box of the given picture as a box of the result, in the result's pixels, fractions kept, clipped to [0, width] x [0, height]. A box
 * that lies wholly outside comes back empty, with an area of 0, on the edge nearest to it.
 */
export function placeBox([x0, y0, x1, y1]: Box, { scaleX, scaleY, offsetX, offsetY, width, height }: Placement): Box {
  const within = (v: number, end: number) => Math.min(Math.max(v, 0), end);
  const [left, right] = ascending(scaleX * x0 + offsetX, scaleX * x1 + offsetX);
  const [top, bottom] = ascending(scaleY * y0 + offsetY, scaleY * y1 + offsetY);
  return [within(left, width), within(top, height), within(right, width), within(bottom, height)];
}

/** A box of the result as a box of the picture it was made from, not clipped: what `placeBox` undoes, except for what it cut off. */
export function unplaceBox([x0, y0, x1, y1]: Box, { scaleX, scaleY, offsetX, offsetY }: Placement): Box {
  const [left, right] = ascending((x0 - offsetX) / scaleX, (x1 - offsetX) / scaleX);
  const [top, bottom] = ascending((y0 - offsetY) / scaleY, (y1 - offsetY) / scaleY);
  return [left, top, right, bottom];
}
