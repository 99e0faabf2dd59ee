/** Random views of pictures: what they may and may not change, and that boxes can follow them. */
import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { cutFrame, flipFrame } from '../../src/features/augment/crop.js';
import { adjustHue } from '../../src/features/augment/hue.js';
import { drawJitter } from '../../src/features/augment/jitter.js';
import {
  augmentPicture,
  type CropAugmentation,
  type PictureAugmentation,
  type SimclrAugmentation,
} from '../../src/features/augment/pictures.js';
import { pictureAugmentations } from '../../src/features/augment/presets.js';
import type { Placement } from '../../src/features/spec.js';
import type { Frame } from '../../src/media/types.js';
import { Random } from '../../src/random.js';
import { copyOf, gradients, sha256 } from './augment-pictures.js';

const presets = Object.entries(pictureAugmentations) as [string, PictureAugmentation][];

/** Nothing but the cut and the resize. */
const plain: SimclrAugmentation = {
  ...pictureAugmentations.simclr,
  size: 64,
  flip: 0,
  jitter: { ...pictureAugmentations.simclr.jitter, probability: 0 },
  grayscale: 0,
  blur: { ...pictureAugmentations.simclr.blur, probability: 0 },
};

function withRectangle(width: number, height: number, [x0, y0, x1, y1]: readonly number[]): Frame {
  const rgb = new Uint8Array(3 * width * height);
  for (let y = y0!; y < y1!; y++) for (let x = x0!; x < x1!; x++) rgb[3 * (y * width + x)] = 255;
  return { width, height, rgb };
}

/** Along one axis: where the red of the middle line begins and ends, at half height, in pixel corners. */
function extent({ width, height, rgb }: Frame, axis: 'x' | 'y', line: number): [number, number] {
  const value = (i: number) => rgb[3 * (axis === 'x' ? line * width + i : i * width + line)]!;
  let sum = 0;
  let first = Infinity;
  for (let i = 0; i < (axis === 'x' ? width : height); i++) {
    sum += value(i) / 255;
    if (value(i) >= 128) first = Math.min(first, i);
  }
  return [first, first + sum];
}

const placed = ({ scaleX, scaleY, offsetX, offsetY }: Placement, [x0, y0, x1, y1]: readonly number[]) => ({
  x: [x0! * scaleX + offsetX, x1! * scaleX + offsetX].sort((a, b) => a - b),
  y: [y0! * scaleY + offsetY, y1! * scaleY + offsetY],
});

describe.each(presets)('%s', (_, augmentation) => {
  const frame = gradients(97, 71);

  it('is a function of the seed that leaves the picture as it was', () => {
    const before = copyOf(frame);
    const view = (seed: number) => {
      const { frame: view, placement } = augmentPicture(frame, augmentation, new Random(seed));
      return JSON.stringify([sha256(view.rgb), placement]);
    };
    expect(view(3)).toBe(view(3));
    expect(new Set([1, 2, 3, 4].map(view)).size).toBe(4);
    expect(frame).toEqual(before);
  });

  it('is a plain value', () => {
    expect(structuredClone(augmentation)).toEqual(augmentation);
    expect(JSON.parse(JSON.stringify(augmentation))).toEqual(augmentation);
  });

  it.each([
    [1, 1],
    [1, 1000],
    [1000, 1],
    [2, 3],
    [5000, 3],
    [224, 224],
    [256, 246],
  ])('makes a square of a picture of %d x %d', (width, height) => {
    for (let seed = 0; seed < 3; seed++) {
      const { frame: view, placement } = augmentPicture(gradients(width, height), augmentation, new Random(seed));
      expect([view.width, view.height, view.rgb.length]).toEqual([224, 224, 3 * 224 * 224]);
      expect([placement.width, placement.height]).toEqual([224, 224]);
      // The view is a part of the picture: its corners come from inside.
      for (const [corner, end, scale, offset] of [
        [0, width, placement.scaleX, placement.offsetX],
        [224, width, placement.scaleX, placement.offsetX],
        [0, height, placement.scaleY, placement.offsetY],
        [224, height, placement.scaleY, placement.offsetY],
      ] as const) {
        expect((corner - offset) / scale).toBeGreaterThanOrEqual(-1e-9 * end);
        expect((corner - offset) / scale).toBeLessThanOrEqual(end * (1 + 1e-9));
      }
    }
  });
});

