/** From maps to masks and boxes. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { outlineOf, outlineProtocol, runLengths } from '../../src/localization/index.js';

/** A map from rows of numbers. */
const mapOf = (...rows: number[][]) => ({
  data: Float32Array.from(rows.flat()),
  height: rows.length,
  width: rows[0]!.length,
});
/** Maps at the size of the picture: nothing is resized. */
const same = (...rows: number[][]) => outlineOf(mapOf(...rows), { width: rows[0]!.length, height: rows.length });

describe('outlineOf', () => {
  it('masks what lies above the middle between lowest and highest, not at it', () => {
    const { mask, width, height, boxes } = same([-1, 0, 1], [0.01, -0.5, 0.9]);
    expect([width, height, outlineProtocol.binarize.share]).toEqual([3, 2, 0.5]);
    expect([...mask]).toEqual([0, 0, 1, 1, 0, 1]);
    expect(boxes.map(({ box }) => box)).toEqual([
      [2, 0, 3, 2],
      [0, 1, 1, 2],
    ]);
  });

  it('has a box for each part, the highest first, with its peak', () => {
    const { boxes } = same(
      [6, 0, 0, 0, 0, 7],
      [6, 6, 0, 0, 0, 0],
      [0, 0, 0, 9, 8, 0],
      [0, 0, 0, 8, 8, 0],
      [0, 0, 0, 0, 8, 0],
      [0, 0, 0, 0, 0, 0],
    );
    expect(boxes).toEqual([
      { box: [3, 2, 5, 5], peak: 9 },
      { box: [5, 0, 6, 1], peak: 7 },
      { box: [0, 0, 2, 2], peak: 6 },
    ]);
  });

  it('takes parts that touch at a corner as two', () => {
    expect(same([1, 0], [0, 1]).boxes).toHaveLength(2);
    expect(same([1, 1], [0, 1]).boxes).toEqual([{ box: [0, 0, 2, 2], peak: 1 }]);
  });

  it('follows a part around corners', () => {
    const { boxes, mask } = same([1, 1, 1, 1], [0, 0, 0, 1], [1, 1, 1, 1], [1, 0, 0, 0], [1, 1, 1, 1]);
    expect(boxes.map(({ box }) => box)).toEqual([[0, 0, 4, 5]]);
    expect(mask.reduce((sum, x) => sum + x, 0)).toBe(14);
  });

  it('has no box for parts smaller than a tenth of the largest one, whatever their peak; the mask has them', () => {
    const row = (first: number, last: number) => [first, 0, ...new Array(21).fill(1), 0, last];
    // 105 pixels in the middle, two at the left, one at the right: 11 would have a box.
    const { mask, boxes } = same(row(0, 1.2), row(0, 0), row(1.5, 0), row(1.5, 0), row(0, 0));
    expect(boxes).toEqual([{ box: [2, 0, 23, 5], peak: 1 }]);
    expect([mask[24], mask[2 * 25], mask[3 * 25], mask[0]]).toEqual([1, 1, 1, 0]);
    const tenth = same([...new Array(10).fill(1), 0, 1]);
    expect(tenth.boxes.map(({ box }) => box)).toEqual([
      [0, 0, 10, 1],
      [11, 0, 12, 1],
    ]);
    const less = same([...new Array(11).fill(1), 0, 1]);
    expect(less.boxes.map(({ box }) => box)).toEqual([[0, 0, 11, 1]]);
  });

  it('is drawn on the picture: boxes in its pixels', () => {
    const map = mapOf([0, 0, 0, 0], [0, 1, 1, 0], [0, 1, 1, 0], [0, 0, 0, 0]);
    const { boxes, mask, width, height } = outlineOf(map, { width: 80, height: 40 });
    expect([width, height, mask.length]).toEqual([80, 40, 3200]);
    // Half way between the middles of two positions, 20 and 10 pixels apart.
    expect(boxes).toEqual([{ box: [20, 10, 60, 30], peak: 1 }]);
    for (let y = 0; y < height; y++)
      for (let x = 0; x < width; x++) {
        const [u, v] = [Math.abs(x + 0.5 - 40), Math.abs(y + 0.5 - 20)];
        // Bilinear: the product of how far it is across and down.
        const value = Math.min(1, (30 - u) / 20) * Math.min(1, (15 - v) / 10);
        if (u < 30 && v < 15 && Math.abs(value - 0.5) > 1e-6) expect(mask[y * width + x], `${x}, ${y}`).toBe(value > 0.5 ? 1 : 0);
      }
  });

  it('reaches the edges', () => {
    const { boxes } = outlineOf(mapOf([1, 0, 0, 1]), { width: 40, height: 10 });
    expect(boxes.map(({ box }) => box)).toEqual([
      [0, 0, 10, 10],
      [30, 0, 40, 10],
    ]);
  });

  it.each([0, 1, -0.2, 0.1, 0.123, 0.7, 1 / 3])(
    'of a map that is %s everywhere is nothing, on a picture of any size',
    (value) => {
      const map = { data: new Float32Array(49).fill(value), height: 7, width: 7 };
      for (const size of [
        { width: 7, height: 7 },
        { width: 100, height: 75 },
        { width: 333, height: 217 },
      ]) {
        const { mask, boxes } = outlineOf(map, size);
        expect([mask.length, mask.some((x) => x !== 0), boxes]).toEqual([size.width * size.height, false, []]);
      }
    },
  );

  it('boxes hold the whole mask where no part is small, and touch it on every side', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 1 }), { minLength: 36, maxLength: 36 }), (cells) => {
        fc.pre(cells.includes(0) && cells.includes(1));
        // At most 36 pixels in a part: one of a single pixel may be too small.
        const { mask, boxes } = outlineOf({ data: Float32Array.from(cells), height: 6, width: 6 }, { width: 6, height: 6 });
        expect([...mask]).toEqual(cells);
        const inside = (p: number, [x0, y0, x1, y1]: readonly number[]) => {
          const [x, y] = [p % 6, Math.floor(p / 6)];
          return x >= x0! && x < x1! && y >= y0! && y < y1!;
        };
        const total = cells.reduce((sum, x) => sum + x, 0);
        const outside = cells.filter((x, p) => x === 1 && !boxes.some(({ box }) => inside(p, box))).length;
        if (total <= 10) expect(outside).toBe(0);
        for (const { box } of boxes) {
          const [x0, y0, x1, y1] = box;
          for (const side of [
            [x0, y0, x0 + 1, y1],
            [x1 - 1, y0, x1, y1],
            [x0, y0, x1, y0 + 1],
            [x0, y1 - 1, x1, y1],
          ])
            expect(cells.some((x, p) => x === 1 && inside(p, side))).toBe(true);
        }
      }),
    );
  });
});

describe('runLengths', () => {
  const restored = (runs: readonly number[]) => runs.flatMap((length, i) => new Array<number>(length).fill(i % 2));

  it('alternate between 0 and 1, zeros first', () => {
    expect(runLengths(Uint8Array.of(0, 0, 1, 0, 1, 1))).toEqual([2, 1, 1, 2]);
    expect(runLengths(Uint8Array.of(1, 1, 0))).toEqual([0, 2, 1]);
    expect(runLengths(Uint8Array.of(0, 0, 0))).toEqual([3]);
    expect(runLengths(Uint8Array.of(1))).toEqual([0, 1]);
  });

  it('give the mask back, and no run but the first is empty', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 1 }), { minLength: 1, maxLength: 60 }), (mask) => {
        const runs = runLengths(Uint8Array.from(mask));
        expect(restored(runs)).toEqual(mask);
        expect(runs.slice(1).every((length) => length > 0)).toBe(true);
      }),
    );
  });
});
