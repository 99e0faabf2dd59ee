/** What is in the pictures, and that the truth about them is true. */
import { describe, expect, it } from 'vitest';
import { Random } from '../../src/random.js';
import { kinds } from '../../src/world/kinds/index.js';
import { circle, mirrored, polygon, ring, roundedBox, stroke, turned } from '../../src/world/path.js';
import { Pen } from '../../src/world/pen.js';
import { fill, layerAround } from '../../src/world/raster.js';
import { drawScene, type Scene } from '../../src/world/scene.js';
import { foliage, silentKinds } from '../../src/world/silentKinds.js';

const red = { colour: [255, 0, 0] as const, opacity: 1 };
/** The area that a filled path covers, in pixels. */
function areaOf(path: Parameters<typeof fill>[1]): number {
  const layer = layerAround([path]);
  fill(layer, path, red);
  return layer.rgba.reduce((sum, v, i) => (i % 4 === 3 ? sum + v : sum), 0);
}

describe('filling', () => {
  it('covers of each pixel the share that lies inside', () => {
    const path = polygon([1.25, 2.5], [3.5, 2.5], [3.5, 4], [1.25, 4]);
    const layer = layerAround([path]);
    expect([layer.x, layer.y, layer.width, layer.height]).toEqual([1, 2, 3, 2]);
    fill(layer, path, red);
    const opacities = [...layer.rgba.filter((_, i) => i % 4 === 3)];
    expect(opacities).toEqual([0.375, 0.5, 0.25, 0.75, 1, 0.5]);
  });

  it.each([
    ['a triangle', polygon([0.3, 0.7], [20.1, 3.2], [7.7, 18.9]), Math.abs(19.8 * 18.2 - 7.4 * 2.5) / 2],
    ['a steep sliver', polygon([5.5, 0], [5.6, 40], [5.4, 40]), 4],
    ['a flat sliver', polygon([0, 5.5], [40, 5.6], [40, 5.4]), 4],
    ['a disk', circle(11.3, 12.1, 9), 14 * 81 * Math.sin(Math.PI / 14)],
    ['a ring', ring(11.3, 12.1, 9, 5), 14 * (81 - 25) * Math.sin(Math.PI / 14)],
    ['a turned ring', turned(ring(11.3, 12.1, 9, 5), 1), 14 * (81 - 25) * Math.sin(Math.PI / 14)],
    ['a mirrored ring', mirrored(ring(11.3, 12.1, 9, 5)), 14 * (81 - 25) * Math.sin(Math.PI / 14)],
    ['a disk within a disk', [...circle(9, 9, 6), ...circle(9, 10, 3)], 14 * 36 * Math.sin(Math.PI / 14)],
    ['a rounded box', roundedBox(1, 1, 21, 11, 0.001), 200],
  ])('of %s covers its area', (_, path, area) => {
    expect(Math.abs(areaOf(path) / area - 1)).toBeLessThan(2e-3);
  });

  it('of a line covers its length times its width, and round ends', () => {
    const area = areaOf(
      stroke(
        [
          [5, 5],
          [25, 20],
        ],
        4,
      ),
    );
    expect(Math.abs(area / (25 * 4 + 4 * Math.PI) - 1)).toBeLessThan(0.01);
  });
});

describe.each([...kinds, ...silentKinds, foliage])('a $name', (kind) => {
  const draw = (instance: number, flipped = false) => {
    const pen = new Pen(new Random(7, kind.name, instance));
    kind.draw(pen);
    return pen.draw({ x: 40, y: 40, size: 40, angle: 0.1, mirrored: flipped });
  };

  it('fills a good part of the square that it is given, and no more', () => {
    for (let i = 0; i < 20; i++) {
      const { x, y, width, height, rgba } = draw(i);
      expect(Math.max(width, height)).toBeGreaterThanOrEqual(40);
      for (const [from, length] of [
        [x, width],
        [y, height],
      ] as const) {
        expect(from).toBeGreaterThanOrEqual(19);
        expect(from + length).toBeLessThanOrEqual(61);
      }
      const area = rgba.reduce((sum, v, k) => (k % 4 === 3 && v >= 0.5 ? sum + 1 : sum), 0) / 1600;
      expect(area).toBeGreaterThan(0.1);
      expect(area).toBeLessThan(0.9);
    }
  });

  it('looks the same for a stream and another for another one', () => {
    expect(draw(1)).toEqual(draw(1));
    expect(draw(1).rgba).not.toEqual(draw(2).rgba);
    expect(draw(1).rgba).not.toEqual(draw(1, true).rgba);
  });
});

const size = 96;
const scenes = (count: number, objects: number): Scene[] =>
  Array.from({ length: count }, (_, i) => {
    const random = new Random(11, objects, i);
    const first = random.below(kinds.length);
    const chosen = Array.from({ length: objects }, (_, k) => kinds[(first + 3 * k) % kinds.length]!);
    return drawScene(random, chosen, random.below(4), size);
  });

describe.each([1, 2, 4])('scenes of %d objects', (count) => {
  const drawn = scenes(60, count);

  it('have a mask for each, which no others share, and the box around it', () => {
    for (const { objects, frame } of drawn) {
      expect([frame.width, frame.height, frame.rgb.length]).toEqual([size, size, 3 * size * size]);
      expect(objects).toHaveLength(count);
      const seen = new Uint8Array(size * size);
      for (const { mask, box } of objects) {
        const pixels = [...mask.keys()].filter((i) => mask[i] === 255);
        expect(mask.every((v) => v === 0 || v === 255)).toBe(true);
        const [xs, ys] = [pixels.map((i) => i % size), pixels.map((i) => Math.floor(i / size))];
        expect(box).toEqual([Math.min(...xs), Math.min(...ys), Math.max(...xs) + 1, Math.max(...ys) + 1]);
        for (const i of pixels) expect(seen[i]!++).toBe(0);
      }
    }
  });

  it('hide a little of some objects and never more than 30 %', () => {
    const hidden = drawn.flatMap(({ objects }) => objects.map((object) => object.hidden));
    expect(Math.max(...hidden)).toBeLessThanOrEqual(0.3);
    expect(hidden.filter((share) => share > 0.02).length).toBeGreaterThan(0);
  });

  it('have objects of one range of sizes, however many there are', () => {
    const sides = drawn
      .flatMap(({ objects }) => objects.filter(({ hidden }) => hidden === 0))
      .map(({ box: [x0, y0, x1, y1] }) => Math.max(x1 - x0, y1 - y0) / size)
      .sort((a, b) => a - b);
    // Only pixels that are covered by half count: thin ends do not.
    expect(sides[0]).toBeGreaterThan(0.15);
    expect(sides.at(-1)).toBeLessThan(0.44);
    const median = sides[Math.floor(sides.length / 2)]!;
    expect(median).toBeGreaterThan(0.28);
    expect(median).toBeLessThan(0.38);
  });

  it('repeat for a stream', () => expect(scenes(3, count)).toEqual(drawn.slice(0, 3)));
});
