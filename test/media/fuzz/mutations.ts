/** Ways in which files get damaged. Each gives another file; where and how much is drawn at random. */
import { crc32 } from 'node:zlib';
import type { Random } from '../../../src/random.js';

/** `other` is a whole file of another format. */
type Mutation = (bytes: Uint8Array, random: Random, other: Uint8Array) => Uint8Array;

/** A whole number from 0 up to `n`, not included. */
export const below = (random: Random, n: number): number => Math.floor(random.uniform() * n);

/** One of them. */
export const pick = <T>(random: Random, from: readonly T[]): T => from[below(random, from.length)]!;

/** A number from 1 to `n`, small ones as often as large ones. */
const extent = (random: Random, n: number): number => Math.max(1, Math.floor(n ** random.uniform()));

/** The start and end of a part that is at most a quarter of the file, and at most `most` bytes. */
function part(bytes: Uint8Array, random: Random, most: number): [number, number] {
  const length = extent(random, Math.max(1, Math.min(most, bytes.length >> 2)));
  const from = below(random, bytes.length - length + 1);
  return [from, from + length];
}

const noise = (random: Random, length: number) => Uint8Array.from({ length }, () => below(random, 256));

const joined = (...parts: Uint8Array[]): Uint8Array => new Uint8Array(Buffer.concat(parts));

/** Sets a run of bytes to what `fill` gives. */
const overwrite =
  (fill: (random: Random, length: number) => Uint8Array): Mutation =>
  (bytes, random) => {
    const [from, to] = part(bytes, random, 512);
    const copy = Uint8Array.from(bytes);
    copy.set(fill(random, to - from), from);
    return copy;
  };

/** What a field is set to: the least, the most, negative ones, and plausible lies. */
const lies = [
  0, 1, 2, 3, 0x7f, 0x80, 0xff, 0x100, 0x7fff, 0x8000, 0xffff, 0x1_0000, 0x7fff_ffff, 0x8000_0000, 0xffff_fffe, 0xffff_ffff,
];

/** Where fields lie: within the first bytes, or behind one of the four-letter names that most formats have. */
function fieldPosition(bytes: Uint8Array, random: Random): number {
  const names = [
    ...Buffer.from(bytes)
      .toString('latin1')
      .matchAll(/[A-Za-z][A-Za-z0-9]{2}[A-Za-z0-9 ]/g),
  ];
  const start = names.length > 0 && random.uniform() < 0.7 ? pick(random, names).index - 4 : 0;
  return Math.max(0, start) + below(random, 44);
}

/** A field of 1, 2 or 4 bytes in either byte order gets another value. */
const header: Mutation = (bytes, random) => {
  const width = pick(random, [1, 2, 4, 4]);
  const at = Math.min(fieldPosition(bytes, random), bytes.length - width);
  const copy = Buffer.from(bytes);
  const value = random.uniform() < 0.3 ? below(random, 2 ** 32) : pick(random, lies);
  const fitting = value % 2 ** (8 * width);
  if (random.uniform() < 0.5) copy.writeUIntBE(fitting, at, width);
  else copy.writeUIntLE(fitting, at, width);
  return new Uint8Array(copy);
};

/** A PNG whose every chunk has the right checksum. */
function withChecksums(png: Uint8Array): Uint8Array {
  const copy = Buffer.from(png);
  for (let at = 8; at + 12 <= copy.length; ) {
    const end = at + 8 + copy.readUInt32BE(at);
    if (end + 4 > copy.length) break;
    copy.writeUInt32BE(crc32(copy.subarray(at + 4, end)), end);
    at = end + 4;
  }
  return new Uint8Array(copy);
}

export const mutations = {
  truncated: (bytes, random) =>
    bytes.subarray(
      0,
      random.uniform() < 0.3 ? bytes.length - extent(random, Math.min(64, bytes.length)) : below(random, bytes.length),
    ),
  'bits flipped': (bytes, random) => {
    const copy = Uint8Array.from(bytes);
    for (let i = extent(random, 16); i > 0; i--) copy[below(random, copy.length)]! ^= 1 << below(random, 8);
    return copy;
  },
  zeros: overwrite((_, length) => new Uint8Array(length)),
  ones: overwrite((_, length) => new Uint8Array(length).fill(255)),
  noise: overwrite(noise),
  deleted: (bytes, random) => {
    const [from, to] = part(bytes, random, 2048);
    return joined(bytes.subarray(0, from), bytes.subarray(to));
  },
  inserted: (bytes, random) => {
    const [at, to] = part(bytes, random, 2048);
    return joined(bytes.subarray(0, at), noise(random, to - at), bytes.subarray(at));
  },
  doubled: (bytes, random) => {
    const [from, to] = part(bytes, random, 2048);
    return joined(bytes.subarray(0, to), bytes.subarray(from));
  },
  swapped: (bytes, random) => {
    const [from, to] = part(bytes, random, 2048);
    const length = to - from;
    const other = below(random, bytes.length - length + 1);
    const copy = Uint8Array.from(bytes);
    copy.set(bytes.subarray(other, other + length), from);
    copy.set(bytes.subarray(from, to), other);
    return copy;
  },
  header,
  'checked header': (bytes, random, other) => withChecksums(header(bytes, random, other)),
  spliced: (bytes, random, other) =>
    joined(bytes.subarray(0, below(random, bytes.length)), other.subarray(below(random, other.length))),
} satisfies Record<string, Mutation>;

export type MutationName = keyof typeof mutations;
