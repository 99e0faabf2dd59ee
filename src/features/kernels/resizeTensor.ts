import type { Frame } from '../../media/types.js';
import { Layout } from './memory.js';
import { checkResize, type ResizeKernel, torchTaps } from './resampling.js';

const taps = 4;
/** Bytes of a pixel's red, green and blue as float32. */
const pixelBytes = 12;
/** Pixels repeated at either end of a row. */
const edge = 2;
/** What the module reads and writes beyond its rows at most. */
const slack = 64;

/**
 * The tensor [3, height, width], of values x / 255, that torchvision's `resize` makes of a picture's tensor without antialiasing:
 * half-pixel centres, bicubic with a = -0.75, the edge pixels repeated, nothing clipped (so that bicubic leaves [0, 1] at edges).
 * Throws RangeError for sizes, before or after, that are not whole numbers from 1 to 65536, results that need over 1 GiB, and
 * frames that do not hold what they say.
 */
export function resizeTensor(frame: Frame, width: number, height: number, kernel: ResizeKernel): Float32Array {
  checkResize('resizeTensor', frame, width, height);
  const across = torchTaps(frame.width, width, kernel);
  const down = torchTaps(frame.height, height, kernel);
  // The module makes four pixels at a time; those too many are made of the first.
  const table = new Int32Array((1 + taps) * 4 * Math.ceil(width / 4));
  const weights = new Float32Array(table.buffer);
  for (let x = 0; x < width; x++) {
    table[x * (1 + taps)] = pixelBytes * (across.first[x]! + edge);
    weights.set(across.weights.subarray(x * taps, (x + 1) * taps), x * (1 + taps) + 1);
  }

  const rowBytes = 3 * frame.width;
  const planeBytes = 4 * width * height + slack;
  const layout = new Layout();
  const acrossTable = layout.place(table);
  const downWeights = layout.place(down.weights.map((w) => w / 255));
  const slots = Array.from({ length: taps }, () => layout.take(rowBytes + slack));
  const line = layout.take(pixelBytes * (frame.width + 2 * edge) + slack);
  const out = layout.take(3 * planeBytes);
  const module = layout.open(`resizeTensor: resizing ${frame.width}x${frame.height} to ${width}x${height} pixels`);

  const memory = new Uint8Array(module.memory.buffer);
  // Which row of the frame each slot holds: four consecutive ones never share a slot.
  const held = new Array<number>(taps).fill(-1);
  const slotOf = (row: number): number => {
    const y = Math.min(frame.height - 1, Math.max(0, row));
    const slot = y % taps;
    if (held[slot] !== y) memory.set(frame.rgb.subarray(y * rowBytes, (y + 1) * rowBytes), slots[slot]!);
    held[slot] = y;
    return slots[slot]!;
  };
  for (let y = 0; y < height; y++) {
    const first = down.first[y]!;
    module.resizeRow(
      slotOf(first),
      slotOf(first + 1),
      slotOf(first + 2),
      slotOf(first + 3),
      downWeights + y * taps * 4,
      frame.width,
      line,
      acrossTable,
      width,
      out + 4 * width * y,
      planeBytes,
    );
  }
  const result = new Float32Array(3 * width * height);
  for (let c = 0; c < 3; c++)
    result.set(new Float32Array(module.memory.buffer, out + c * planeBytes, width * height), c * width * height);
  return result;
}
