/** Boxes as annotation files have them. */
import { z } from 'zod';
import type { Box } from '../../features/spec.js';

/** [x0, y0, x1, y1], finite. */
export const boxSchema = z.tuple([z.number(), z.number(), z.number(), z.number()]);

/**
 * What is wrong with the first bad one of `boxes`, which are in the units of `frame`; undefined when none is. A box may be empty
 * (x1 = x0 or y1 = y0, such as [0, 0, 0, 0]) and may reach beyond the right and bottom edge, which all published evaluators cut off. Bad are
 * boxes that end before they begin, that lie outside the frame, or that have negative coordinates, for which the evaluators give no
 * answer: they count them from the other edge. With `clipped` (VGG-SS) negative coordinates are 0, so that a box with a negative end is
 * empty.
 */
export function boxProblem(
  boxes: readonly Box[],
  { width, height }: { width: number; height: number },
  { clipped = false } = {},
): string | undefined {
  for (const box of boxes) {
    const [x0, y0, x1, y1] = box;
    const written = `[${box.join(', ')}] in a frame of ${width} x ${height}`;
    if (clipped && (x1 < 0 || y1 < 0)) continue;
    if (!clipped && Math.min(...box) < 0) return `a box with negative coordinates: ${written}`;
    if (x1 < x0 || y1 < y0) return `a box that ends before it begins: ${written}`;
    if (x1 > x0 && y1 > y0 && (x0 >= width || y0 >= height)) return `a box outside the frame: ${written}`;
  }
  return undefined;
}
