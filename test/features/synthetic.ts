/** The sound and the pictures that test/golden/preprocessing.py makes too, and how large results are compared with its digests. */
import { expect } from 'vitest';
import type { Frame } from '../../src/media/types.js';
import { showShape } from '../../src/tensor.js';

/** Two sines, one of them sweeping, noise and an offset; parts are silent, parts are beyond full scale. */
export function syntheticSound(length: number): Float32Array {
  let state = 1;
  return Float32Array.from({ length }, (_, n) => {
    state = (Math.imul(1664525, state) + 1013904223) >>> 0;
    const noise = (state >>> 20) - 2048;
    const level = Math.floor(9000 * Math.sin(0.05 * n) + 6000 * Math.sin((n * n) / 500000) + noise + 800.5);
    const block = Math.floor(n / 4000);
    if (block % 5 === 4) return 0;
    return (block % 7 === 3 ? 4 * level : level) / 32768;
  });
}

/** Colour gradients with a disc, a fine grating and noise. */
export function syntheticPicture(width: number, height: number): Frame {
  const rgb = new Uint8Array(3 * width * height);
  const radius = Math.floor(Math.min(width, height) / 4);
  for (let y = 0, i = 0; y < height; y++)
    for (let x = 0; x < width; x++)
      for (let c = 0; c < 3; c++) {
        let level = Math.floor((x * (3 + c) + y * (5 - c)) / 3) % 256;
        if ((x - Math.floor(width / 3)) ** 2 + (y - Math.floor(height / 2)) ** 2 < radius ** 2) level = [250, 30, 4][c]!;
        if ((Math.floor(x / 2) + Math.floor(y / 3)) % 7 === 0) level = 255;
        level += ((x * 7919 + y * 104729 + x * y * 31) % 23) - 11;
        rgb[i++] = Math.min(Math.max(level, 0), 255);
      }
  return { width, height, rgb };
}

export interface Digest {
  shape: number[];
  sum: number;
  squares: number;
  values: number[];
}

/**
 * The kept values are met to `tolerance` times max(1, |value|), so relatively above 1 and absolutely below; sum and sum of squares as
 * if every element were.
 */
export function expectDigest(found: { shape: readonly number[]; data: ArrayLike<number> }, digest: Digest, tolerance: number) {
  expect(showShape(found.shape)).toBe(showShape(digest.shape));
  const data = Float64Array.from(found.data);
  const size = data.length;
  digest.values.forEach((value, i) => {
    const at = (i * 7919) % size;
    const error = Math.abs(data[at]! - value) / Math.max(1, Math.abs(value));
    expect(error, `element ${at}: ${data[at]} instead of ${value}`).toBeLessThanOrEqual(tolerance);
  });
  const norm = Math.sqrt(digest.squares);
  const sum = data.reduce((total, v) => total + v, 0);
  const squares = data.reduce((total, v) => total + v * v, 0);
  expect(Math.abs(sum - digest.sum), 'error of the sum').toBeLessThanOrEqual(tolerance * Math.sqrt(size) * norm);
  expect(Math.abs(squares - digest.squares), 'error of the sum of squares').toBeLessThanOrEqual(2 * tolerance * digest.squares);
}
