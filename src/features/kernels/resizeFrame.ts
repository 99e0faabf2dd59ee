import type { Frame } from '../../media/types.js';
import type { Box } from '../spec.js';
import { Layout } from './memory.js';
import { checkResize, pillowTaps, type ResizeKernel, type Taps } from './resampling.js';

/** About how many bytes of the source picture are given to the module at a time. */
const stripBytes = 2 ** 18;
/** What the module reads and writes beyond its rows at most. */
const slack = 32;

/**
 * Taps as assembly/resample.ts wants them: for each output pixel `step` times its first source pixel, then for each pair of taps
 * the weights' high parts (k >> 15) and their low parts (k & 32767), two 16-bit numbers in a word. Pairs that weigh 0 everywhere
 * are left out.
 */
function pairTable({ taps, first, weights }: Taps<Int32Array>, step: number): { table: Int32Array; pairs: number } {
  let used = 1;
  weights.forEach((w, i) => {
    if (w !== 0) used = Math.max(used, (i % taps) + 1);
  });
  const pairs = Math.ceil(used / 2);
  const words = 1 + 2 * pairs;
  const table = new Int32Array(first.length * words);
  for (let i = 0; i < first.length; i++) {
    table[i * words] = step * first[i]!;
    for (let pair = 0; pair < pairs; pair++) {
      const at = i * taps + 2 * pair;
      const a = weights[at]!;
      const b = 2 * pair + 1 < taps ? weights[at + 1]! : 0;
      table[i * words + 1 + 2 * pair] = ((a >> 15) & 0xffff) | ((b >> 15) << 16);
      table[i * words + 2 + 2 * pair] = (a & 32767) | ((b & 32767) << 16);
    }
  }
  return { table, pairs };
}

function checkCrop({ width, height }: Frame, crop: Box): void {
  const [x0, y0, x1, y1] = crop;
  if (!(crop.every(Number.isInteger) && x0 >= 0 && y0 >= 0 && x0 < x1 && y0 < y1 && x1 <= width && y1 <= height))
    throw new RangeError(
      `resizeFrame: crop must be whole pixels [x0, y0, x1, y1), a part of the ${width}x${height} frame, got [${crop}]`,
    );
}

/**
 * A picture of width x height pixels, byte for byte that of Pillow's `Image.resize`: separable, the filter stretched when
 * shrinking (antialiasing), weights in fixed point, rows first, and rounded to bytes in between. `crop`, in whole pixels of the
 * frame, is cut out first, as by `Image.crop`: pixels outside have no influence.
 * Throws RangeError for sizes, before or after, that are not whole numbers from 1 to 65536, results that need over 1 GiB, frames
 * that do not hold what they say, and crops that are empty or reach beyond the frame.
 */
export function resizeFrame(frame: Frame, width: number, height: number, kernel: ResizeKernel, crop?: Box): Frame {
  checkResize('resizeFrame', frame, width, height);
  const [x0, y0, x1, y1] = crop ?? [0, 0, frame.width, frame.height];
  if (crop) checkCrop(frame, crop);
  const across = pairTable(pillowTaps(x1 - x0, width, kernel), 3);
  const down = pairTable(pillowTaps(y1 - y0, height, kernel), 1);

  const pitch = 3 * frame.width;
  const rows = y1 - y0;
  // The module takes four rows at a time.
  const stripRows = Math.min(4 * Math.ceil(rows / 4), 4 * Math.max(1, Math.round(stripBytes / 4 / pitch)));
  const middlePitch = 16 * Math.ceil((3 * width + 1) / 16);
  const layout = new Layout();
  const acrossTable = layout.place(across.table);
  const downTable = layout.place(down.table);
  const strip = layout.take(stripRows * pitch + slack);
  const middle = layout.take((4 * Math.ceil(rows / 4) + 1) * middlePitch + slack);
  const out = layout.take(3 * width * height + slack);
  const module = layout.open(`resizeFrame: resizing ${x1 - x0}x${rows} to ${width}x${height} pixels`);

  const memory = new Uint8Array(module.memory.buffer);
  for (let y = 0; y < rows; y += stripRows) {
    const count = Math.min(stripRows, rows - y);
    memory.set(frame.rgb.subarray((y0 + y) * pitch, (y0 + y + count) * pitch), strip);
    module.resampleRows(strip + 3 * x0, pitch, middle + y * middlePitch, middlePitch, count, width, acrossTable, across.pairs);
  }
  module.resampleColumns(middle, middlePitch, out, 3 * width, height, downTable, down.pairs);
  return { width, height, rgb: memory.slice(out, out + 3 * width * height) };
}
