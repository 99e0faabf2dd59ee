import { describe, expect, it } from 'vitest';
import type { Frame } from '../../src/media/types.js';
import { withColourBar } from '../../src/report/colourBar.js';
import { textSize } from '../../src/report/text.js';

const grey = (width: number, height: number): Frame => ({ width, height, rgb: new Uint8Array(3 * width * height).fill(128) });
const pixel = ({ width, rgb }: Frame, x: number, y: number) => [...rgb.subarray(3 * (y * width + x), 3 * (y * width + x) + 3)];
const isPaper = (frame: Frame, x: number, y: number) => pixel(frame, x, y).every((v) => v === 255);

/** Columns with ink in the line of text. */
function inked(shown: Frame, pictureHeight: number, scale: number): number[] {
  const columns: number[] = [];
  for (let x = 0; x < shown.width; x++)
    for (let y = pictureHeight + 12 * scale; y < shown.height; y++)
      if (!isPaper(shown, x, y)) {
        columns.push(x);
        break;
      }
  return columns;
}

describe('a colour bar', () => {
  const values = { low: -0.1, high: 0.6 };

  it('stands below the picture, which stays as it is', () => {
    const picture = grey(200, 50);
    const shown = withColourBar(picture, { ...values, title: 'cosine' });
    expect([shown.width, shown.height, shown.rgb.length]).toEqual([200, 73, 3 * 200 * 73]);
    expect(shown.rgb.subarray(0, picture.rgb.length)).toEqual(picture.rgb);
    expect(picture).toEqual(grey(200, 50));
  });

  it.each([1, 3, 8, 40, 96, 200, 1200, 2000])(
    'of a picture %i wide goes from black to pale yellow, brighter at each step',
    (width) => {
      const shown = withColourBar(grey(width, 10), values);
      const scale = Math.max(1, Math.round(width / 360));
      const left = width > 8 * scale ? 2 * scale : 0;
      const luma = Array.from({ length: width - 2 * left }, (_, i) => {
        const [r, g, b] = pixel(shown, left + i, 10 + 5 * scale) as [number, number, number];
        return 0.299 * r + 0.587 * g + 0.114 * b;
      });
      expect(pixel(shown, left, 10 + 3 * scale)).toEqual([0, 0, 4]);
      if (width > 1) expect(pixel(shown, width - 1 - left, 10 + 9 * scale - 1)).toEqual([252, 255, 164]);
      for (let i = 1; i < luma.length; i++) expect(luma[i]! - luma[i - 1]!).toBeGreaterThan(width > 1000 ? -0.5 : 0);
      for (let x = 0; x < width; x++)
        for (const y of [10, 10 + 3 * scale - 1, 10 + 9 * scale, 10 + 12 * scale - 1]) expect(isPaper(shown, x, y)).toBe(true);
    },
  );

  it('has the numbers at its ends and the title in the middle', () => {
    const columns = inked(withColourBar(grey(1200, 10), { ...values, title: 'cosine' }), 10, 3);
    expect(columns[0]).toBe(6);
    expect(columns.at(-1)).toBe(1200 - 6 - 1);
    const title = columns.filter((x) => x > 300 && x < 900);
    expect(title[0]! + title.at(-1)!).toBeCloseTo(1199, -1);
    expect(title.at(-1)! - title[0]! + 1).toBe(textSize('cosine', 3).width);
    const without = inked(withColourBar(grey(1200, 10), values), 10, 3);
    expect(without).toEqual(columns.filter((x) => x < 300 || x > 900));
  });

  it('cuts a long title so that the numbers stay free', () => {
    const numbers = inked(withColourBar(grey(200, 10), values), 10, 1);
    const all = inked(withColourBar(grey(200, 10), { ...values, title: 'a very long name of a sound that has no end' }), 10, 1);
    const [low, high] = [textSize('-0.10').width, textSize('0.60').width];
    const title = all.filter((x) => !numbers.includes(x));
    expect(Math.min(...title)).toBeGreaterThanOrEqual(2 + low + 6);
    expect(Math.max(...title)).toBeLessThan(200 - 2 - high - 6);
    expect(Math.max(...title) - Math.min(...title)).toBeGreaterThan(100);
  });

  it('leaves out what a tiny picture has no room for', () => {
    expect(withColourBar(grey(20, 20), { ...values, title: 'cosine' }).height).toBe(32);
    expect(withColourBar(grey(64, 20), { ...values, title: 'cosine' })).toEqual(withColourBar(grey(64, 20), values));
    expect(withColourBar(grey(64, 20), values).height).toBe(43);
  });

  it('shows numbers by what tells them apart', () => {
    const same = (a: [number, number], b: [number, number]) =>
      expect(withColourBar(grey(300, 4), { low: a[0], high: a[1] })).toEqual(
        withColourBar(grey(300, 4), { low: b[0], high: b[1] }),
      );
    const differ = (a: [number, number], b: [number, number]) =>
      expect(withColourBar(grey(300, 4), { low: a[0], high: a[1] })).not.toEqual(
        withColourBar(grey(300, 4), { low: b[0], high: b[1] }),
      );
    same([0, 1], [0.001, 1.001]);
    same([-0.001, 1], [0, 1]);
    differ([0.501, 0.504], [0.502, 0.504]);
    differ([1e-9, 2e-9], [1e-9, 3e-9]);
    same([12.2, 250.4], [12, 250]);
  });

  it('refuses a range that is none', () => {
    expect(() => withColourBar(grey(9, 9), { low: 1, high: 0 })).toThrow(RangeError);
    expect(() => withColourBar(grey(9, 9), { low: Number.NaN, high: 0 })).toThrow(RangeError);
  });
});
