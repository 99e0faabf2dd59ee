import { describe, expect, it } from 'vitest';
import type { Frame } from '../../src/media/types.js';
import { overlay } from '../../src/report/overlay.js';

const grey = (width: number, height: number): Frame => ({ width, height, rgb: new Uint8Array(3 * width * height).fill(128) });
const pixel = ({ width, rgb }: Frame, x: number, y: number) => [...rgb.subarray(3 * (y * width + x), 3 * (y * width + x) + 3)];
const brightness = (frame: Frame, x: number, y: number) => pixel(frame, x, y).reduce((sum, v) => sum + v, 0);

describe('an overlay', () => {
  const corner = { data: Float32Array.of(5, 1, 1, 1), height: 2, width: 2 };

  it('is bright and yellow where the map is high, and nearly the picture where it is low', () => {
    const shown = overlay(grey(40, 40), corner);
    const [r, g, b] = pixel(shown, 0, 0) as [number, number, number];
    expect(r).toBeGreaterThan(200);
    expect(g).toBeGreaterThan(200);
    expect(b).toBeLessThan(r);
    for (const v of pixel(shown, 39, 39)) expect(Math.abs(v - 128 * 0.88)).toBeLessThan(4);
    expect(brightness(shown, 0, 0)).toBeGreaterThan(brightness(shown, 20, 20));
  });

  it('depends on the range of the map only by order', () => {
    const scaled = { ...corner, data: corner.data.map((v) => 8 * v - 3) };
    expect(overlay(grey(30, 20), scaled)).toEqual(overlay(grey(30, 20), corner));
  });

  it('of a constant map is flat', () => {
    const shown = overlay(grey(10, 10), { data: new Float32Array(4).fill(7), height: 2, width: 2 });
    expect(new Set(shown.rgb).size).toBeLessThanOrEqual(3);
  });

  it('has the colours of a given range, which a map of that range has by itself', () => {
    expect(overlay(grey(30, 20), corner, { range: [1, 5] })).toEqual(overlay(grey(30, 20), corner));
    const low = { ...corner, data: Float32Array.of(3, 1, 1, 1) };
    const inside = overlay(grey(40, 40), low, { range: [1, 5] });
    const full = overlay(grey(40, 40), corner, { range: [1, 5] });
    expect(pixel(inside, 39, 39)).toEqual(pixel(full, 39, 39));
    expect(brightness(inside, 0, 0)).toBeLessThan(brightness(full, 0, 0));
    // v = (3 - 1) / (5 - 1) = 1/2: alpha 0.12 + 0.66 / 4, colour halfway between #a52c60 and #cf4446.
    const expected = [(0xa5 + 0xcf) / 2, (0x2c + 0x44) / 2, (0x60 + 0x46) / 2].map((c) => Math.round(0.715 * 128 + 0.285 * c));
    expect(pixel(inside, 0, 0)).toEqual(expected);
  });

  it('gives values beyond the range the colours of its ends', () => {
    const wide = { ...corner, data: Float32Array.of(500, -70, -70, -70) };
    const shown = overlay(grey(41, 41), wide, { range: [0, 1] });
    const ends = overlay(grey(41, 41), { ...corner, data: Float32Array.of(1, 0, 0, 0) });
    expect(pixel(shown, 0, 0)).toEqual(pixel(ends, 0, 0));
    expect(pixel(shown, 40, 40)).toEqual(pixel(ends, 40, 40));
  });

  it('where low is high shows what is above it', () => {
    const shown = overlay(grey(40, 40), corner, { range: [2, 2] });
    const ends = overlay(grey(40, 40), corner);
    expect(pixel(shown, 0, 0)).toEqual(pixel(ends, 0, 0));
    expect(pixel(shown, 39, 39)).toEqual(pixel(ends, 39, 39));
    expect(overlay(grey(9, 9), corner, { range: [5, 5] })).toEqual(overlay(grey(9, 9), { ...corner, data: new Float32Array(4) }));
  });

  it('fades with its opacity, and the outlines do not', () => {
    const picture = grey(40, 40);
    const full = overlay(picture, corner);
    expect(overlay(picture, corner, { opacity: 1 })).toEqual(full);
    expect(overlay(picture, corner, { opacity: 0 })).toEqual(picture);
    const half = overlay(picture, corner, { opacity: 0.5 });
    for (let i = 0; i < half.rgb.length; i++) expect(Math.abs(half.rgb[i]! - (128 + full.rgb[i]!) / 2)).toBeLessThanOrEqual(1);
    const boxes = [[0, 0, 1, 1]] as const;
    expect(pixel(overlay(picture, corner, { opacity: 0, boxes }), 0, 0)).toEqual([255, 255, 255]);
  });

  it('refuses ranges and opacities that are none', () => {
    for (const range of [
      [1, 0],
      [Number.NaN, 1],
      [0, Number.POSITIVE_INFINITY],
    ] as const)
      expect(() => overlay(grey(4, 4), corner, { range })).toThrow(RangeError);
    for (const opacity of [-0.1, 1.1, Number.NaN]) expect(() => overlay(grey(4, 4), corner, { opacity })).toThrow(RangeError);
  });

  it('leaves the given picture as it is, and keeps its shape when it is brought to a width', () => {
    const picture = grey(30, 20);
    const shown = overlay(picture, corner, { width: 90 });
    expect([shown.width, shown.height]).toEqual([90, 60]);
    expect(picture).toEqual(grey(30, 20));
  });

  it('outlines boxes in white with a dark rim, and nothing of an empty one', () => {
    const shown = overlay(grey(100, 100), undefined, { boxes: [[0.2, 0.3, 0.6, 0.7]] });
    expect(pixel(shown, 20, 30)).toEqual([255, 255, 255]);
    expect(pixel(shown, 59, 50)).toEqual([255, 255, 255]);
    expect(pixel(shown, 21, 50)).toEqual([20, 20, 20]);
    expect(pixel(shown, 40, 50)).toEqual([128, 128, 128]);
    expect(pixel(shown, 19, 50)).toEqual([128, 128, 128]);
    expect(overlay(grey(100, 100), undefined, { boxes: [[0.5, 0.5, 0.5, 0.9]] })).toEqual(grey(100, 100));
  });

  it("outlines a mask's edge, whatever the mask's size", () => {
    const mask: Frame = { width: 2, height: 2, rgb: Uint8Array.from([255, 255, 255, 0, 0, 0, 0, 0, 0, 0, 0, 0]) };
    const shown = overlay(grey(100, 100), undefined, { mask });
    expect(pixel(shown, 49, 20)).toEqual([255, 255, 255]);
    expect(pixel(shown, 25, 25)).toEqual([128, 128, 128]);
    expect(pixel(shown, 75, 75)).toEqual([128, 128, 128]);
  });
});
