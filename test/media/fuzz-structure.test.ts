/** What a file's structure says before any of its content is decoded, and that looking at it holds up nobody. */
import { readFile } from 'node:fs/promises';
import { describe, expect, test } from 'vitest';
import { checkComplete } from '../../src/media/completeness.js';
import type { ByteRanges } from '../../src/media/wavHeader.js';
import { readDiscardPadding } from '../../src/media/web/matroska.js';

/** Bytes as a file, with what is read of it counted. */
function fileOf(bytes: Uint8Array): ByteRanges & { reads: number; bytesRead: number } {
  const file = {
    ...{ name: 'film', size: bytes.length, reads: 0, bytesRead: 0 },
    read: async (offset: number, length: number) => {
      expect(offset + length).toBeLessThanOrEqual(bytes.length);
      file.reads++;
      file.bytesRead += length;
      return bytes.subarray(offset, offset + length);
    },
  };
  return file;
}

const big32 = (...values: number[]) => {
  const bytes = Buffer.alloc(4 * values.length);
  values.forEach((value, i) => {
    bytes.writeUInt32BE(value, 4 * i);
  });
  return bytes;
};
const box = (name: string, ...contents: Uint8Array[]) => {
  const content = Buffer.concat(contents);
  return Buffer.concat([big32(content.length + 8), Buffer.from(name), content]);
};
const inside = (names: string, content: Uint8Array) => names.split(' ').reduceRight((inner, name) => box(name, inner), content);

const ftyp = box('ftyp', Buffer.from('isom'), big32(0));
const millions = 12_000_000;
const sizes = box('stsz', big32(0, 1, millions));
const check = (...boxes: Uint8Array[]) => checkComplete(fileOf(Buffer.concat(boxes)));

const tooLarge = { problem: 'tooLarge' };
const corrupt = { problem: 'corrupt' };

describe('the samples of an MP4 are counted', () => {
  const path = 'moov trak mdia minf stbl';
  const described = (fields: number) => box('stsd', big32(0, 1), box('abcd', Buffer.alloc(fields), sizes));
  test.each([
    ['stsz', inside(path, sizes)],
    ['stz2', inside(path, box('stz2', big32(0, 8, millions)))],
    ['trun', inside('moof traf', box('trun', big32(0, millions)))],
    ['in the wrong place', inside('moov udta', sizes)],
    ['at the top', sizes],
    ['behind a box of 64 bits', Buffer.concat([big32(1), Buffer.from('free'), big32(0, 16), inside(path, sizes)])],
    ['in a box that goes on to the end', Buffer.concat([big32(0), Buffer.from('moov'), sizes])],
    ['in a box that is longer than the one around it', box('moov', big32(1000), Buffer.from('trak'), sizes)],
    ['in metadata', inside('moov', box('meta', big32(0), box('hdlr', big32(0, 0, 0)), sizes))],
    ['in what is marked as free', box('free', box('mvhd', Buffer.alloc(8)), sizes)],
    ['in a description of pictures', inside(path, described(78))],
    ['in a description of sound', inside(path, described(28))],
    ['over several tracks', box('moov', ...Array(6).fill(inside('trak mdia minf stbl', box('stsz', big32(0, 1, 2_000_000)))))],
  ])('%s', async (_, film) => {
    await expect(check(ftyp, film)).rejects.toMatchObject(tooLarge);
  });

  test('also of one that does not begin with its type', async () => {
    const moov = inside(path, sizes);
    for (const name of ['free', 'wide', 'skip', 'pnot', 'mdat', 'uuid', 'what'])
      await expect(check(box(name, Buffer.alloc(8)), moov), name).rejects.toMatchObject(tooLarge);
    await expect(check(moov)).rejects.toMatchObject(tooLarge);
  });

  test('but not those that plain sound keeps together', async () => {
    const track = (kind: string) =>
      inside(
        'moov trak mdia',
        Buffer.concat([
          box('hdlr', big32(0, 0), Buffer.from(kind)),
          inside('minf stbl', Buffer.concat([sizes, box('stts', big32(0, 1, millions, 1))])),
        ]),
      );
    await check(ftyp, track('soun'));
    await expect(check(ftyp, track('vide'))).rejects.toMatchObject(tooLarge);
  });

  test('and those of a real fragmented one', async () => {
    const { file } = JSON.parse(await readFile(new URL('../golden/fragmented.json', import.meta.url), 'utf8')) as {
      file: string;
    };
    const film = Buffer.from(file, 'base64');
    await check(film);
    film.writeUInt32BE(millions, film.indexOf('trun') + 8);
    await expect(check(film)).rejects.toMatchObject(tooLarge);
  });
});

test('names of boxes in the text of an MP4 are text', async () => {
  const texts = ['How the x86 cmov instruction works', 'stco and stsz boxes explained', 'a trun of trak'].map((t) =>
    Buffer.from(t),
  );
  for (const text of texts) {
    await check(ftyp, box('uuid', text));
    await check(ftyp, inside('moov udta', box('©nam', text)));
    await check(ftyp, inside('moov', box('meta', big32(0), box('hdlr', big32(0, 0, 0)), inside('ilst covr data', text))));
  }
});

