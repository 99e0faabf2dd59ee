/** Files made to harm: they announce more than they hold, hold more than they announce, or name other files. */
import { crc32, deflateSync } from 'node:zlib';
import type { MediaProblem } from '../../../src/media/types.js';
import { chunk, float32s, fmtBody, riff, u32, u64, wavOf } from '../wavFile.js';
import type { Seed } from './seeds.js';
import type { Kind } from './watch.js';

interface Hostile {
  name: string;
  kind: Kind;
  bytes: Uint8Array;
  /** What may be said about it; 'same' where a reader may also give what the file it was made of holds. */
  expected: readonly (MediaProblem | 'same')[];
  /** The file it was made of. */
  seed?: Seed;
}

/** A copy with other bytes at `skip` bytes behind the first place, or the `nth`, where `mark` stands; throws where that is not. */
function patched(file: Uint8Array, mark: string, skip: number, bytes: readonly number[], nth = 0): Uint8Array {
  const copy = Buffer.from(file);
  let at = copy.indexOf(mark, 0, 'latin1');
  for (let i = 0; i < nth; i++) at = copy.indexOf(mark, at + 1, 'latin1');
  if (at < 0) throw new Error(`there is no ${JSON.stringify(mark)}`);
  copy.set(bytes, at + mark.length + skip);
  return new Uint8Array(copy);
}

const big32 = (value: number) => u32(value).reverse();

function png(width: number, height: number, data: Uint8Array): Uint8Array {
  const part = (kind: string, content: Uint8Array) => {
    const body = Buffer.concat([Buffer.from(kind), content]);
    return Buffer.concat([Buffer.from(big32(content.length)), body, Buffer.from(big32(crc32(body)))]);
  };
  const header = Uint8Array.from([...big32(width), ...big32(height), 8, 2, 0, 0, 0]);
  const parts = [part('IHDR', header), part('IDAT', data), part('IEND', new Uint8Array())];
  return new Uint8Array(Buffer.concat([Buffer.from('\x89PNG\r\n\x1a\n', 'latin1'), ...parts]));
}

/** Pictures and frames of 10^9 pixels, as far as a format can write that; bodies of small ones. */
function huge(seed: (name: string) => Seed): Hostile[] {
  const wide = [0xff, 0, 0xff, 0];
  const picture = (name: string, bytes: Uint8Array, ...others: MediaProblem[]): Hostile => ({
    ...{ name, kind: 'picture', bytes, expected: ['tooLarge', ...others] },
  });
  const film = (
    name: string,
    mark: string,
    skip: number,
    bytes: readonly number[],
    ...expected: Hostile['expected']
  ): Hostile => ({
    name: `huge ${name}`,
    kind: 'video',
    bytes: patched(seed(name).bytes, mark, skip, bytes),
    expected,
    seed: seed(name),
  });
  const gif = patched(seed('palette.gif').bytes, 'GIF8', 2, [0xff, 0xff, 0xff, 0xff]);
  return [
    picture('huge.png', png(40_000, 40_000, deflateSync(new Uint8Array(100)))),
    picture('huge.jpg', patched(seed('small.jpg').bytes, '\xff\xc0\x00\x11\x08', 0, wide)),
    picture('huge progressive.jpg', patched(seed('progressive.jpg').bytes, '\xff\xc2\x00\x11\x08', 0, wide)),
    picture('huge lossy.webp', patched(seed('lossy.webp').bytes, 'VP8 ', 10, [0xff, 0x3f, 0xff, 0x3f])),
    {
      ...picture('huge lossless.webp', patched(seed('lossless.webp').bytes, 'VP8L', 5, [0xff, 0xff, 0xff, 0x0f])),
      expected: ['tooLarge', 'corrupt'],
    },
    picture('huge animation.webp', patched(seed('animation.webp').bytes, 'VP8X', 8, [0xff, 0x7f, 0, 0xff, 0x7f, 0]), 'corrupt'),
    picture('huge.gif', patched(gif, ',\0\0\0\0', 0, [0xff, 0xff, 0xff, 0xff])),
    picture('huge.avif', patched(seed('colours.avif').bytes, 'ispe\0\0\0\0', 0, [0, 0, 0xff, 0, 0, 0, 0xff, 0])),
    // The codec's own header has the last word about the size, so that of the container harms nobody.
    film('video.mp4', 'avc1', 24, [0xff, 0xff, 0xff, 0xff], 'same'),
    // The VP9 frame header: 16 bits each of width and height, behind the sync code and four bits.
    film('video.webm', '\x49\x83\x42', 0, [0x0f, 0xff, 0xff, 0xff, 0xf0], 'tooLarge', 'corrupt'),
    film('video.mov', 'avc1', 24, [0xff, 0xff, 0xff, 0xff], 'same'),
    film('video.avi', 'strf(\0\0\0(\0\0\0', 0, [0xff, 0x7f, 0, 0, 0xff, 0x7f, 0, 0], 'same'),
  ];
}

