import type { Frame } from '../../media/types.js';
import { checkResize, type ResizeKernel, torchTaps } from './resampling.js';

/** Resizes a picture in floating point. */
export function resizeTensor(frame: Frame, width: number, height: number, kernel: ResizeKernel): Float32Array {
  checkResize('resizeTensor', frame, width, height);
  const across = torchTaps(frame.width, width, kernel);
  const down = torchTaps(frame.height, height, kernel);
  const out = new Float32Array(3 * width * height);
  const edge = (i: number, size: number) => Math.min(size - 1, Math.max(0, i));
  for (let c = 0; c < 3; c++)
    for (let y = 0; y < height; y++)
      for (let x = 0; x < width; x++) {
        let sum = 0;
        for (let i = 0; i < 4; i++)
          for (let j = 0; j < 4; j++) {
            const p = edge(down.first[y]! + i, frame.height) * frame.width + edge(across.first[x]! + j, frame.width);
            sum += (down.weights[y * 4 + i]! * across.weights[x * 4 + j]! * frame.rgb[3 * p + c]!) / 255;
          }
        out[(c * height + y) * width + x] = sum;
      }
  return out;
}
