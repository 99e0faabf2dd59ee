/** How a picture of any size is brought to a preset's square: the sizes and cuts that tensors, graphs and boxes share. */
import { composePlacements, cropping, resizing } from './placement.js';
import type { Box, PictureSpec, Placement } from './spec.js';

/** Resize to width x height, then cut out `crop`, a square of the spec's size in the resized picture. */
export interface Fit {
  width: number;
  height: number;
  crop: Box;
}

/** Times that one side may be as long as the other: a line of pixels resized by its short side would fill the memory. */
const mostElongated = 64;

/** Python's `round`: halves go to the even neighbour. */
function roundHalfEven(x: number): number {
  const up = Math.round(x);
  return up - x === 0.5 && up % 2 !== 0 ? up - 1 : up;
}

/**
 * torchvision's geometry: `Resize(shortSide)` gives the long side trunc(shortSide * long / short), `CenterCrop` begins at
 * round((side - size) / 2) with halves rounded to even, so that one pixel too many is sometimes cut before and sometimes behind.
 * Throws RangeError for a picture without pixels or, where the short side counts, one more than 64 times as long as wide, and for a
 * spec whose short side is below its size.
 */
export function fitOf(width: number, height: number, { name, size, fit }: PictureSpec): Fit {
  if (!(Number.isInteger(width) && Number.isInteger(height) && width > 0 && height > 0))
    throw new RangeError(`the picture preset '${name}': a picture must have whole, positive sides, it is ${width} x ${height}`);
  if (fit === 'squash') return { width: size, height: size, crop: [0, 0, size, size] };
  const { shortSide } = fit;
  if (shortSide < size)
    throw new RangeError(
      `the picture preset '${name}': a short side of ${shortSide} pixels leaves no square of ${size} to cut out`,
    );
  const [short, long] = width <= height ? [width, height] : [height, width];
  if (long > mostElongated * short)
    throw new RangeError(
      `the picture preset '${name}': at most ${mostElongated} times as long as wide is expected, the picture is ${width} x ${height}; leave it out`,
    );
  const resizedLong = Math.trunc((shortSide * long) / short);
  const [w, h] = width <= height ? [shortSide, resizedLong] : [resizedLong, shortSide];
  const left = roundHalfEven((w - size) / 2);
  const top = roundHalfEven((h - size) / 2);
  return { width: w, height: h, crop: [left, top, left + size, top + size] };
}

/** Where the pixels of a picture of that size go under a preset; see `placeBox`. Throws as `fitOf`. */
export function placementOf(width: number, height: number, spec: PictureSpec): Placement {
  const fit = fitOf(width, height, spec);
  return composePlacements(resizing({ width, height }, fit), cropping(fit.crop));
}
