/** Pictures that are none, are cut off, or want more memory than they may have: each is refused for the right reason. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { crc32, deflateSync } from 'node:zlib';
import sharp from 'sharp';
import { beforeAll, describe, expect, it } from 'vitest';
import { encodeJpeg, encodePng, readPicture } from '../../src/media/picture.js';
import { type Frame, MediaError, type MediaProblem } from '../../src/media/types.js';
import { smooth } from './pictures.js';

/** The frame, or what is wrong; anything but a MediaError of one line fails the test. */
async function read(
  file: Parameters<typeof readPicture>[0],
  options?: Parameters<typeof readPicture>[1],
): Promise<Frame | MediaProblem> {
  try {
    return await readPicture(file, options);
  } catch (error) {
    if (!(error instanceof MediaError)) throw error;
    expect(error.message).not.toContain('\n');
    return error.problem;
  }
}

const frame = smooth(90, 70);
const picture = () => sharp(frame.rgb, { raw: { width: 90, height: 70, channels: 3 } });
const kinds = {
  jpeg: () => encodeJpeg(frame),
  'large jpeg': () => encodeJpeg(smooth(600, 400)),
  'progressive jpeg': () => picture().jpeg({ progressive: true }).toBuffer(),
  png: () => encodePng(frame),
  'interlaced png': () => picture().png({ progressive: true }).toBuffer(),
  webp: () => picture().webp().toBuffer(),
  'lossless webp': () => picture().webp({ lossless: true }).toBuffer(),
  gif: () => picture().gif().toBuffer(),
  avif: () => picture().avif({ effort: 0 }).toBuffer(),
};
type Kind = keyof typeof kinds;

const same = (a: Frame | MediaProblem, b: Frame | MediaProblem) =>
  typeof a === 'string' || typeof b === 'string' ? a === b : a.width === b.width && Buffer.from(a.rgb).equals(b.rgb);

describe('a file cut off', () => {
  it.each(Object.keys(kinds) as Kind[])('is never shown as another picture: %s', async (kind) => {
    const whole = await kinds[kind]();
    const expected = await readPicture(whole);
    const ends = [...Array.from({ length: 40 }, (_, i) => 16 + Math.floor((i * (whole.length - 16)) / 40)), whole.length - 1];
    for (const end of ends) {
      const found = await read(whole.subarray(0, end));
      // A PNG without its last, empty chunk and a GIF without its last byte are complete.
      if (typeof found === 'string' || end < whole.length - 12) expect(found, `${end} of ${whole.length} bytes`).toBe('corrupt');
      else expect(same(found, expected)).toBe(true);
    }
  });

  it('within its first bytes is of no known format', async () => {
    expect(await read((await kinds.png()).subarray(0, 5))).toBe('unsupported');
  });
});

const chunk = (kind: string, data: Uint8Array) => {
  const body = Buffer.concat([Buffer.from(kind), data]);
  const framed = Buffer.alloc(body.length + 8);
  framed.writeUInt32BE(data.length);
  body.copy(framed, 4);
  framed.writeUInt32BE(crc32(body), body.length + 4);
  return framed;
};
const header = (width: number, height: number) => {
  const data = Buffer.from([0, 0, 0, 0, 0, 0, 0, 0, 8, 2, 0, 0, 0]);
  data.writeUInt32BE(width);
  data.writeUInt32BE(height, 4);
  return chunk('IHDR', data);
};
const png = (...chunks: Uint8Array[]) =>
  Buffer.concat([Buffer.from('\x89PNG\r\n\x1a\n', 'latin1'), ...chunks, chunk('IEND', Buffer.alloc(0))]);

/** A copy with bytes replaced; the position may be told by what stands before it. */
function patched(file: Uint8Array, at: number | string, ...bytes: number[]): Uint8Array {
  const copy = Buffer.from(file);
  const start = typeof at === 'number' ? at : copy.indexOf(at, 0, 'latin1') + at.length;
  copy.set(bytes, start);
  return copy;
}

