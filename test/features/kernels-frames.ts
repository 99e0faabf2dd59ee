import type { Frame } from '../../src/media/types.js';

/** The pictures of test/golden/pillow.py: noise, or noise of 0 and 255 only. */
export function picture(width: number, height: number, contrast = false): Frame {
  const rgb = new Uint8Array(3 * width * height);
  let x = 1000 * width + height;
  for (let i = 0; i < rgb.length; i++) {
    x = (Math.imul(x, 1664525) + 1013904223) >>> 0;
    rgb[i] = contrast ? (x >>> 31) * 255 : x >>> 24;
  }
  return { width, height, rgb };
}
