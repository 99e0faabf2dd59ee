/** Pictures that test/golden/augment.py makes by the same formulas. */
import { createHash } from 'node:crypto';
import type { Frame } from '../../src/media/types.js';

/** Smooth in places, with edges in others, and some noise; every channel different. */
export function gradients(width: number, height: number): Frame {
  const rgb = new Uint8Array(3 * width * height);
  for (let y = 0, i = 0; y < height; y++)
    for (let x = 0; x < width; x++) {
      rgb[i++] = x * 5 + y * 3;
      rgb[i++] = Math.floor(x / 4) * 37 + Math.floor(y / 6) * 91;
      rgb[i++] = x * x * 7 + y * y * 13 + x * y * 29;
    }
  return { width, height, rgb };
}

/** Every fourth level of each channel, and the highest. */
export function colours(): Frame {
  const levels = [...Array.from({ length: 64 }, (_, i) => 4 * i), 255];
  const pixels = levels.flatMap((r) => levels.flatMap((g) => levels.flatMap((b) => [r, g, b])));
  return { width: 65, height: 65 * 65, rgb: Uint8Array.from(pixels) };
}

export const copyOf = (frame: Frame): Frame => ({ ...frame, rgb: frame.rgb.slice() });

export const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');
