import { describe, expect, it } from 'vitest';
import { boxTruth, maskTruth, truthOf } from '../../src/metrics/truth.js';

const grid = { width: 4, height: 3 };
const rows = ({ weight, width }: { weight: Float32Array; width: number }) =>
  Array.from({ length: weight.length / width }, (_, y) => [...weight.subarray(y * width, (y + 1) * width)]);

describe('boxes', () => {
  it('cover the pixels from their first corner up to, not including, their second', () => {
    const truth = boxTruth([[1, 1, 3, 2]], grid, grid);
    expect(rows(truth)).toEqual([
      [0, 0, 0, 0],
      [0, 1, 1, 0],
      [0, 0, 0, 0],
    ]);
    expect(truth).toMatchObject({ sum: 2, area: 2 });
  });

  it('are brought from the frame to the grid and truncated, not rounded', () => {
    // 224 * 0.253125 = 56.7, 256-pixel units: 224 * 131 / 256 = 114.625
    const size = { width: 224, height: 224 };
    const left = (truth: { weight: Float32Array }) => truth.weight.findIndex((w) => w > 0) % 224;
    expect(left(boxTruth([[0.253125, 0, 1, 1]], { width: 1, height: 1 }, size))).toBe(56);
    expect(left(boxTruth([[131, 0, 256, 256]], { width: 256, height: 256 }, size))).toBe(114);
  });

  it('beyond the frame end at its edge', () => {
    expect(rows(boxTruth([[-5, -1, 2, 9]], grid, grid))).toEqual([
      [1, 1, 0, 0],
      [1, 1, 0, 0],
      [1, 1, 0, 0],
    ]);
  });

  it('of several objects are joined; of several annotators, pixels count by how many agree', () => {
    const boxes = [
      [0, 0, 2, 1],
      [1, 0, 3, 1],
      [1, 0, 2, 1],
    ] as const;
    expect(rows(boxTruth(boxes, grid, grid))[0]).toEqual([1, 1, 1, 0]);
    expect(rows(boxTruth(boxes, grid, grid, 2))[0]).toEqual([0.5, 1, 0.5, 0]);
    expect(boxTruth(boxes, grid, grid, 2)).toMatchObject({ sum: 2, area: 3 });
  });

  it('that are empty mark nothing', () => expect(boxTruth([[0, 0, 0, 0]], grid, grid)).toMatchObject({ sum: 0, area: 0 }));
});

describe('masks', () => {
  it('are read under the pixels centres, bright from half of the brightest on', () => {
    const mask = Uint8Array.of(0, 100, 200, 99);
    expect(rows(maskTruth(mask, { width: 2, height: 2 }, { width: 4, height: 2 }))).toEqual([
      [0, 0, 1, 1],
      [1, 1, 0, 0],
    ]);
    expect(rows(maskTruth(Uint8Array.of(0, 1), { width: 2, height: 1 }, { width: 2, height: 1 }))).toEqual([[0, 1]]);
  });

  it('that are black mark nothing', () =>
    expect(maskTruth(new Uint8Array(4), { width: 2, height: 2 }, grid)).toMatchObject({ area: 0 }));

  it('must have the pixels that they say', () =>
    expect(() => maskTruth(new Uint8Array(3), { width: 2, height: 2 }, grid)).toThrow('2 x 2 does not have 3 pixels'));
});

describe('weights', () => {
  it.each([1.5, -0.1, Number.NaN])('of %f are refused', (w) =>
    expect(() => truthOf(Float32Array.of(w), { width: 1, height: 1 })).toThrow(/weights lie in \[0, 1\]/),
  );
  it('of another number are refused', () => expect(() => truthOf(new Float32Array(3), grid)).toThrow('need 12 weights, got 3'));
});
