/** Is there anything to hear, does anything move: the measures by which clips are left out. */
import type { AudioClip, Frame } from '../../media/types.js';

/** -60 dB of full scale: 33 steps of 16-bit sound. Hiss and hum of a muted microphone lie below, quiet rooms above. */
export const silenceLevel = 1e-3;

/** sqrt(mean x^2). */
export function rootMeanSquare({ samples }: AudioClip): number {
  let sum = 0;
  for (const x of samples) sum += x * x;
  return Math.sqrt(sum / samples.length);
}

/** Levels of 255 by which some cell of the grid must change between two frames; the encoders' own noise stays below. */
export const stillness = 3;

/** Cells on a side. */
const grid = 16;

/** The mean level of each channel in each cell of a 16 x 16 grid over the picture, [grid * grid * 3]. */
export function cellMeans({ width, height, rgb }: Frame): Float64Array {
  const sums = new Float64Array(grid * grid * 3);
  const counts = new Float64Array(grid * grid);
  for (let y = 0, i = 0; y < height; y++) {
    const row = Math.floor((y * grid) / height) * grid;
    for (let x = 0; x < width; x++, i += 3) {
      const cell = row + Math.floor((x * grid) / width);
      counts[cell]!++;
      for (let c = 0; c < 3; c++) sums[cell * 3 + c]! += rgb[i + c]!;
    }
  }
  // A picture of fewer than 16 pixels leaves cells empty.
  return sums.map((sum, i) => sum / Math.max(1, counts[Math.floor(i / 3)]!));
}

/** By how many levels the cell that changed most did. */
export const largestChange = (a: Float64Array, b: Float64Array): number =>
  a.reduce((largest, level, i) => Math.max(largest, Math.abs(level - b[i]!)), 0);
