/** Layers become a picture as a camera would take it. */
import { drawChance, drawWithin } from '../features/augment/draw.js';
import type { Frame } from '../media/types.js';
import type { Random } from '../random.js';
import type { Layer } from './raster.js';

/** Puts layers over a background of the picture's size, which is left as it is; grain is drawn from `random`. */
type Finish = (background: Layer, layers: readonly Layer[], random: Random) => Frame;

/** Draws where the light comes from and what the camera does: shadows, contrast, a tinge, grain. */
export function drawFinish(random: Random): Finish {
  const angle = drawWithin([0.15 * Math.PI, 0.85 * Math.PI], random);
  const shadow = { depth: drawWithin([0.1, 0.45], random), reach: drawWithin([0.01, 0.035], random) };
  const contrast = drawWithin([0.75, 1.1], random);
  const brightness = drawWithin([-18, 18], random);
  const tinge = [0, 1, 2].map(() => brightness + drawWithin([-9, 9], random));
  const grain = drawChance(0.7, random) ? drawWithin([1, 14], random) : 0;
  return ({ width, height, rgba }, layers, grains) => {
    const canvas = rgba.slice();
    const [dx, dy] = [Math.cos(angle), Math.sin(angle)].map((share) => Math.round(width * shadow.reach * share));
    for (const layer of layers) {
      compose(canvas, width, { ...layer, x: layer.x + dx!, y: layer.y + dy! }, shadow.depth, true);
      compose(canvas, width, layer, 1, false);
    }
    const rgb = new Uint8Array(3 * width * height);
    for (let i = 0, o = 0; o < rgb.length; i += 4) {
      const speck = grain === 0 ? 0 : grain * (grains.uniform() - 0.5);
      for (let c = 0; c < 3; c++)
        rgb[o++] = Math.min(Math.max((canvas[i + c]! - 128) * contrast + 128 + tinge[c]! + speck, 0), 255) + 0.5;
    }
    return { width, height, rgb };
  };
}

/** Puts a layer, or only its darkness, over a square canvas. */
function compose(canvas: Float32Array, size: number, layer: Layer, opacity: number, dark: boolean): void {
  const { x, y, width, height, rgba } = layer;
  for (let row = Math.max(0, -y); row < Math.min(height, size - y); row++)
    for (let column = Math.max(0, -x); column < Math.min(width, size - x); column++) {
      const [from, to] = [4 * (row * width + column), 4 * ((y + row) * size + x + column)];
      const rest = 1 - opacity * rgba[from + 3]!;
      for (let c = 0; c < 3; c++) canvas[to + c] = canvas[to + c]! * rest + (dark ? 0 : rgba[from + c]!);
    }
}
