/** Map resizing against the formulas, written out pixel by pixel in double precision. */
import { describe, expect, it } from 'vitest';
import { type MapKernel, MapResizer } from '../../src/metrics/resize.js';
import { Random } from '../../src/random.js';

const cubic = (x: number): number => {
  const [a, t] = [-0.75, Math.abs(x)];
  if (t <= 1) return (a + 2) * t ** 3 - (a + 3) * t ** 2 + 1;
  return t < 2 ? a * t ** 3 - 5 * a * t ** 2 + 8 * a * t - 4 * a : 0;
};
const triangle = (x: number): number => Math.max(0, 1 - Math.abs(x));

/** The value at a place of the source, from all of its pixels (the edge's repeated far enough). */
function sampled(map: Float32Array, height: number, width: number, y: number, x: number, kernel: MapKernel): number {
  const weight = kernel === 'bicubic' ? cubic : triangle;
  let sum = 0;
  for (let v = -3; v < height + 3; v++)
    for (let u = -3; u < width + 3; u++) {
      const [row, column] = [Math.min(Math.max(v, 0), height - 1), Math.min(Math.max(u, 0), width - 1)];
      sum += weight(y - v) * weight(x - u) * map[row * width + column]!;
    }
  return sum;
}

const sizes = [
  [7, 7, 24, 24],
  [5, 9, 31, 20],
  [14, 14, 224, 224],
  [1, 3, 8, 8],
  [20, 20, 6, 7],
] as const;

describe.each(['bilinear', 'bicubic'] as const)('%s', (kernel) => {
  it.each([true, false].flatMap((aligned) => sizes.map((size) => [aligned, ...size] as const)))(
    'with aligned corners %s from %i x %i to %i x %i',
    (aligned, height, width, toHeight, toWidth) => {
      const random = new Random(1, kernel, height);
      const map = Float32Array.from({ length: height * width }, () => random.normal());
      const found = new MapResizer(height, width, toHeight, toWidth, kernel, aligned).resize(map);
      const place = (i: number, from: number, to: number) => {
        if (aligned) return to > 1 ? (i * (from - 1)) / (to - 1) : 0;
        const at = ((i + 0.5) * from) / to - 0.5;
        return kernel === 'bilinear' ? Math.min(Math.max(at, 0), from - 1) : at;
      };
      const step = Math.max(1, Math.floor(toHeight / 16));
      for (let y = 0; y < toHeight; y += step)
        for (let x = 0; x < toWidth; x += step) {
          const wanted = sampled(map, height, width, place(y, height, toHeight), place(x, width, toWidth), kernel);
          expect(Math.abs(found[y * toWidth + x]! - wanted)).toBeLessThan(2e-5);
        }
    },
  );

  it.each([true, false])('keeps a map of the final size as it is (aligned corners: %s)', (aligned) => {
    const map = Float32Array.from({ length: 30 }, (_, i) => Math.sin(i));
    expect(new MapResizer(5, 6, 5, 6, kernel, aligned).resize(map)).toEqual(map);
  });
});

describe('a resizer', () => {
  it('writes into the array it is given, and again for the next map', () => {
    const resizer = new MapResizer(2, 2, 4, 4, 'bilinear', true);
    const out = new Float32Array(16);
    expect(resizer.resize(Float32Array.of(1, 1, 1, 1), out)).toBe(out);
    expect(resizer.resize(Float32Array.of(0, 3, 0, 3), out).subarray(0, 4)).toEqual(Float32Array.of(0, 1, 2, 3));
  });

  it('refuses other sizes', () => {
    const resizer = new MapResizer(2, 2, 4, 4, 'bilinear', true);
    expect(() => resizer.resize(new Float32Array(3))).toThrow('expected 2 x 2 values and room for 4 x 4, got 3 values');
    expect(() => resizer.resize(new Float32Array(4), new Float32Array(15))).toThrow('room for 15');
    expect(() => new MapResizer(0, 2, 4, 4, 'bilinear', true)).toThrow('whole numbers from 1 on, got 0');
  });
});
