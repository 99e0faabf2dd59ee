import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fitOf, placementOf } from '../../src/features/fit.js';
import { normalizedPicture, pictureTensor } from '../../src/features/picture.js';
import { placeBox } from '../../src/features/placement.js';
import { picturePresets } from '../../src/features/presets.js';
import type { PictureSpec } from '../../src/features/spec.js';
import { input, interpret, lowerNchw, lowerRows } from '../../src/graph/index.js';
import type { Frame } from '../../src/media/types.js';
import { float32 } from '../../src/tensor.js';
import { golden } from '../graph/golden.js';
import { runLowered } from '../graph/run-lowered.js';
import { type Digest, expectDigest, syntheticPicture } from './synthetic.js';

const { pictures, crops } = golden<{
  pictures: { preset: keyof typeof picturePresets; width: number; height: number; tensor: Digest }[];
  crops: { width: number; left: number }[];
}>('preprocessing');

const tensorOf = (frame: Frame, spec: PictureSpec) => {
  const data = new Float32Array(3 * spec.size ** 2);
  const placement = pictureTensor(frame, spec, data);
  return { tensor: float32([1, 3, spec.size, spec.size], data), placement };
};

/** Planes [1, 3, H, W] of whole levels. */
const planesOf = ({ width, height, rgb }: Frame) =>
  float32(
    [1, 3, height, width],
    Float32Array.from(rgb, (_, i) => rgb[3 * (i % (width * height)) + Math.floor(i / (width * height))]!),
  );

describe('picture presets agree with torchvision', () => {
  it.each(pictures)('$preset on $width x $height', ({ preset, width, height, tensor }) => {
    const spec: PictureSpec = picturePresets[preset];
    const { data } = tensorOf(syntheticPicture(width, height), spec).tensor;
    // One of 255 levels is 0.017 here, and no level is off. On tensors PyTorch's coordinates are float32: 3e-5 of a pixel at 500.
    expectDigest({ shape: [3, spec.size, spec.size], data }, tensor, spec.resize === 'pillow' ? 1e-6 : 1e-4);
  });
  it.each(crops)('CenterCrop of $width columns begins at $left', ({ width, left }) => {
    expect(fitOf(width, 224, picturePresets.lvs).crop).toEqual([left, 0, left + 224, 224]);
    expect(fitOf(224, width, picturePresets.lvs).crop).toEqual([0, left, 224, left + 224]);
  });
});

