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
