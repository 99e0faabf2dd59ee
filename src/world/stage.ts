/** Which thing of a scene is to be seen at which pixel. */
import type { Box } from '../features/spec.js';
import type { Layer } from './raster.js';

/** The pixels of the picture that a layer makes its own: those that it covers by half or more. */
function ownPixels({ x, y, width, height, rgba }: Layer, size: number): number[] {
  const pixels: number[] = [];
  for (let row = Math.max(0, -y); row < Math.min(height, size - y); row++)
    for (let column = Math.max(0, -x); column < Math.min(width, size - x); column++)
      if (rgba[4 * (row * width + column) + 3]! >= 0.5) pixels.push((y + row) * size + x + column);
  return pixels;
}

/** Things one in front of the other, by number from 0. */
export class Stage {
  readonly size: number;
  /** Of each thing, how many pixels are its own, and how many of them are still to be seen. */
  readonly own: number[] = [];
  readonly seen: number[] = [];
  /** The number of the thing to be seen at each pixel, -1 for the background. */
  readonly #owner: Int16Array;

  constructor(size: number) {
    this.size = size;
    this.#owner = new Int16Array(size * size).fill(-1);
  }

  /** Puts a layer in front of everything and gives true, unless that would hide a larger share of thing i than `limits[i]`. */
  put(layer: Layer, limits: readonly number[]): boolean {
    const pixels = ownPixels(layer, this.size);
    const seen = [...this.seen];
    for (const pixel of pixels) if (this.#owner[pixel]! >= 0) seen[this.#owner[pixel]!]!--;
    if (seen.some((count, i) => count < this.seen[i]! && count < (1 - limits[i]!) * this.own[i]!)) return false;
    for (const pixel of pixels) this.#owner[pixel] = this.own.length;
    this.seen.splice(0, Infinity, ...seen, pixels.length);
    this.own.push(pixels.length);
    return true;
  }

  /** 255 for each pixel where a thing is to be seen, 0 elsewhere. */
  maskOf(thing: number): Uint8Array {
    const mask = new Uint8Array(this.#owner.length);
    for (let i = 0; i < mask.length; i++) if (this.#owner[i] === thing) mask[i] = 255;
    return mask;
  }
}

/** The extent of what is not 0 in a square mask, in pixels, the last two numbers behind the last pixel; undefined when all is. */
export function boxOf(mask: Uint8Array, size: number): Box | undefined {
  let [x0, y0, x1, y1] = [size, size, 0, 0];
  for (let y = 0; y < size; y++)
    for (let x = 0; x < size; x++)
      if (mask[y * size + x]! > 0) {
        [x0, x1] = [Math.min(x0, x), Math.max(x1, x + 1)];
        [y0, y1] = [Math.min(y0, y), Math.max(y1, y + 1)];
      }
  return x0 < x1 ? [x0, y0, x1, y1] : undefined;
}