describe('a file that wants too much memory', () => {
  it.each([
    ['PNG', () => png(header(40_000, 40_000), chunk('IDAT', deflateSync(Buffer.alloc(100))))],
    ['JPEG', async () => patched(await kinds.jpeg(), '\xff\xc0\x00\x11\x08', 0xff, 0, 0xff, 0)],
    ['progressive JPEG', async () => patched(await kinds['progressive jpeg'](), '\xff\xc2\x00\x11\x08', 0xff, 0, 0xff, 0)],
    ['WebP', async () => patched(await kinds.webp(), 26, 0xff, 0x3f, 0xff, 0x3f)],
    ['GIF', async () => patched(patched(await kinds.gif(), 6, 0xff, 0xff, 0xff, 0xff), ',\0\0\0\0', 0xff, 0xff, 0xff, 0xff)],
    ['AVIF', async () => patched(await kinds.avif(), 'ispe\0\0\0\0', 0, 0, 0xff, 0, 0, 0, 0xff, 0)],
  ] as const)('by its header is refused before it is decoded: %s', async (_, make) => {
    const file = await make();
    const before = process.resourceUsage().maxRSS;
    expect(await read(file)).toBe('tooLarge');
    expect(process.resourceUsage().maxRSS - before).toBeLessThan(100 * 1024);
  });

  it('by what is packed in it gets the memory of its pixels only', async () => {
    const bomb = deflateSync(Buffer.alloc(2 ** 29));
    const rows = chunk('IDAT', deflateSync(Buffer.alloc(16 * 49)));
    const before = process.resourceUsage().maxRSS;
    const black = { width: 16, height: 16, rgb: new Uint8Array(768) };
    expect(await read(png(header(16, 16), chunk('IDAT', bomb)))).toEqual(black);
    for (const [kind, name] of [
      ['iCCP', 'x\0\0'],
      ['zTXt', 'Comment\0\0'],
    ] as const)
      expect(await read(png(header(16, 16), chunk(kind, Buffer.concat([Buffer.from(name), bomb])), rows))).toEqual(black);
    expect(process.resourceUsage().maxRSS - before).toBeLessThan(100 * 1024);
  });

  it('is measured by the limits given, in whichever way it would be decoded', async () => {
    for (const kind of ['jpeg', 'progressive jpeg', 'png', 'gif'] as const) {
      const file = await kinds[kind]();
      expect(await read(file, { limits: { maxPixels: 90 * 70 - 1 } })).toBe('tooLarge');
      expect(await read(file, { limits: { maxPixels: 0 } })).toBe('tooLarge');
      expect(await read(file, { limits: { maxBytes: file.length - 1 } })).toBe('tooLarge');
      expect(await read(file, { limits: { maxPixels: 90 * 70, maxBytes: file.length } })).toMatchObject({
        width: 90,
        height: 70,
      });
    }
  });
});

describe('what is no picture of a listed format', () => {
  it.each([
    ['nothing', '', 'corrupt'],
    ['text', 'a picture of a cat', 'unsupported'],
    ['SVG', '<svg xmlns="http://www.w3.org/2000/svg" width="5" height="5"/>', 'unsupported'],
    ['TIFF', 'II*\0\x08\0\0\0', 'unsupported'],
    ['PDF', '%PDF-1.7\n', 'unsupported'],
    ['a sound', 'RIFF\x24\0\0\0WAVEfmt ', 'noPicture'],
    ['a video', '\0\0\0\x18ftypisom\0\0\x02\0isomiso2', 'unsupported'],
    ['only the start of a JPEG', '\xff\xd8\xff', 'corrupt'],
  ] as const)('is refused: %s', async (_, text, problem) => {
    expect(await read(Buffer.from(text, 'latin1'))).toBe(problem);
  });

  it('is told what would be accepted', async () => {
    await expect(readPicture(Buffer.from('<svg/>'))).rejects.toThrow(
      /\(6 bytes\): expected a picture \(JPEG, PNG, WebP, AVIF, GIF\)/,
    );
  });
});

describe('of an animation', () => {
  let pages: Buffer[];
  beforeAll(async () => {
    const colours = ['#f00', '#0f0', '#00f'];
    pages = await Promise.all(
      colours.map((background) =>
        sharp({ create: { width: 30, height: 20, channels: 3, background } })
          .png()
          .toBuffer(),
      ),
    );
  });

  it.each(['gif', 'webp'] as const)('the first picture is taken: %s', async (format) => {
    const file = await sharp(pages, { join: { animated: true } })
      .toFormat(format, { lossless: true })
      .toBuffer();
    const { width, height, rgb } = await readPicture(file);
    expect([width, height, ...rgb.subarray(0, 3)]).toEqual([30, 20, 255, 0, 0]);
  });
});

describe('reading', () => {
  it('stops for an aborted signal, with its reason', async () => {
    const reason = new Error('enough');
    await expect(readPicture(await kinds.png(), { signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
  });

  it('of damaged and whole files at once mixes nothing up', async () => {
    const [jpeg, large] = await Promise.all([kinds.jpeg(), kinds['large jpeg']()]);
    const files = [jpeg, jpeg.subarray(0, 1500), await kinds.png(), large, large.subarray(0, 9000)];
    const expected = await Promise.all(files.map((file) => read(file)));
    expect(expected.map((found) => typeof found)).toEqual(['object', 'string', 'object', 'object', 'string']);
    const found = await Promise.all(Array.from({ length: 50 }, (_, i) => read(files[i % files.length]!)));
    found.forEach((result, i) => expect(same(result, expected[i % files.length]!)).toBe(true));
  });

  it('of a damaged file names it', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'picture-'));
    const path = join(folder, 'cut.png');
    await writeFile(path, (await kinds.png()).subarray(0, 400));
    await expect(readPicture(path)).rejects.toThrow(`${path}: the PNG picture is damaged, cut off or of a rare kind (`);
    await rm(folder, { recursive: true });
  });
});
