import { describe, expect, it } from 'vitest';
import type { Frame } from '../../src/media/types.js';
import { drawText, fitText, textScale, textSize } from '../../src/report/text.js';

const ground = 200;
const grey = (width: number, height: number): Frame => ({ width, height, rgb: new Uint8Array(3 * width * height).fill(ground) });
const pixel = ({ width, rgb }: Frame, x: number, y: number) => [...rgb.subarray(3 * (y * width + x), 3 * (y * width + x) + 3)];

/** Where a frame differs from the grey one: '#', row by row. */
function changed(frame: Frame): string[] {
  return Array.from({ length: frame.height }, (_, y) =>
    Array.from({ length: frame.width }, (_, x) => (pixel(frame, x, y).every((v) => v === ground) ? '.' : '#')).join(''),
  );
}
const shape = (text: string) => {
  const { width, height } = textSize(text);
  return changed(drawText(grey(width, height), text, { x: 0, y: 0 })).join('\n');
};

describe('text', () => {
  const printable = Array.from({ length: 95 }, (_, i) => String.fromCharCode(32 + i));
  const box = shape('\u00e9');

  it('has another glyph for each printable character, none of them the box of unknown ones', () => {
    const shapes = new Set([...printable, '\u2026'].map(shape));
    expect(shapes.size).toBe(96);
    expect(shapes.has(box)).toBe(false);
    for (const character of printable.slice(1)) expect(shape(character)).toContain('#');
    expect(shape(' ')).not.toContain('#');
  });

  it('shows a box for characters it does not have, one for each, and for line breaks', () => {
    expect(shape('\n')).toBe(box);
    expect(shape('\u{1f415}')).toBe(box);
    expect(box.split('\n').slice(0, 7)).toEqual(['####', '#..#', '#..#', '#..#', '#..#', '#..#', '####']);
  });

  it('is as large as textSize says, to the pixel', () => {
    expect(textSize('L')).toEqual({ width: 4, height: 9 });
    expect(textSize('Li', 3)).toEqual({ width: 18, height: 27 });
    expect(textSize('', 2)).toEqual({ width: 0, height: 18 });
    for (const text of ['Hg', 'jq_|', printable.slice(1).join('')]) {
      const { width, height } = textSize(text, 2);
      const rows = changed(drawText(grey(width + 20, height + 20), text, { x: 10, y: 10, scale: 2 }));
      const columns = rows.flatMap((row) => [row.indexOf('#'), row.lastIndexOf('#')]).filter((x) => x >= 0);
      expect(Math.min(...columns)).toBeGreaterThanOrEqual(10);
      expect(Math.max(...columns)).toBeLessThan(10 + width);
      expect(rows.slice(0, 10).join('') + rows.slice(10 + height).join('')).not.toContain('#');
    }
  });

  it('draws in its colour only, larger by whole squares, and leaves the given frame as it is', () => {
    const frame = grey(30, 30);
    const shown = drawText(frame, 'L', { x: 3, y: 4, scale: 2, colour: [1, 2, 3] });
    expect(frame).toEqual(grey(30, 30));
    const expected = ['##......', '##......', ...Array<string>(10).fill('##......'), '########', '########'];
    expect(changed(shown).slice(4, 18)).toEqual(expected.map((row) => `...${row}`.padEnd(30, '.')));
    expect(changed(shown).join('').split('#').length - 1).toBe(4 * 10);
    for (let i = 0; i < 30 * 30; i++) expect([ground, 1]).toContain(shown.rgb[3 * i]);
    expect(pixel(shown, 3, 4)).toEqual([1, 2, 3]);
  });

  it('is clipped at each edge: what is left is what a larger frame shows there', () => {
    const [text, scale, around] = ['Wg@|', 2, 40];
    const options = { scale, background: [9, 9, 9] } as const;
    for (const [x, y] of [
      [-7, 2],
      [12, -5],
      [3, 20],
      [-12, -9],
      [0.4, 6.6],
      [500, 2],
      [-500, -500],
    ] as const) {
      const small = drawText(grey(25, 24), text, { ...options, x, y });
      const large = drawText(grey(25 + 2 * around, 24 + 2 * around), text, { ...options, x: x + around, y: y + around });
      for (let v = 0; v < 24; v++)
        for (let u = 0; u < 25; u++) expect(pixel(small, u, v)).toEqual(pixel(large, u + around, v + around));
    }
  });

  it('fills its ground two squares around it', () => {
    const { width, height } = textSize('no', 2);
    const shown = drawText(grey(60, 40), 'no', { x: 10, y: 10, scale: 2, colour: [0, 0, 0], background: [255, 250, 240] });
    const rows = changed(shown);
    expect(rows[6]).toBe('......'.padEnd(6 + width + 8, '#').padEnd(60, '.'));
    expect(rows.filter((row) => row.includes('#'))).toHaveLength(height + 8);
    expect(new Set(rows.filter((row) => row.includes('#'))).size).toBe(1);
    expect(pixel(shown, 6, 6)).toEqual([255, 250, 240]);
    expect(drawText(grey(9, 9), '', { x: 4, y: 4, background: [0, 0, 0] })).toEqual(grey(9, 9));
  });

  it('is cut to a width with as many characters as fit', () => {
    const text = 'acoustic guitar';
    expect(fitText(text, 2, textSize(text, 2).width)).toBe(text);
    for (let width = 0; width < textSize(text).width; width++) {
      const cut = fitText(text, 1, width);
      expect(textSize(cut).width).toBeLessThanOrEqual(width);
      if (cut) expect(cut.endsWith('\u2026') && text.startsWith(cut.slice(0, -1))).toBe(true);
      else expect(width).toBeLessThan(textSize('a\u2026').width);
    }
    expect(fitText('a b', 1, textSize('a\u2026').width)).toBe('a\u2026');
  });

  it('grows with the picture', () => {
    expect([1, 96, 360, 1200, 2000].map(textScale)).toEqual([1, 1, 1, 3, 6]);
  });

  it('refuses scales that are not whole', () => {
    for (const scale of [0, -1, 1.5, Number.NaN]) {
      expect(() => textSize('a', scale)).toThrow(RangeError);
      expect(() => drawText(grey(9, 9), 'a', { x: 0, y: 0, scale })).toThrow(RangeError);
    }
  });
});
