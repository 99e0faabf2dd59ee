import type { Frame } from '../../media/types.js';
import type { Box } from '../spec.js';
import { checkResize, pillowBits, pillowTaps, type ResizeKernel } from './resampling.js';

/** Resizes an 8-bit picture. */
export function resizeFrame(frame: Frame, width: number, height: number, kernel: ResizeKernel, crop?: Box): Frame {
  checkResize('resizeFrame', frame, width, height);
  const [x0, y0, x1, y1] = crop ?? [0, 0, frame.width, frame.height];
  const clip = (v: number) => Math.min(255, Math.max(0, (v + (1 << (pillowBits - 1))) >> pillowBits));
  const across = pillowTaps(x1 - x0, width, kernel);
  const down = pillowTaps(y1 - y0, height, kernel);
  const middle = new Uint8Array(3 * width * (y1 - y0));
  for (let y = y0; y < y1; y++)
    for (let x = 0; x < width; x++)
      for (let c = 0; c < 3; c++) {
        let sum = 0;
        for (let t = 0; t < across.taps; t++) {
          const w = across.weights[x * across.taps + t]!;
          if (w) sum += w * frame.rgb[3 * (y * frame.width + x0 + across.first[x]! + t) + c]!;
        }
        middle[3 * ((y - y0) * width + x) + c] = clip(sum);
      }
  const rgb = new Uint8Array(3 * width * height);
  for (let y = 0; y < height; y++)
    for (let i = 0; i < 3 * width; i++) {
      let sum = 0;
      for (let t = 0; t < down.taps; t++) {
        const w = down.weights[y * down.taps + t]!;
        if (w) sum += w * middle[3 * width * (down.first[y]! + t) + i]!;
      }
      rgb[3 * width * y + i] = clip(sum);
    }
  return { width, height, rgb };
}
