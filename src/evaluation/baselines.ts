/** What every number has to stand beside: the best possible maps, a box in the centre, and the whole picture. */
import type { HeatMap } from '../localization/heatMap.js';
import type { Protocol } from './protocol.js';

/**
 * A map whose level sets are boxes around the centre: a threshold by rank or by area makes of it the centred box of the size that it asks
 * for, a threshold by value the one with half the picture's sides, where the map is 0. In [-1/2, 1/2].
 */
export function centreBoxMap({ size }: Protocol): HeatMap {
  const data = new Float32Array(size * size);
  const from = (i: number) => Math.abs((2 * i + 1) / size - 1);
  for (let y = 0; y < size; y++) for (let x = 0; x < size; x++) data[y * size + x] = 0.5 - Math.max(from(x), from(y));
  return { data, height: size, width: size };
}
