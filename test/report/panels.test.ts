import { describe, expect, it } from 'vitest';
import type { Frame } from '../../src/media/types.js';
import { panels } from '../../src/report/panels.js';
import { textSize } from '../../src/report/text.js';

const plain = (width: number, height: number, level = 128): Frame => ({
  width,
  height,
  rgb: new Uint8Array(3 * width * height).fill(level),
});
const pixel = ({ width, rgb }: Frame, x: number, y: number) => [...rgb.subarray(3 * (y * width + x), 3 * (y * width + x) + 3)];
const size = ({ width, height }: Frame) => [width, height];

/** The box of the pixels of a region that are not of the colour `ground`: left, top, right, bottom (past the end). */
function inkedBox(frame: Frame, [x0, y0, x1, y1]: readonly [number, number, number, number], ground = 255) {
  let [left, top, right, bottom] = [x1, y1, x0, y0];
  for (let y = y0; y < y1; y++)
    for (let x = x0; x < x1; x++)
      if (pixel(frame, x, y).some((v) => v !== ground))
        [left, top, right, bottom] = [Math.min(left, x), Math.min(top, y), Math.max(right, x + 1), Math.max(bottom, y + 1)];
  return right > left ? [left, top, right, bottom] : undefined;
}

describe('panels', () => {
  it('stand in a row with titles above and notes below, with nothing between them', () => {
    const shown = panels([1, 2, 3].map((i) => ({ frame: plain(100, 40, 40 * i), title: 'HH', note: 'HH' })));
    expect(size(shown)).toEqual([3 * 100 + 4 * 8, 8 + 12 + 40 + 12 + 8]);
    for (const i of [0, 1, 2]) {
      const x = 8 + 108 * i;
      expect(inkedBox(shown, [x - 8, 0, x + 100, 20])).toEqual([x, 8, x + textSize('HH').width, 15]);
      expect(inkedBox(shown, [x - 8, 60, x + 100, 80])).toEqual([x, 63, x + textSize('HH').width, 70]);
      for (let v = 20; v < 60; v++)
        for (let u = x; u < x + 100; u++) expect(shown.rgb[3 * (v * shown.width + u)]).toBe(40 * (i + 1));
      expect(inkedBox(shown, [x - 8, 0, x, shown.height])).toBeUndefined();
      const [title] = pixel(shown, x, 8);
      const [note] = pixel(shown, x, 63);
      expect(title!).toBeLessThan(note!);
      expect(note!).toBeLessThan(160);
    }
    expect(inkedBox(shown, [324, 0, 332, shown.height])).toBeUndefined();
  });

  it('go to a grid when there are more, or as told', () => {
    const list = (count: number) => Array.from({ length: count }, () => ({ frame: plain(10, 6), title: '' }));
    const grid = (count: number, columns?: number) => {
      const [width, height] = size(panels(list(count), { gap: 2, columns })) as [number, number];
      return [(width - 2) / 12, (height - 2) / 8];
    };
    expect([1, 2, 3, 4, 5, 7, 10].map((count) => grid(count))).toEqual([
      [1, 1],
      [2, 1],
      [3, 1],
      [2, 2],
      [3, 2],
      [3, 3],
      [4, 3],
    ]);
    expect(grid(5, 1)).toEqual([1, 5]);
    expect(grid(2, 9)).toEqual([2, 1]);
  });

  it('of different sizes are equally high, and columns as wide as their widest', () => {
    const frames = [plain(10, 30, 1), plain(20, 8, 2), plain(16, 8, 3)];
    const shown = panels(
      frames.map((frame) => ({ frame, title: '' })),
      { columns: 2, gap: 0 },
    );
    expect(size(shown)).toEqual([16 + 20, 60]);
    expect(pixel(shown, 0, 29)).toEqual([1, 1, 1]);
    expect(pixel(shown, 16, 0)).toEqual([2, 2, 2]);
    expect(pixel(shown, 15, 37)).toEqual([3, 3, 3]);
    expect(inkedBox(shown, [16, 8, 36, 60])).toBeUndefined();
    expect(inkedBox(shown, [0, 38, 36, 60])).toBeUndefined();
  });

  it('cut titles and notes at their width', () => {
    const long = 'an acoustic guitar that is played in a room';
    const shown = panels([0, 1].map(() => ({ frame: plain(96, 20), title: long, note: long })));
    for (const x of [8, 8 + 104])
      for (const y of [8, 8 + 12 + 20 + 3]) {
        const box = inkedBox(shown, [x - 8, y, x + 104, y + 9])!;
        expect(box[0]).toBe(x);
        expect(box[2]).toBeLessThanOrEqual(x + 96);
        expect(box[2]).toBeGreaterThan(x + 85);
      }
    const tiny = panels([{ frame: plain(3, 3), title: long }]);
    expect(inkedBox(tiny, [0, 0, tiny.width, 20])).toBeUndefined();
  });

  it('have larger text when they are larger', () => {
    const shown = panels([{ frame: plain(1200, 10), title: 'HH' }]);
    expect(size(shown)).toEqual([1200 + 48, 24 + 36 + 10 + 24]);
    expect(inkedBox(shown, [0, 0, 1248, 60])).toEqual([24, 24, 24 + textSize('HH', 3).width, 24 + 21]);
  });

  it('have light text on dark ground', () => {
    const shown = panels([{ frame: plain(50, 10), title: 'H', note: 'H' }], { background: [20, 20, 20] });
    expect(pixel(shown, 0, 0)).toEqual([20, 20, 20]);
    expect(pixel(shown, 8, 8)).toEqual([255, 255, 255]);
    expect(pixel(shown, 8, 33)).toEqual([161, 161, 161]);
  });

  it('leave the given pictures as they are', () => {
    const frame = plain(30, 20);
    panels([{ frame, title: 'a', note: 'b' }]);
    expect(frame).toEqual(plain(30, 20));
  });

  it('refuses what is no grid', () => {
    const list = [{ frame: plain(4, 4), title: '' }];
    expect(() => panels([])).toThrow(RangeError);
    for (const columns of [0, -2, 0.5]) expect(() => panels(list, { columns })).toThrow(/columns/);
    for (const gap of [-1, 0.5]) expect(() => panels(list, { gap })).toThrow(/gap/);
  });
});