describe('placement', () => {
  const crop: CropAugmentation = { kind: 'crop', size: 64, resized: { shortSide: 80 }, kernel: 'bilinear', flip: 0 };
  it.each<[string, PictureAugmentation]>([
    ['resized crop', { ...plain, scale: [0.7, 1], kernel: 'bilinear' }],
    ['crop of the short side', crop],
    ['crop of a squashed picture', { kind: 'crop', size: 64, resized: { squash: 80 }, kernel: 'bilinear', flip: 0 }],
  ])('says where a rectangle went: %s', (_, augmentation) => {
    fc.assert(
      fc.property(
        fc.nat(1e6),
        fc.integer({ min: 0, max: 1 }),
        fc.integer({ min: 60, max: 75 }),
        fc.integer({ min: 60, max: 75 }),
        (seed, flip, width, height) => {
          // Around the centre, so that every view shows it whole.
          const box = [0.44 * width, 0.42 * height, 0.54 * width, 0.56 * height].map(Math.round);
          const { frame, placement } = augmentPicture(
            withRectangle(width, height, box),
            { ...augmentation, flip },
            new Random(seed),
          );
          expect(Math.sign(placement.scaleX)).toBe(flip ? -1 : 1);
          const { x, y } = placed(placement, box);
          const [foundX, foundY] = [
            extent(frame, 'x', Math.floor((y[0]! + y[1]!) / 2)),
            extent(frame, 'y', Math.floor((x[0]! + x[1]!) / 2)),
          ];
          for (const [found, expected] of [
            [foundX, x],
            [foundY, y],
          ] as const) {
            expect(Math.abs(found[0] - expected[0]!)).toBeLessThanOrEqual(0.75);
            expect(Math.abs(found[1] - found[0] - (expected[1]! - expected[0]!))).toBeLessThanOrEqual(0.3);
          }
        },
      ),
      { numRuns: 60 },
    );
  });
});

describe('pixels of the views', () => {
  const { resizes } = JSON.parse(readFileSync(new URL('../golden/augment.json', import.meta.url), 'utf8')) as {
    resizes: { name: string; width: number; height: number; rgb: string }[];
  };
  const resizedAs = (name: string): Frame => {
    const { width, height, rgb } = resizes.find((r) => r.name === name)!;
    return { width, height, rgb: Uint8Array.from(Buffer.from(rgb, 'base64')) };
  };
  const frame = gradients(33, 26);

  it.each([
    ['shortSide', { shortSide: 22 }, 'bicubic'],
    ['squash', { squash: 24 }, 'bilinear'],
  ] as const)('are those of torchvision Resize (%s) and a cut', (name, resized, kernel) => {
    const whole = resizedAs(name);
    for (let seed = 0; seed < 20; seed++) {
      const { frame: view, placement } = augmentPicture(
        frame,
        { kind: 'crop', size: 20, resized, kernel, flip: 0 },
        new Random(seed),
      );
      const [x, y] = [-placement.offsetX, -placement.offsetY];
      expect(view).toEqual(cutFrame(whole, [x, y, x + 20, y + 20]));
    }
  });

  it('are those of torchvision RandomResizedCrop, when that takes the whole picture', () => {
    const ratio = [33 / 26, 33 / 26] as const;
    const view = augmentPicture(frame, { ...plain, size: 20, scale: [1, 1], ratio }, new Random(0));
    expect(view.frame).toEqual(resizedAs('resizedCrop'));
  });
});

describe('crops', () => {
  /** How far in the resized picture the views of many seeds begin, in ascending order. */
  const startsOf = (width: number, height: number, resized: CropAugmentation['resized'], size: number) => {
    const augmentation: CropAugmentation = { kind: 'crop', size, resized, kernel: 'bilinear', flip: 0 };
    const frame = gradients(width, height);
    const placements = Array.from({ length: 2000 }, (_, seed) => augmentPicture(frame, augmentation, new Random(seed)).placement);
    const ascending = (starts: number[]) => [...new Set(starts)].sort((a, b) => a - b);
    return { x: ascending(placements.map((p) => 0 - p.offsetX)), y: ascending(placements.map((p) => 0 - p.offsetY)) };
  };
  const upTo = (last: number) => Array.from({ length: last + 1 }, (_, i) => i);

  it('begin at every pixel from the first to the last that leaves room', () => {
    expect(startsOf(8, 6, { shortSide: 6 }, 4)).toEqual({ x: upTo(4), y: upTo(2) });
    expect(startsOf(6, 8, { shortSide: 6 }, 6)).toEqual({ x: [0], y: upTo(2) });
    expect(startsOf(8, 6, { squash: 7 }, 4)).toEqual({ x: upTo(3), y: upTo(3) });
  });

  it('reach both ends of pictures that are cut for their length', () => {
    expect(startsOf(34, 2, { shortSide: 2 }, 2)).toEqual({ x: upTo(32), y: [0] });
    expect(startsOf(2, 34, { shortSide: 2 }, 2)).toEqual({ x: [0], y: upTo(32) });
  });
});

