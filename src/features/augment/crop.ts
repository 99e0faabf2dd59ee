/** Random parts of a picture, and mirroring. */
import type { Frame } from '../../media/types.js';
import type { Random } from '../../random.js';
import type { Box } from '../spec.js';
import { drawWithin, type Range } from './draw.js';

/**
 * The part that torchvision's RandomResizedCrop takes of a picture of `width` x `height` pixels: its share of the area is uniform
 * in `scale`, the logarithm of its width / height uniform in that of `ratio`, its position uniform. When ten such parts in turn
 * do not fit, it is the largest centred part whose ratio lies in `ratio`.
 */
export function drawResizedCrop(width: number, height: number, scale: Range, ratio: Range, random: Random): Box {
  const logRatio: Range = [Math.log(ratio[0]), Math.log(ratio[1])];
  for (let attempt = 0; attempt < 10; attempt++) {
    const area = width * height * drawWithin(scale, random);
    const aspect = Math.exp(drawWithin(logRatio, random));
    const w = Math.round(Math.sqrt(area * aspect));
    const h = Math.round(Math.sqrt(area / aspect));
    if (w === 0 || h === 0 || w > width || h > height) continue;
    const y = random.below(height - h + 1);
    const x = random.below(width - w + 1);
    return [x, y, x + w, y + h];
  }
  // At least one pixel, which torchvision does not see to: a line of pixels can be thinner than every ratio.
  const w = Math.max(1, Math.min(width, Math.round(height * ratio[1])));
  const h = Math.max(1, Math.min(height, Math.round(width / ratio[0])));
  const x = Math.floor((width - w) / 2);
  const y = Math.floor((height - h) / 2);
  return [x, y, x + w, y + h];
}

/** A copy of the part of a frame inside a box of whole pixels. */
export function cutFrame(frame: Frame, [x0, y0, x1, y1]: Box): Frame {
  const width = x1 - x0;
  const height = y1 - y0;
  const rgb = new Uint8Array(3 * width * height);
  for (let y = 0; y < height; y++) {
    const from = 3 * ((y0 + y) * frame.width + x0);
    rgb.set(frame.rgb.subarray(from, from + 3 * width), 3 * width * y);
  }
  return { width, height, rgb };
}

/** Mirrors left and right, in place. */
export function flipFrame({ width, height, rgb }: Frame): void {
  for (let y = 0; y < height; y++)
    for (let i = 3 * width * y, j = i + 3 * (width - 1); i < j; i += 3, j -= 3)
      for (let c = 0; c < 3; c++) {
        const left = rgb[i + c]!;
        rgb[i + c] = rgb[j + c]!;
        rgb[j + c] = left;
      }
}
