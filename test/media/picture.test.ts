/** Pictures of every kind: against Pillow, upright, from files of any name, and written and read back. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { encodeJpeg, encodePng, readPicture } from '../../src/media/picture.js';
import type { Frame } from '../../src/media/types.js';
import { pillow, smooth } from './pictures.js';

describe('readPicture gives the bytes of Pillow for', () => {
  it.each(pillow.map((kind) => [kind.name, kind] as const))('%s', async (_, { file, width, height, rgb }) => {
    const frame = await readPicture(file);
    expect([frame.width, frame.height]).toEqual([width, height]);
    expect(Buffer.from(frame.rgb).equals(rgb)).toBe(true);
  });
});

/** Where pixel (x, y) of the upright picture lies in a file of that EXIF orientation; `w` and `h` are the file's. */
const inFile: Record<number, (x: number, y: number, w: number, h: number) => [number, number]> = {
  1: (x, y) => [x, y],
  2: (x, y, w) => [w - 1 - x, y],
  3: (x, y, w, h) => [w - 1 - x, h - 1 - y],
  4: (x, y, _, h) => [x, h - 1 - y],
  5: (x, y) => [y, x],
  6: (x, y, _, h) => [y, h - 1 - x],
  7: (x, y, w, h) => [w - 1 - y, h - 1 - x],
  8: (x, y, w) => [w - 1 - y, x],
};

describe.each(['jpeg', 'png', 'webp'] as const)('a rotation in the EXIF data of %s', (format) => {
  it.each([1, 2, 3, 4, 5, 6, 7, 8])('is applied: %i', async (orientation) => {
    const { width: w, height: h, rgb } = smooth(24, 16);
    const file = sharp(rgb, { raw: { width: w, height: h, channels: 3 } }).toFormat(format, { lossless: true });
    const stored = await readPicture(await file.toBuffer());
    const upright = await readPicture(await file.withMetadata({ orientation }).toBuffer());
    expect([upright.width, upright.height]).toEqual(orientation < 5 ? [w, h] : [h, w]);
    for (let y = 0; y < upright.height; y++)
      for (let x = 0; x < upright.width; x++) {
        const [fx, fy] = inFile[orientation]!(x, y, w, h);
        expect(pixel(upright, x, y)).toEqual(pixel(stored, fx, fy));
      }
  });
});

const pixel = ({ rgb, width }: Frame, x: number, y: number) => [...rgb.subarray(3 * (y * width + x), 3 * (y * width + x) + 3)];

describe('readPicture', () => {
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'picture-'));
  });
  afterAll(() => rm(folder, { recursive: true }));

  it('goes by the content, not by the name', async () => {
    const frame = smooth(20, 10);
    const path = join(folder, 'png.jpg');
    await writeFile(path, await encodePng(frame));
    expect(await readPicture(path)).toEqual(frame);
  });

  it('takes the upper 8 of 16 bits of grey', async () => {
    const deep = Uint16Array.from({ length: 256 }, (_, i) => i * 257 - (i % 3 === 2 ? 200 : 0));
    const file = sharp(deep, { raw: { width: 16, height: 16, channels: 1 } })
      .toColourspace('grey16')
      .png();
    const { rgb } = await readPicture(await file.toBuffer());
    expect([...rgb]).toEqual([...deep].flatMap((v) => [v >> 8, v >> 8, v >> 8]));
  });

  it('reads AVIF of 8 bits, close to what was written', async () => {
    const { width, height, rgb } = smooth(40, 30);
    const avif = await sharp(rgb, { raw: { width, height, channels: 3 } })
      .avif({ quality: 90, chromaSubsampling: '4:4:4' })
      .toBuffer();
    const frame = await readPicture(avif);
    expect([frame.width, frame.height]).toEqual([width, height]);
    expect(meanDifference(frame.rgb, rgb)).toBeLessThan(2);
  });

  it.each(['png', 'webp'] as const)('ignores the colour profile of %s', async (format) => {
    const { width, height, rgb } = smooth(20, 10);
    const tagged = sharp(rgb, { raw: { width, height, channels: 3 } })
      .withIccProfile('p3')
      .toFormat(format, { lossless: true });
    const file = await tagged.toBuffer();
    const untagged = await sharp(file, { ignoreIcc: true }).toFormat(format, { lossless: true }).toBuffer();
    expect((await sharp(file).raw().toBuffer()).equals(await sharp(untagged).raw().toBuffer())).toBe(false);
    expect(await readPicture(file)).toEqual(await readPicture(untagged));
  });

  it('reads interlaced PNG', async () => {
    const frame = smooth(33, 21);
    const png = await sharp(frame.rgb, { raw: { width: 33, height: 21, channels: 3 } })
      .png({ progressive: true })
      .toBuffer();
    expect(await readPicture(png)).toEqual(frame);
  });

  it('shows the transparent pixels of a GIF black, the others as they are', async () => {
    const rgba = Uint8Array.of(200, 100, 50, 255, 200, 100, 50, 0);
    const gif = await sharp(rgba, { raw: { width: 2, height: 1, channels: 4 } })
      .gif()
      .toBuffer();
    expect([...(await readPicture(gif)).rgb]).toEqual([200, 100, 50, 0, 0, 0]);
  });
});

const meanDifference = (a: Uint8Array, b: Uint8Array) => a.reduce((sum, v, i) => sum + Math.abs(v - b[i]!), 0) / a.length;

const frames = fc
  .tuple(fc.integer({ min: 1, max: 40 }), fc.integer({ min: 1, max: 40 }))
  .chain(([width, height]) =>
    fc.uint8Array({ minLength: 3 * width * height, maxLength: 3 * width * height }).map((rgb) => ({ width, height, rgb })),
  );

describe('what is written', () => {
  it('is read back exactly from PNG', async () => {
    await fc.assert(
      fc.asyncProperty(frames, async (frame) => {
        expect(await readPicture(await encodePng(frame))).toEqual(frame);
      }),
      { numRuns: 30 },
    );
  });

  it('is read back closely from JPEG, closer with better quality and with all the colour', async () => {
    const frame = smooth(80, 60);
    const off = async (options?: Parameters<typeof encodeJpeg>[1]) =>
      meanDifference((await readPicture(await encodeJpeg(frame, options))).rgb, frame.rgb);
    const [plain, low, whole] = await Promise.all([off(), off({ quality: 20 }), off({ chroma: '4:4:4' })]);
    expect(plain).toBeLessThan(3);
    expect(low).toBeGreaterThan(1.5 * plain);
    expect(whole).toBeLessThan(plain);
  });

  it('must have as many bytes as the size says', () => {
    const frame = { width: 2, height: 2, rgb: new Uint8Array(11) };
    expect(() => encodePng(frame)).toThrow(/2 x 2 has 12 bytes, this one 11/);
    expect(() => encodeJpeg(frame)).toThrow(RangeError);
  });
});
