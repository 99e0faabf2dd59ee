/** Pictures in a real browser: what Pillow and the Node side read, and the same refusals. */
import { crc32 } from 'node:zlib';
import type { JSHandle } from 'playwright-core';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { encodePng, readPicture } from '../../src/media/picture.js';
import { type Frame, MediaError, type MediaProblem } from '../../src/media/types.js';
import type * as Web from '../../src/media/web/index.js';
import { findBrowser, startBrowser, type TestBrowser } from '../browser/browser.js';
import { pillow, smooth } from './pictures.js';

type Read = Frame | MediaProblem;

const worst = (a: ArrayLike<number>, b: ArrayLike<number>) =>
  Array.from(a).reduce((most, v, i) => Math.max(most, Math.abs(v - b[i]!)), a.length === b.length ? 0 : Infinity);

const onNode = (bytes: Uint8Array): Promise<Read> =>
  readPicture(bytes).catch((error: unknown) => {
    if (error instanceof MediaError) return error.problem;
    throw error;
  });

/** A PNG file that announces more than it holds. */
function hugePng(width: number, height: number): Uint8Array {
  const chunk = (name: string, data: Buffer) => {
    const body = Buffer.concat([Buffer.from(name), data]);
    const framed = Buffer.alloc(body.length + 8);
    framed.writeUInt32BE(data.length);
    body.copy(framed, 4);
    framed.writeUInt32BE(crc32(body), body.length + 4);
    return framed;
  };
  const header = Buffer.from([0, 0, 0, 0, 0, 0, 0, 0, 8, 2, 0, 0, 0]);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  const signature = Buffer.from('\x89PNG\r\n\x1a\n', 'latin1');
  return Buffer.concat([signature, chunk('IHDR', header), chunk('IDAT', Buffer.alloc(10)), chunk('IEND', Buffer.alloc(0))]);
}

const frame = smooth(90, 70);
const picture = () => sharp(frame.rgb, { raw: { width: 90, height: 70, channels: 3 } });
const files = {
  jpeg: () => picture().jpeg().toBuffer(),
  'progressive jpeg': () => picture().jpeg({ progressive: true }).toBuffer(),
  png: () => encodePng(frame),
  'interlaced png': () => picture().png({ progressive: true }).toBuffer(),
  webp: () => picture().webp().toBuffer(),
  'lossless webp': () => picture().webp({ lossless: true }).toBuffer(),
  gif: () => picture().gif().toBuffer(),
  avif: () => picture().avif({ effort: 0 }).toBuffer(),
};

