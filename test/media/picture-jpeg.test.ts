/** The quick way for JPEGs: which ones take it, and that it makes no difference to the pixels. */
import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import { decodeSmallJpeg, readJpegHeader } from '../../src/media/jpeg.js';
import { encodeJpeg } from '../../src/media/picture.js';
import { pillow, smooth } from './pictures.js';

const jpegs = pillow.filter(({ name }) => name.endsWith('.jpg'));
const slow = (name: string) => /progressive|CMYK|YCCK/.test(name);
const viaSharp = (file: Uint8Array) => sharp(file, { ignoreIcc: true, failOn: 'warning' }).toColourspace('srgb').raw().toBuffer();

async function quick(file: Uint8Array) {
  const header = readJpegHeader(file);
  return header && decodeSmallJpeg(file, header);
}

describe('the quick decoder', () => {
  it.each(jpegs.filter(({ name }) => !slow(name)).map((kind) => [kind.name, kind.file] as const))(
    'gives the bytes of sharp for %s',
    async (_, file) => {
      const frame = await quick(file);
      expect(frame).toBeDefined();
      expect(Buffer.from(frame!.rgb).equals(await viaSharp(file))).toBe(true);
    },
  );

  it.each([
    [64, 64, '4:2:0'],
    [224, 224, '4:2:0'],
    [223, 225, '4:4:4'],
    [320, 240, '4:2:0'],
  ] as const)('gives the bytes of sharp at %i x %i', async (width, height, chroma) => {
    const file = await encodeJpeg(smooth(width, height), { chroma });
    const frame = await quick(file);
    expect([frame?.width, frame?.height]).toEqual([width, height]);
    expect(Buffer.from(frame!.rgb).equals(await viaSharp(file))).toBe(true);
  });

  it.each(jpegs.filter(({ name }) => slow(name)).map((kind) => [kind.name, kind.file] as const))(
    'leaves %s to sharp',
    async (_, file) => {
      expect(await quick(file)).toBeUndefined();
    },
  );

  it('leaves large pictures, files with EXIF data and files much longer than the picture needs to sharp', async () => {
    const small = await encodeJpeg(smooth(64, 64));
    expect(await quick(small)).toBeDefined();
    expect(await quick(await encodeJpeg(smooth(640, 480)))).toBeUndefined();
    expect(await quick(await sharp(small).withMetadata({ orientation: 6 }).jpeg().toBuffer())).toBeUndefined();
    expect(await quick(Buffer.concat([small, Buffer.alloc(2 ** 20)]))).toBeUndefined();
  });

  it('goes on after damaged files, also when many are under way', async () => {
    const whole = await encodeJpeg(smooth(64, 64));
    const expected = await viaSharp(whole);
    const frames = await Promise.all(Array.from({ length: 600 }, (_, i) => quick(i % 3 === 1 ? whole.subarray(0, 900) : whole)));
    frames.forEach((frame, i) => {
      if (i % 3 === 1) expect(frame).toBeUndefined();
      else expect(expected.equals(frame!.rgb)).toBe(true);
    });
  });
});

describe('readJpegHeader', () => {
  it.each(jpegs.map((kind) => [kind.name, kind] as const))('finds the size of %s', (name, { file, width, height }) => {
    const components = /CMYK|YCCK/.test(name) ? 4 : name === 'grey.jpg' ? 1 : 3;
    expect(readJpegHeader(file)).toEqual({ width, height, components, plain: !/progressive/.test(name) });
  });

  it('finds nothing in a file that ends before the first scan, wherever it ends', () => {
    const { file } = jpegs[0]!;
    const scan = Buffer.from(file).indexOf(Uint8Array.of(0xff, 0xda));
    for (let end = 0; end < scan; end++) expect(readJpegHeader(file.subarray(0, end))).toBeUndefined();
  });

  it('passes over filling bytes, and takes nothing else for a marker', () => {
    const { file } = jpegs[0]!;
    const start = Buffer.from(file.subarray(0, 2));
    const rest = file.subarray(2);
    expect(readJpegHeader(Buffer.concat([start, Uint8Array.of(0xff, 0xff), rest]))).toEqual(readJpegHeader(file));
    expect(readJpegHeader(Buffer.concat([start, Uint8Array.of(0), rest]))).toBeUndefined();
    expect(readJpegHeader(Buffer.concat([start, Uint8Array.of(0xff, 0xe0, 0, 1), rest]))).toBeUndefined();
  });
});
