import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { composePlacements, cropping, mirroring, placeBox, resizing, unplaceBox } from '../../src/features/placement.js';
import type { Box, Placement } from '../../src/features/spec.js';

const side = fc.integer({ min: 1, max: 500 });
const size = fc.record({ width: side, height: side });
/** A box within a picture of that size, with an area. */
const boxIn = ({ width, height }: { width: number; height: number }): fc.Arbitrary<Box> => {
  const ends = (end: number) =>
    fc
      .tuple(fc.double({ min: 0, max: 0.99, noNaN: true }), fc.double({ min: 0.01, max: 1, noNaN: true }))
      .map(([from, share]) => [from * end, from * end + share * (1 - from) * end] as const);
  return fc.tuple(ends(width), ends(height)).map(([[x0, x1], [y0, y1]]) => [x0, y0, x1, y1]);
};
const sized = fc
  .tuple(size, size)
  .chain(([from, to]) => fc.record({ from: fc.constant(from), to: fc.constant(to), box: boxIn(from) }));
const area = ([x0, y0, x1, y1]: Box) => (x1 - x0) * (y1 - y0);
const close = (found: Box, expected: Box) => found.forEach((v, i) => expect(v).toBeCloseTo(expected[i]!, 6));
const whole: (p: Placement) => Box = ({ width, height }) => [0, 0, width, height];

describe('boxes under placements', () => {
  it('come back when a resize, a mirror and both are undone', () => {
    fc.assert(
      fc.property(sized, ({ from, to, box }) => {
        const resized = resizing(from, to);
        for (const placement of [resized, mirroring(from), composePlacements(resized, mirroring(to))])
          close(unplaceBox(placeBox(box, placement), placement), box);
      }),
    );
  });
  it('keep their area by the factor of the picture, and the whole picture stays whole', () => {
    fc.assert(
      fc.property(sized, ({ from, to, box }) => {
        const placement = composePlacements(resizing(from, to), mirroring(to));
        const factor = (to.width * to.height) / (from.width * from.height);
        expect(area(placeBox(box, placement)) / (area(box) * factor)).toBeCloseTo(1, 9);
        close(placeBox([0, 0, from.width, from.height], placement), whole(placement));
      }),
    );
  });
  it('are as they were after two mirrors', () => {
    fc.assert(
      fc.property(sized, ({ from, box }) => {
        const twice = composePlacements(mirroring(from), mirroring(from));
        expect(twice).toEqual({ ...resizing(from, from), offsetX: 0 });
        close(placeBox(placeBox(box, mirroring(from)), mirroring(from)), box);
        close(placeBox(box, twice), box);
      }),
    );
  });
  it('follow crops, and what a composition does is what its parts do in turn', () => {
    const cut = sized.chain(({ from, to, box }) =>
      fc.record({ from: fc.constant(from), to: fc.constant(to), box: fc.constant(box), crop: boxIn(to) }),
    );
    fc.assert(
      fc.property(cut, ({ from, to, box, crop }) => {
        const [resized, cropped] = [resizing(from, to), cropping(crop)];
        const mirrored = mirroring(cropped);
        const all = composePlacements(composePlacements(resized, cropped), mirrored);
        expect([all.width, all.height]).toEqual([crop[2] - crop[0], crop[3] - crop[1]]);
        const inTurn = placeBox(placeBox(placeBox(box, resized), cropped), mirrored);
        close(placeBox(box, all), inTurn);
        // Undone, it is the part of the box that the crop left.
        const kept = placeBox(box, resized).map((v, i) => Math.min(Math.max(v, crop[i % 2]!), crop[(i % 2) + 2]!));
        close(unplaceBox(inTurn, all), unplaceBox(kept as unknown as Box, resized));
        const [x0, y0, x1, y1] = inTurn;
        expect(x0 >= 0 && y0 >= 0 && x0 <= x1 && y0 <= y1 && x1 <= all.width && y1 <= all.height).toBe(true);
      }),
    );
  });
  it('are empty, on the nearest edge, when nothing of them is left', () => {
    const crop = cropping([10, 20, 30, 50]);
    expect(placeBox([0, 25, 8, 30], crop)).toEqual([0, 5, 0, 10]);
    expect(placeBox([40, 60, 50, 70], crop)).toEqual([20, 30, 20, 30]);
    expect(placeBox([5, 25, 12, 30], crop)).toEqual([0, 5, 2, 10]);
    expect(placeBox([5, 25, 12, 30], composePlacements(crop, mirroring(crop)))).toEqual([18, 5, 20, 10]);
  });
});
