/** The deterministic operations against Pillow and torchvision, the random crop against torchvision's distribution. */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { gaussianBlur } from '../../src/features/augment/blur.js';
import { boxBlur } from '../../src/features/augment/boxBlur.js';
import { adjustBrightness, adjustContrast, adjustSaturation, toGrayscale } from '../../src/features/augment/colour.js';
import { drawResizedCrop, flipFrame } from '../../src/features/augment/crop.js';
import { adjustHue } from '../../src/features/augment/hue.js';
import type { Frame } from '../../src/media/types.js';
import { Random } from '../../src/random.js';
import { colours, copyOf, gradients, sha256 } from './augment-pictures.js';

type Quantity = 'x' | 'y' | 'width' | 'height' | 'area' | 'logRatio';
interface Golden {
  operations: { picture: 'colours' | 'gradients' | 'pixel'; operation: keyof typeof operations; value: number; sha256: string }[];
  blurs: { radius: number; sigma: number; rgb: string }[];
  cropDraws: number;
  crops: {
    frame: [number, number];
    scale: [number, number];
    ratio: [number, number];
    mean: Record<Quantity, number>;
    std: Record<Quantity, number>;
  }[];
}

const operations = {
  brightness: ({ rgb }: Frame, factor: number) => adjustBrightness(rgb, factor),
  contrast: ({ rgb }: Frame, factor: number) => adjustContrast(rgb, factor),
  saturation: ({ rgb }: Frame, factor: number) => adjustSaturation(rgb, factor),
  hue: ({ rgb }: Frame, shift: number) => adjustHue(rgb, shift),
  grayscale: ({ rgb }: Frame) => toGrayscale(rgb),
  flip: (frame: Frame) => flipFrame(frame),
  boxBlur,
};
const pictures = { colours: colours(), gradients: gradients(61, 47), pixel: gradients(1, 1) };
const golden = JSON.parse(readFileSync(new URL('../golden/augment.json', import.meta.url), 'utf8')) as Golden;

describe('operations on pictures equal Pillow byte for byte', () => {
  it.each(Object.keys(operations) as (keyof typeof operations)[])('%s', (operation) => {
    const cases = golden.operations.filter((c) => c.operation === operation);
    expect(cases.length).toBeGreaterThanOrEqual(3);
    for (const { picture, value, sha256: expected } of cases) {
      const frame = copyOf(pictures[picture]);
      operations[operation](frame, value);
      expect(sha256(frame.rgb), `${operation} ${value} of ${picture}`).toBe(expected);
    }
  });
});

describe('gaussianBlur', () => {
  const frame = gradients(33, 26);

  it.each(golden.blurs)(
    'is torchvision gaussian_blur to the nearest level: radius $radius, sigma $sigma',
    ({ radius, sigma, rgb }) => {
      const expected = Buffer.from(rgb, 'base64');
      const found = gaussianBlur(frame, sigma, radius).rgb;
      const differences = found.map((v, i) => Math.abs(v - expected[i]!));
      expect(Math.max(...differences)).toBeLessThanOrEqual(1);
      // Only sums within float32 rounding, or the weight beyond 4 sigma, of a half.
      expect(differences.filter((d) => d > 0).length).toBeLessThan(0.01 * found.length);
    },
  );
});

describe('drawResizedCrop', () => {
  it.each(golden.crops)(
    'is distributed as in torchvision: $frame, scale $scale, ratio $ratio',
    ({ frame: [width, height], scale, ratio, mean, std }) => {
      const random = new Random(1, 'crops', width);
      const draws = 50_000;
      const values = { x: [], y: [], width: [], height: [], area: [], logRatio: [] } as Record<Quantity, number[]>;
      for (let i = 0; i < draws; i++) {
        const [x0, y0, x1, y1] = drawResizedCrop(width, height, scale, ratio, random);
        values.x.push(x0);
        values.y.push(y0);
        values.width.push(x1 - x0);
        values.height.push(y1 - y0);
        values.area.push(((x1 - x0) * (y1 - y0)) / (width * height));
        values.logRatio.push(Math.log((x1 - x0) / (y1 - y0)));
      }
      for (const quantity of Object.keys(values) as Quantity[]) {
        const found = values[quantity].reduce((a, b) => a + b) / draws;
        const foundStd = Math.sqrt(values[quantity].reduce((a, b) => a + (b - found) ** 2, 0) / draws);
        // Five standard errors of the difference of two sample means.
        const error = 5 * std[quantity] * Math.sqrt(1 / draws + 1 / golden.cropDraws);
        expect(Math.abs(found - mean[quantity]), `mean ${quantity}`).toBeLessThanOrEqual(error + 1e-6 * Math.abs(mean[quantity]));
        expect(Math.abs(foundStd - std[quantity]), `std ${quantity}`).toBeLessThanOrEqual(0.02 * std[quantity] + 1e-6);
      }
    },
  );
});