test('of an MP4 only headers are read', async () => {
  const file = fileOf(
    Buffer.concat([ftyp, box('uuid', Buffer.alloc(2 ** 24)), inside('moov trak', box('udta', Buffer.alloc(0)))]),
  );
  await checkComplete(file);
  expect(file.bytesRead).toBeLessThan(2 ** 15);
});

test('an MP4 of more boxes than any film has is refused', async () => {
  const many = Buffer.alloc(2 ** 23 + 8, box('abcd'));
  await expect(check(ftyp, box('moov', many))).rejects.toMatchObject(tooLarge);
  await expect(check(ftyp, inside('moov', box('meta', Buffer.alloc(2 ** 23))))).rejects.toMatchObject(tooLarge);
});

test('a MOV that does not begin with its type is cut off', async () => {
  const film = Buffer.concat([box('wide'), box('mdat', Buffer.alloc(100)), box('moov', Buffer.alloc(100))]);
  await check(film);
  for (const length of [film.length - 1, 60, 14]) await expect(check(film.subarray(0, length))).rejects.toMatchObject(corrupt);
  expect(await check(Buffer.from('See free text, which is no film'))).toHaveLength(31);
});

/** An Ogg page of one byte; 4 in `flags`: the last one of its stream. */
function page(stream: number, number: number, flags = 0): Buffer {
  const bytes = Buffer.alloc(29);
  bytes.write('OggS');
  bytes[5] = flags;
  bytes.writeUInt32LE(stream, 14);
  bytes.writeUInt32LE(number, 18);
  bytes.set([1, 1, 7], 26);
  let crc = 0;
  for (const byte of bytes) {
    crc ^= byte << 24;
    for (let bit = 0; bit < 8; bit++) crc = crc < 0 ? (crc << 1) ^ 0x04c11db7 : crc << 1;
  }
  bytes.writeUInt32LE(crc >>> 0, 22);
  return bytes;
}

test('the pages of every stream of an Ogg file have numbers of their own', async () => {
  const [first, second] = [
    [page(1, 0), page(1, 1), page(1, 2, 4)],
    [page(2, 5), page(2, 6, 4)],
  ] as const;
  await check(first[0]!, second[0]!, first[1]!, second[1]!, first[2]!);
  await expect(check(first[0]!, second[0]!, second[1]!, first[2]!)).rejects.toThrow(/expected page 1 .* got 2/);
  await expect(check(first[0]!, second[0]!, first[1]!, first[2]!)).rejects.toThrow(/before the last page/);
});

describe('a signal stops', () => {
  const stopped = new Error('enough');
  /** Calls with a signal that is aborted by a timer, which gets its turn only where the work lets it. */
  const until = async (work: (signal: AbortSignal) => Promise<unknown>) => {
    const controller = new AbortController();
    setTimeout(() => controller.abort(stopped));
    await expect(work(controller.signal)).rejects.toBe(stopped);
  };
  test('the pages of an Ogg file', () => {
    const pages = Buffer.concat(Array.from({ length: 400_000 }, (_, i) => page(1, i)));
    return until((signal) => checkComplete(fileOf(pages), signal));
  }, 30_000);
  test('the boxes of an MP4', () => {
    const film = Buffer.concat([ftyp, box('moov', Buffer.alloc(2 ** 22, box('abcd')))]);
    return until((signal) => checkComplete(fileOf(film), signal));
  });
  test('the elements of a Matroska file', () =>
    until((signal) => readDiscardPadding(fileOf(Buffer.alloc(2 ** 20, Uint8Array.of(0xec, 0x80))), signal)));
});

describe('Matroska', () => {
  const element = (id: number[], content: Uint8Array, length = [0x08, 0, 0, 0, content.length]) =>
    Buffer.concat([Buffer.from(id), Buffer.from(length), content]);
  const [header, segment, cluster] = [
    [0x1a, 0x45, 0xdf, 0xa3],
    [0x18, 0x53, 0x80, 0x67],
    [0x1f, 0x43, 0xb6, 0x75],
  ];
  const group = (padding: number) => element([0xa0], element([0x75, 0xa2], big32(padding)));
  const clusters = Buffer.concat([element(cluster!, group(1_000_000)), element(cluster!, group(6_500_000))]);
  const film = Buffer.concat([element(header!, Buffer.from('webm')), element(segment!, clusters)]);

  test('the padding of the last block', async () => {
    expect(await readDiscardPadding(fileOf(film))).toBeCloseTo(0.0065, 9);
  });

  test('elements are read by blocks, and only so many', async () => {
    const file = fileOf(Buffer.alloc(2 ** 20, Uint8Array.of(0xec, 0x80)));
    expect(await readDiscardPadding(file)).toBe(0);
    expect(file.reads).toBeLessThan(300);
    const many = fileOf(Buffer.alloc(2 ** 22, Uint8Array.of(0xec, 0x80)));
    await expect(readDiscardPadding(many)).rejects.toMatchObject(tooLarge);
  });

  test('a segment that is cut off, and one of unknown length', async () => {
    await check(film);
    await expect(check(film.subarray(0, -1))).rejects.toMatchObject(corrupt);
    const live = Buffer.concat([
      element(header!, Buffer.from('webm')),
      element(segment!, clusters, [0x01, ...Array(7).fill(0xff)]),
    ]);
    await check(live);
    await check(live.subarray(0, -1));
  });
});