describe('the blur by a true Gaussian', () => {
  // google-research/simclr, data_util.py: kernel_size = height // 10, radius = int(kernel_size / 2), 2 * radius + 1 pixels in all.
  it.each([
    [224, 23],
    [90, 9],
    [40, 5],
  ])('of a view of %d pixels spans %d, however large sigma is', (size, span) => {
    const middle = size / 2;
    const line = withRectangle(size, size, [middle, 0, middle + 1, size]);
    const view = augmentPicture(
      line,
      { ...plain, size, scale: [1, 1], ratio: [1, 1], blur: { probability: 1, sigma: [1000, 1000], by: 'gaussian' } },
      new Random(0),
    ).frame;
    const reach = (span - 1) / 2;
    const row = Array.from({ length: size }, (_, x) => (Math.abs(x - middle) <= reach ? Math.round(255 / span) : 0));
    expect(Array.from({ length: size }, (_, x) => view.rgb[3 * x])).toEqual(row);
  });
});

describe('probabilities', () => {
  const frame = gradients(80, 60);
  const view = (changes: Partial<SimclrAugmentation>, seed = 5) =>
    augmentPicture(frame, { ...plain, ...changes }, new Random(seed)).frame;
  const grey = ({ rgb }: Frame) => rgb.every((v, i) => v === rgb[i - (i % 3)]);
  const { jitter, blur } = pictureAugmentations.simclr;

  it('of 1 always change the picture, of 0 never', () => {
    for (let seed = 0; seed < 20; seed++) {
      const unchanged = view({}, seed);
      expect(view({ grayscale: 0 }, seed)).toEqual(unchanged);
      expect(grey(unchanged)).toBe(false);
      expect(grey(view({ grayscale: 1 }, seed))).toBe(true);
      expect(view({ jitter: { ...jitter, probability: 1 } }, seed)).not.toEqual(unchanged);
      for (const by of ['gaussian', 'boxes'] as const)
        expect(view({ blur: { probability: 1, sigma: [1, 2], by } }, seed)).not.toEqual(unchanged);
      const mirrored = copyOf(unchanged);
      flipFrame(mirrored);
      expect(view({ flip: 1 }, seed)).toEqual(mirrored);
    }
  });

  it('between happen that often', () => {
    const seeds = Array.from({ length: 2000 }, (_, seed) => seed);
    const small = { size: 4, scale: [1, 1] as const, ratio: [4 / 3, 4 / 3] as const };
    const unchanged = view(small);
    const share = (changes: Partial<SimclrAugmentation>) =>
      seeds.filter((seed) => !Buffer.from(view({ ...small, ...changes }, seed).rgb).equals(unchanged.rgb)).length / seeds.length;
    // Five standard deviations of the share.
    const within = (p: number) => 5 * Math.sqrt((p * (1 - p)) / seeds.length);
    expect(Math.abs(share({ flip: 0.5 }) - 0.5)).toBeLessThan(within(0.5));
    expect(Math.abs(share({ grayscale: 0.2 }) - 0.2)).toBeLessThan(within(0.2));
    expect(Math.abs(share({ blur: { probability: 0.5, sigma: [2, 3], by: 'boxes' } }) - 0.5)).toBeLessThan(within(0.5));
  });

  it('of a jitter of nothing change nothing', () => {
    expect(view({ jitter: { probability: 1, brightness: 0, contrast: 0, saturation: 0, hue: 0 } })).toEqual(view({}));
  });

  it('leave a picture of the right size alone when all of it is taken', () => {
    const square = gradients(64, 64);
    const before = copyOf(square);
    const whole = { ...plain, scale: [1, 1] as const, ratio: [1, 1] as const };
    expect(augmentPicture(square, whole, new Random(1)).frame).toEqual(before);
    augmentPicture(
      square,
      { ...whole, flip: 1, grayscale: 1, jitter: { ...jitter, probability: 1 }, blur: { ...blur, probability: 1 } },
      new Random(1),
    );
    expect(square).toEqual(before);
  });
});

