/** Files as torch.save writes them, byte by byte, and pickles that it never would. */
import { crc32, deflateRawSync } from 'node:zlib';

const utf8 = new TextEncoder();

/** Operations of a pickle: texts are their ASCII codes, numbers are bytes. */
export const bytes = (...parts: readonly (string | number | Uint8Array)[]): Uint8Array =>
  Buffer.concat(
    parts.map((part) => (typeof part === 'number' ? Uint8Array.of(part) : typeof part === 'string' ? utf8.encode(part) : part)),
  );

const little = (value: number, width: 1 | 2 | 4 | 8): Uint8Array =>
  Uint8Array.from({ length: width }, (_, i) => Math.floor(value / 256 ** i) % 256);

/** BINUNICODE */
export const text = (value: string): Uint8Array => bytes('X', little(utf8.encode(value).length, 4), value);
/** BININT */
export const int = (value: number): Uint8Array => bytes('J', little(value < 0 ? value + 2 ** 32 : value, 4));
export const tuple = (...items: readonly Uint8Array[]): Uint8Array => bytes('(', ...items, 't');
export const dict = (...pairs: readonly (readonly [string, Uint8Array])[]): Uint8Array =>
  bytes('}(', ...pairs.flatMap(([key, value]) => [text(key), value]), 'u');

const proto = Uint8Array.of(0x80, 2);
/** A whole pickle of what `content` puts on the stack. */
export const pickle = (content: Uint8Array): Uint8Array => bytes(proto, content, '.');

/** A tensor as pickles refer to it. */
export const tensorRef = (
  key: string,
  length: number,
  shape: readonly number[],
  strides: readonly number[],
  { offset = 0, type = 'FloatStorage', device = 'cpu' } = {},
): Uint8Array =>
  bytes(
    'ctorch._utils\n_rebuild_tensor_v2\n',
    tuple(
      bytes(tuple(text('storage'), bytes(`ctorch\n${type}\n`), text(key), text(device), int(length)), 'Q'),
      int(offset),
      tuple(...shape.map(int)),
      tuple(...strides.map(int)),
      Uint8Array.of(0x89),
      bytes('}'),
    ),
    'R',
  );

/** A zip archive of stored files, or of deflated ones. */
export function zipped(files: Readonly<Record<string, Uint8Array>>, { deflated = false } = {}): Uint8Array {
  const locals: Uint8Array[] = [];
  const central: Uint8Array[] = [];
  let at = 0;
  for (const [name, content] of Object.entries(files)) {
    const data = deflated ? deflateRawSync(content) : content;
    const sizes = [crc32(content), data.length, content.length].map((value) => little(value, 4));
    const method = little(deflated ? 8 : 0, 2);
    const about = [little(0, 2), method, little(0, 2), little(0, 2), ...sizes, little(name.length, 2), little(0, 2)];
    const local = bytes('PK', 3, 4, little(10, 2), ...about, name, data);
    central.push(
      bytes(
        'PK',
        1,
        2,
        little(10, 2),
        little(10, 2),
        ...about,
        little(0, 2),
        little(0, 2),
        little(0, 2),
        little(0, 4),
        little(at, 4),
        name,
      ),
    );
    locals.push(local);
    at += local.length;
  }
  const directory = bytes(...central);
  const count = little(central.length, 2);
  const end = bytes(
    'PK',
    5,
    6,
    little(0, 2),
    little(0, 2),
    count,
    count,
    little(directory.length, 4),
    little(at, 4),
    little(0, 2),
  );
  return bytes(...locals, directory, end);
}

/** Today's form. */
export const archive = (content: Uint8Array, storages: Readonly<Record<string, Uint8Array>> = {}): Uint8Array =>
  zipped({
    'weights/data.pkl': pickle(content),
    ...Object.fromEntries(Object.entries(storages).map(([key, data]) => [`weights/data/${key}`, data])),
    'weights/version': bytes('3\n'),
  });

/** The form before 1.6; the number of elements of each storage is for `width` bytes an element. */
export const sequence = (content: Uint8Array, storages: Readonly<Record<string, Uint8Array>> = {}, width = 4): Uint8Array =>
  bytes(
    pickle(bytes(0x8a, 10, Uint8Array.of(0x6c, 0xfc, 0x9c, 0x46, 0xf9, 0x20, 0x6a, 0xa8, 0x50, 0x19))),
    pickle(bytes('M', little(1001, 2))),
    pickle(dict(['little_endian', Uint8Array.of(0x88)])),
    pickle(content),
    pickle(bytes('](', ...Object.keys(storages).map(text), 'e')),
    ...Object.values(storages).flatMap((data) => [little(data.length / width, 8), data]),
  );

export const floats = (...values: readonly number[]): Uint8Array => new Uint8Array(Float32Array.from(values).buffer);