describe.skipIf(!findBrowser())('pictures in a browser', () => {
  let browser: TestBrowser;
  let media: JSHandle<typeof Web>;
  beforeAll(async () => {
    browser = await startBrowser();
    media = await browser.load('earshot/media');
  });
  afterAll(() => browser?.close());

  /** The frame, or what is wrong; anything but a MediaError of one line fails. */
  const read = (bytes: Uint8Array, limits?: Web.MediaLimits): Promise<Read> =>
    media.evaluate(
      async ({ readPicture, MediaError }, { bytes, limits }) => {
        try {
          return await readPicture(bytes, { limits });
        } catch (error) {
          if (!(error instanceof MediaError) || error.message.includes('\n')) throw error;
          return error.problem;
        }
      },
      { bytes: new Uint8Array(bytes), limits },
    );

  it.each(pillow)('are those of Pillow: $name', async ({ name, file, width, height, rgb }) => {
    const found = await read(file);
    if (typeof found === 'string') return expect(found).toBe('a frame');
    expect([found.width, found.height]).toEqual([width, height]);
    // Chromium multiplies inks in another order, which rounds differently.
    expect(worst(found.rgb, rgb)).toBeLessThanOrEqual(/CMYK|YCCK/.test(name) ? 1 : 0);
  });

  it.each(Object.entries(files))('are those of Node: %s', async (name, make) => {
    const file = await make();
    const expected = await readPicture(file);
    const found = (await read(file)) as Frame;
    expect([found.width, found.height]).toEqual([90, 70]);
    expect(worst(found.rgb, expected.rgb)).toBeLessThanOrEqual(name === 'avif' ? 1 : 0);
  });

  it.each([1, 2, 3, 4, 5, 6, 7, 8])('are upright: orientation %i', async (orientation) => {
    for (const kind of ['jpeg', 'png', 'webp', 'avif'] as const) {
      const lossless = kind === 'webp' ? { lossless: true } : {};
      const file = await picture().withMetadata({ orientation })[kind](lossless).toBuffer();
      const expected = await readPicture(file);
      const found = (await read(file)) as Frame;
      expect([kind, found.width, found.height]).toEqual([kind, expected.width, expected.height]);
      expect(worst(found.rgb, expected.rgb)).toBeLessThanOrEqual(kind === 'avif' ? 1 : 0);
    }
  });

  it.each(Object.entries(files))('cut off are refused, or the whole picture, as on Node: %s', async (_, make) => {
    const whole = await make();
    const ends = [
      4,
      12,
      ...Array.from({ length: 12 }, (_, i) => 16 + Math.floor((i * (whole.length - 16)) / 12)),
      whole.length - 1,
    ];
    for (const end of ends) {
      const [expected, found] = [await onNode(whole.subarray(0, end)), await read(whole.subarray(0, end))];
      if (typeof expected === 'string' || typeof found === 'string')
        expect(found, `${end} of ${whole.length} bytes`).toEqual(expected);
    }
  });

  it.each<[string, Uint8Array]>([
    ['nothing', new Uint8Array(0)],
    ['text', new TextEncoder().encode('not a picture at all, only words')],
    ['a sound', new TextEncoder().encode('RIFF....WAVEfmt ')],
    ['a video', Uint8Array.of(0x1a, 0x45, 0xdf, 0xa3, 1, 2, 3)],
    ['a header of 10^9 pixels', hugePng(40_000, 25_000)],
  ])('are refused for the same reason as on Node: %s', async (_, bytes) => {
    const found = await read(bytes);
    expect(found).toBeTypeOf('string');
    expect(found).toBe(await onNode(bytes));
  });

  it.each<[keyof typeof files, string, ...number[]]>([
    ['jpeg', '\xff\xc0\x00\x11\x08', 0xff, 0, 0xff, 0],
    ['progressive jpeg', '\xff\xc2\x00\x11\x08', 0xff, 0, 0xff, 0],
    ['webp', '\x9d\x01\x2a', 0xff, 0x3f, 0xff, 0x3f],
    ['gif', 'GIF89a', 0xff, 0xff, 0xff, 0xff],
    ['avif', 'ispe\0\0\0\0', 0, 0, 0xff, 0, 0, 0, 0xff, 0],
  ])('that announce 10^9 pixels are refused as too large: %s', async (name, before, ...bytes) => {
    const file = Buffer.from(await files[name]());
    file.set(bytes, file.indexOf(before, 0, 'latin1') + before.length);
    expect(await read(file)).toBe('tooLarge');
  });

  it.each(Object.entries(files))('beyond the limit of pixels are refused before they are decoded: %s', async (_, make) => {
    expect(await read(await make(), { maxPixels: 90 * 70 - 1 })).toBe('tooLarge');
    expect(await read(await make(), { maxPixels: 90 * 70 })).not.toBe('tooLarge');
  });

  it('come from addresses, files and blobs', async () => {
    const address = browser.server.put('picture.png', await encodePng(frame));
    const found = await media.evaluate(async ({ readPicture, MediaError }, address) => {
      const blob = await (await fetch(address)).blob();
      const frames = await Promise.all([address, blob, new File([blob], 'a.png')].map((source) => readPicture(source)));
      const missing = await readPicture(`${address}.not`).catch((error) => error instanceof MediaError && error.message);
      return { same: frames.map(({ rgb }) => rgb), missing };
    }, address);
    for (const rgb of found.same) expect(worst(rgb, frame.rgb)).toBe(0);
    expect(found.missing).toBe(`${address}.not: cannot be fetched (404 Not Found)`);
  });

  it('are written: PNG exactly, JPEG as far as its quality goes', async () => {
    const [png, fine, coarse] = await media.evaluate(
      async ({ encodePng, encodeJpeg }, frame) => [
        await encodePng(frame),
        await encodeJpeg(frame),
        await encodeJpeg(frame, { quality: 20 }),
      ],
      { ...frame, rgb: new Uint8Array(frame.rgb) },
    );
    expect(worst((await readPicture(png!)).rgb, frame.rgb)).toBe(0);
    expect(worst((await readPicture(fine!)).rgb, frame.rgb)).toBeLessThan(25);
    expect(coarse!.length).toBeLessThan(fine!.length / 2);
    const wrong = media.evaluate(({ encodePng }) => encodePng({ width: 2, height: 2, rgb: new Uint8Array(11) }));
    await expect(wrong).rejects.toThrow('a frame of 2 x 2 has 12 bytes, this one 11');
  });
});