describe('flipFrame', () => {
  it('done twice gives the same picture, once moves the first pixel of a row to its end', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 9 }), fc.integer({ min: 1, max: 9 }), (width, height) => {
        const [frame, before] = [gradients(width, height), gradients(width, height)];
        flipFrame(frame);
        expect(frame.rgb.slice(3 * width - 3, 3 * width)).toEqual(before.rgb.slice(0, 3));
        flipFrame(frame);
        expect(frame).toEqual(before);
      }),
    );
  });
});

describe('adjustHue', () => {
  it('by a third of a turn moves red to green, and by nothing keeps pure colours', () => {
    const colours = Uint8Array.of(255, 0, 0, 0, 255, 0, 0, 0, 255, 9, 9, 9);
    const kept = colours.slice();
    adjustHue(kept, 0);
    expect(kept).toEqual(colours);
    adjustHue(colours, 1 / 3);
    expect(colours).toEqual(Uint8Array.of(0, 255, 0, 0, 0, 255, 255, 0, 0, 9, 9, 9));
  });
});

describe('drawJitter', () => {
  it('draws every order alike, and amounts uniformly within their limits', () => {
    const random = new Random(7, 'jitter');
    const orders = new Map<string, number>();
    const amounts: Record<string, number[]> = { brightness: [], contrast: [], saturation: [], hue: [] };
    const draws = 24_000;
    for (let i = 0; i < draws; i++) {
      const changes = drawJitter({ brightness: 0.8, contrast: 0.4, saturation: 1.5, hue: 0.2 }, random);
      const order = changes.map(({ operation }) => operation).join();
      orders.set(order, (orders.get(order) ?? 0) + 1);
      for (const { operation, amount } of changes) amounts[operation]!.push(amount);
    }
    expect(orders.size).toBe(24);
    for (const count of orders.values()) expect(Math.abs(count - draws / 24)).toBeLessThan(5 * Math.sqrt(draws / 24));
    for (const [operation, lowest, highest] of [
      ['brightness', 0.2, 1.8],
      ['contrast', 0.6, 1.4],
      ['saturation', 0, 2.5],
      ['hue', -0.2, 0.2],
    ] as const) {
      const sorted = amounts[operation]!.map((v) => (v - lowest) / (highest - lowest)).sort((a, b) => a - b);
      expect(sorted[0]).toBeGreaterThanOrEqual(0);
      expect(sorted.at(-1)).toBeLessThanOrEqual(1);
      // Kolmogorov and Smirnov's distance from the uniform distribution; 2 / sqrt(n) is passed once in 1500 times.
      expect(Math.max(...sorted.map((v, i) => Math.abs(v - (i + 0.5) / draws)))).toBeLessThan(2 / Math.sqrt(draws));
    }
  });

  it('refuses limits that make no sense', () => {
    const limits = { brightness: 0, contrast: 0, saturation: 0, hue: 0 };
    expect(() => drawJitter({ ...limits, hue: 0.6 }, new Random(0))).toThrow(
      'expected hue of at least 0 and at most 0.5, got 0.6',
    );
    expect(() => drawJitter({ ...limits, contrast: -1 }, new Random(0))).toThrow('expected contrast of at least 0, got -1');
  });
});

describe('augmentPicture', () => {
  it('refuses augmentations that contradict themselves', () => {
    const view = (augmentation: PictureAugmentation) => () => augmentPicture(gradients(9, 9), augmentation, new Random(0));
    expect(view({ ...plain, scale: [0.5, 0.2] })).toThrow(
      'expected scale as [lowest, highest] with 0 < lowest <= highest <= 1, got [0.5, 0.2]',
    );
    expect(view({ ...plain, ratio: [0, 1] })).toThrow('expected ratio as [lowest, highest]');
    expect(view({ ...pictureAugmentations.lvsCrop, resized: { shortSide: 100 } })).toThrow(
      '224 pixels cannot be cut from a side of 100',
    );
  });
});
