import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { normalizeFrame, resizeFrame, resizeTensor } from '../../src/features/kernels/index.js';
import type { Box } from '../../src/features/spec.js';
import type { Frame } from '../../src/media/types.js';
import { picture } from './kernels-frames.js';

interface Case {
  from: [number, number];
  to: [number, number];
  kernel: 'bilinear' | 'bicubic';
  contrast: boolean;
}
type PillowCase = Case & { crop: Box | null; base64?: string; sha256?: string };
type TensorCase = Case & { step: number; values: number[] };

const golden = <C>(name: string): C[] =>
  JSON.parse(readFileSync(new URL(`../golden/${name}.json`, import.meta.url), 'utf8')).cases;
const title = ({ from, to, kernel, contrast }: Case) =>
  `${from.join('x')} to ${to.join('x')}, ${kernel}${contrast ? ', black and white' : ''}`;

describe('resizeFrame', () => {
  for (const c of golden<PillowCase>('pillow'))
    it(`equals Pillow: ${title(c)}${c.crop ? ` of [${c.crop}]` : ''}`, () => {
      const resized = resizeFrame(picture(...c.from, c.contrast), ...c.to, c.kernel, c.crop ?? undefined);
      expect([resized.width, resized.height, resized.rgb.length]).toEqual([...c.to, 3 * c.to[0] * c.to[1]]);
      if (c.base64) expect(Buffer.from(resized.rgb).toString('base64')).toBe(c.base64);
      else expect(createHash('sha256').update(resized.rgb).digest('hex')).toBe(c.sha256);
    });

  it('does not touch the picture', () => {
    const frame = picture(9, 8);
    const before = frame.rgb.slice();
    for (const size of [9, 4]) resizeFrame(frame, size, 8, 'bicubic').rgb.fill(7);
    expect(frame.rgb).toEqual(before);
  });

  it('refuses sizes and crops that make no sense', () => {
    const frame = picture(9, 8);
    for (const size of [0, -3, 2.5, Number.NaN, 2 ** 20])
      expect(() => resizeFrame(frame, size, 8, 'bilinear')).toThrow(`whole numbers from 1 to 65536, got ${size}x8`);
    expect(() => resizeFrame(frame, 65536, 65536, 'bilinear')).toThrow(RangeError);
    const crops: Box[] = [
      [0, 0, 10, 8],
      [-1, 0, 5, 5],
      [4, 4, 4, 6],
      [5, 5, 3, 6],
      [0, 0, 1.5, 2],
      [0, 0, Number.NaN, 2],
    ];
    for (const crop of crops)
      expect(() => resizeFrame(frame, 4, 4, 'bilinear', crop)).toThrow(`a part of the 9x8 frame, got [${crop}]`);
    expect(() => resizeFrame({ ...frame, rgb: frame.rgb.subarray(1) }, 4, 4, 'bilinear')).toThrow('9x8 pixels');
  });
});

describe('resizeTensor', () => {
  for (const c of golden<TensorCase>('tensorResize'))
    it(`equals torchvision: ${title(c)}`, () => {
      const resized = resizeTensor(picture(...c.from, c.contrast), ...c.to, c.kernel);
      expect(resized.length).toBe(3 * c.to[0] * c.to[1]);
      const worst = Math.max(...c.values.map((v, i) => Math.abs(v - resized[i * c.step]!)));
      expect(worst).toBeLessThan(1e-6);
    });

  it('refuses sizes that make no sense', () => {
    const frame = picture(9, 8);
    expect(() => resizeTensor(frame, 8, 0, 'bilinear')).toThrow('whole numbers from 1 to 65536, got 8x0');
    expect(() => resizeTensor(frame, 65536, 65536, 'bilinear')).toThrow(RangeError);
    expect(() => resizeTensor({ ...frame, width: 0 }, 4, 4, 'bilinear')).toThrow('this one is 0x8');
    const thin = { width: 70000, height: 1, rgb: new Uint8Array(210000) };
    expect(() => resizeTensor(thin, 4, 4, 'bilinear')).toThrow('1 to 65536 pixels, this one is 70000x1');
  });
});

describe('normalizeFrame', () => {
  const mean = [0.485, 0.456, 0.406] as const;
  const std = [0.229, 0.224, 0.225] as const;
  const expected = ({ width, height, rgb }: Frame) =>
    Float32Array.from({ length: rgb.length }, (_, i) => {
      const [c, pixel] = [Math.floor(i / (width * height)), i % (width * height)];
      return (rgb[3 * pixel + c]! / 255 - mean[c]!) / std[c]!;
    });

  it('computes (x / 255 - mean) / std in planes, of any number of pixels', () => {
    for (const [width, height] of [
      [1, 1],
      [3, 1],
      [5, 7],
      [16, 16],
      [31, 33],
      [224, 224],
    ] as const) {
      const frame = picture(width, height);
      const out = new Float32Array(3 * width * height).fill(Number.NaN);
      expect(normalizeFrame(frame, mean, std, out)).toBe(out);
      const reference = expected(frame);
      expect(out.findIndex((v, i) => !(Math.abs(v - reference[i]!) <= 1e-6))).toBe(-1);
      expect(normalizeFrame(frame, mean, std)).toEqual(out);
    }
  });

  it('refuses what does not fit', () => {
    const frame = picture(4, 3);
    expect(() => normalizeFrame(frame, mean, std, new Float32Array(35))).toThrow('3 * 3 * 4 = 36 numbers, it holds 35');
    expect(() => normalizeFrame(frame, mean, [1, 0, 1])).toThrow('std must be positive, got [1,0,1]');
    expect(() => normalizeFrame({ ...frame, height: 4 }, mean, std)).toThrow('4x4 pixels');
  });
});