describe('normalizedPicture', () => {
  const small = (spec: PictureSpec): PictureSpec => ({
    ...spec,
    size: 24,
    fit: spec.fit === 'squash' ? 'squash' : { shortSide: 27 },
  });
  // No preset cuts what was resized as a tensor, but a spec may.
  const tensorCrop: PictureSpec = { ...picturePresets.lvs, name: 'tensor, cut', resize: 'tensor' };
  const cases = [...Object.values(picturePresets), tensorCrop].flatMap((preset) =>
    [
      [41, 29],
      [24, 24],
      [10, 33],
      [27, 27],
    ].map(([width, height]) => ({ spec: small(preset), width: width!, height: height! })),
  );
  it.each(cases)('agrees with pictureTensor: $spec.name on $width x $height', async ({ spec, width, height }) => {
    const frame = syntheticPicture(width, height);
    const expected = tensorOf(frame, spec).tensor;
    const x = planesOf(frame);
    const graph = { outputs: { y: normalizedPicture(input('x', x.shape), spec) } };
    const run = { feeds: { x }, parameters: {}, masks: {} };
    // As the presets against torchvision: levels are the same, bilinear and bicubic sums on tensors nearly.
    const results = [interpret(graph, { x }), await runLowered(lowerNchw(graph), run), await runLowered(lowerRows(graph), run)];
    for (const { y } of results) {
      expect(y!.shape).toEqual(expected.shape);
      const worst = expected.data.reduce((most, value, i) => Math.max(most, Math.abs(y!.data[i]! - value)), 0);
      expect(worst).toBeLessThan(spec.resize === 'pillow' ? 1e-6 : 1e-4);
    }
  });
  it.each(['bilinear', 'bicubic'] as const)('keeps every level of a photograph that shrinks forty-fold: %s', async (kernel) => {
    const spec: PictureSpec = { ...picturePresets.laptop, size: 16, kernel };
    const frame = syntheticPicture(640, 480);
    const x = planesOf(frame);
    const graph = { outputs: { y: normalizedPicture(input('x', x.shape), spec) } };
    const { y } = await runLowered(lowerNchw(graph), { feeds: { x }, parameters: {}, masks: {} });
    const { data } = tensorOf(frame, spec).tensor;
    expect(data.reduce((most, value, i) => Math.max(most, Math.abs(y!.data[i]! - value)), 0)).toBeLessThan(1e-6);
  });
  it('says what it wants', () => {
    expect(() => normalizedPicture(input('x', [3, 24, 24]), picturePresets.laptop)).toThrow(
      /must be \[batch, 3, height, width\]/,
    );
    expect(() => normalizedPicture(input('x', [1, 1, 24, 24]), picturePresets.laptop)).toThrow(/must be \[batch, 3/);
  });
});

/** A black picture with a white rectangle. */
function withRectangle(width: number, height: number, [x0, y0, x1, y1]: readonly number[]): Frame {
  const rgb = new Uint8Array(3 * width * height);
  for (let y = y0!; y < y1!; y++) rgb.fill(255, 3 * (y * width + x0!), 3 * (y * width + x1!));
  return { width, height, rgb };
}

describe('boxes follow', () => {
  it.each(Object.values(picturePresets))('what $name does to a rectangle', (spec) => {
    fc.assert(
      fc.property(
        fc.record({ width: fc.integer({ min: 120, max: 400 }), height: fc.integer({ min: 120, max: 400 }) }),
        fc.tuple(...[0, 1, 2, 3].map(() => fc.double({ min: 0, max: 1, noNaN: true }))),
        ({ width, height }, [a, b, c, d]) => {
          const along = (side: number, from: number, length: number) => {
            const first = Math.floor(from * side * 0.7);
            return [first, first + Math.ceil(side * (0.1 + 0.2 * length))] as const;
          };
          const [x0, x1] = along(width, a!, b!);
          const [y0, y1] = along(height, c!, d!);
          const { tensor, placement } = tensorOf(withRectangle(width, height, [x0, y0, x1, y1]), spec);
          const [left, top, right, bottom] = placeBox([x0, y0, x1, y1], placement);
          // The box's area is the brightness of all pixels together, its centre their centre of gravity.
          const { size } = spec;
          const black = -spec.mean[0] / spec.std[0];
          let [total, atX, atY] = [0, 0, 0];
          for (let i = 0; i < size ** 2; i++) {
            const brightness = (tensor.data[i]! - black) * spec.std[0];
            total += brightness;
            atX += brightness * ((i % size) + 0.5);
            atY += brightness * (Math.floor(i / size) + 0.5);
          }
          const area = (right - left) * (bottom - top);
          expect(Math.abs(total - area)).toBeLessThan(0.05 * area + 2 * (right - left + bottom - top) + 1);
          if (area < 100) return;
          expect(Math.abs(atX / total - (left + right) / 2)).toBeLessThan(1);
          expect(Math.abs(atY / total - (top + bottom) / 2)).toBeLessThan(1);
        },
      ),
      { numRuns: 10 },
    );
  });
});

describe('pictures that do not fit', () => {
  it('are refused with what was expected', () => {
    const frame = syntheticPicture(30, 20);
    expect(() => pictureTensor(frame, picturePresets.lvs, new Float32Array(10))).toThrow(
      /'lvs' makes 3 x 224 x 224 values, the array holds 10/,
    );
    expect(() => placementOf(1, 65, picturePresets.lvs)).toThrow(/at most 64 times as long as wide .* is 1 x 65/);
    expect(() => placementOf(0, 5, picturePresets.avin)).toThrow(/positive sides, it is 0 x 5/);
    const spec = { ...picturePresets.lvs, fit: { shortSide: 200 } };
    expect(() => placementOf(5, 5, spec)).toThrow(/a short side of 200 pixels leaves no square of 224/);
  });
  it('are only those: a single pixel and a long line do', () => {
    for (const spec of Object.values(picturePresets)) {
      const grey = (width: number, height: number) => ({ width, height, rgb: new Uint8Array(3 * width * height).fill(100) });
      for (const frame of [grey(1, 1), grey(64, 1), grey(3, 190)]) {
        const { data } = tensorOf(frame, spec).tensor;
        for (const [c, mean] of spec.mean.entries()) {
          const plane = data.subarray(c * spec.size ** 2, (c + 1) * spec.size ** 2);
          const worst = plane.reduce((most, v) => Math.max(most, Math.abs(v - (100 / 255 - mean) / spec.std[c]!)), 0);
          expect(worst).toBeLessThan(1e-5);
        }
      }
    }
  });
});