/** Tables of an MP4 for more samples than there are bytes: FFmpeg would make room for them. */
function tables(seed: (name: string) => Seed): Hostile[] {
  const count = big32(80_000_000);
  const film = seed('video.mp4').bytes;
  const constant = [0, 1].map((track) => {
    const sized = patched(film, 'stsz', 4, [...big32(1), ...count], track);
    return patched(patched(sized, 'stts', 8, count, track), 'stsc', 12, count, track);
  });
  const mp4 = (name: string, bytes: Uint8Array, ...expected: Hostile['expected']): Hostile[] =>
    (['video', 'sound'] as const).map((kind) => ({ name, kind, bytes, expected, seed: seed('video.mp4') }));
  return [
    ...mp4('many pictures.mp4', constant[0]!, 'tooLarge'),
    ...mp4('many sounds.mp4', constant[1]!, 'tooLarge'),
    ...mp4('entries.mp4', patched(film, 'stsz', 8, big32(0xffff_ffff)), 'tooLarge'),
    ...mp4('times.mp4', patched(film, 'stts', 4, big32(0x7fff_ffff)), 'corrupt'),
    ...mp4(
      'boxes.mp4',
      new Uint8Array(Buffer.concat([film, Buffer.alloc(2 ** 21, Uint8Array.of(0, 0, 0, 8, 102, 114, 101, 101))])),
      'tooLarge',
    ),
  ];
}

function sounds(): Hostile[] {
  const wav = (name: string, bytes: Uint8Array, ...expected: Hostile['expected']): Hostile => ({
    ...{ name: `${name}.wav`, kind: 'sound', bytes, expected },
  });
  const floats = (bits: 32 | 64, ...values: number[]) => {
    const data = bits === 32 ? float32s(...values) : [...new Uint8Array(Float64Array.from(values).buffer)];
    return riff(chunk('fmt ', fmtBody({ tag: 3, bits })), chunk('data', data));
  };
  const fmt = chunk('fmt ', fmtBody());
  const longest = chunk('ds64', [...u64(2n ** 63n), ...u64(2n ** 63n), ...u64(2n ** 62n), ...u32(0)]);
  return [
    wav('NaN', floats(32, 0, 0.5, Number.NaN), 'corrupt'),
    wav('infinite', floats(64, 0, Number.POSITIVE_INFINITY), 'corrupt'),
    wav('beyond float32', floats(64, 0, 1e300), 'corrupt'),
    wav('longer than the file', riff(fmt, chunk('data', [1, 2, 3, 4], 0x7fff_0000)), 'corrupt'),
    wav(
      'longer than any file',
      patched(riff(longest, fmt, chunk('data', [1, 2], 0xffff_ffff)), '', 0, [82, 70, 54, 52]),
      'corrupt',
    ),
    wav('a long header', riff(chunk('fmt ', fmtBody(), 0xffff_fff0), chunk('data', [1, 2])), 'corrupt'),
    wav('no channels', wavOf([1, 2], { channels: 0 }), 'corrupt'),
    wav('many channels', wavOf([1, 2], { channels: 65_535 }), 'corrupt'),
    wav('no rate', wavOf([1, 2], { rate: 0 }), 'corrupt'),
    wav('a high rate', wavOf([1, 2], { rate: 0xffff_ffff }), 'corrupt'),
    wav('no bytes a sample', wavOf([1, 2], { align: 0 }), 'corrupt'),
  ];
}

/** What makes FFmpeg open other files, or addresses: `other` is a file and `address` an HTTP server of the test. */
function references(other: string, address: string): Hostile[] {
  const playlists = {
    'list.m3u8': `#EXTM3U\n#EXT-X-TARGETDURATION:3\n#EXTINF:3,\n${other}\n#EXTINF:3,\n${address}\n#EXT-X-ENDLIST\n`,
    'list.ffconcat': `ffconcat version 1.0\nfile ${other}\n`,
    'list.sdp': `v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nc=IN IP4 127.0.0.1\nt=0 0\nm=audio 5004 RTP/AVP 0\n`,
    'list.mpd': `<?xml version="1.0"?><MPD xmlns="urn:mpeg:dash:schema:mpd:2011" type="static" mediaPresentationDuration="PT3S"><Period><AdaptationSet mimeType="video/mp4"><Representation id="1" bandwidth="1"><BaseURL>${address}</BaseURL></Representation></AdaptationSet></Period></MPD>`,
    'list.pls': `[playlist]\nFile1=${address}\nNumberOfEntries=1\n`,
    'list.asx': `<asx version="3.0"><entry><ref href="${address}"/></entry></asx>`,
    'list.mov': `RTSPtext ${address}\n`,
    'list.jpg': `ffconcat version 1.0\nfile ${address}\n`,
    'list.svg': `<svg xmlns="http://www.w3.org/2000/svg"><image href="${address}"/></svg>`,
  };
  return Object.entries(playlists).flatMap(([name, text]) =>
    (['picture', 'sound', 'video'] as const).map((kind) => ({
      ...{ name, kind, bytes: new Uint8Array(Buffer.from(text)), expected: ['unsupported', 'corrupt'] as const },
    })),
  );
}

/** Hostile files by construction; see `references` for its arguments. */
export function hostile(seeds: readonly Seed[], other: string, address: string): Hostile[] {
  const seed = (name: string) => seeds.find((one) => one.name === name)!;
  const empty = (['picture', 'sound', 'video'] as const).map((kind) => ({
    ...{ name: 'empty.mp4', kind, bytes: new Uint8Array(), expected: ['corrupt'] as const },
  }));
  const silent: Hostile = { name: 'silent.mp4', kind: 'sound', bytes: seed('silent.mp4').bytes, expected: ['noSound'] };
  return [...empty, silent, ...huge(seed), ...tables(seed), ...sounds(), ...references(other, address)];
}
