/** Files of maps, as NumPy writes them. */
import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readEmbeddings } from '../../src/evaluation/maps/embeddings.js';
import { NpyWriter, openMaps } from '../../src/evaluation/maps/index.js';
import { saveSafetensors } from '../../src/runtime/safetensors.js';
import { float32 } from '../../src/tensor.js';
import golden from '../golden/arrays.json' with { type: 'json' };

type FileName = keyof typeof golden.files;
let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'maps-'));
  for (const [name, content] of Object.entries(golden.files)) writeFileSync(join(folder, name), Buffer.from(content, 'base64'));
});
afterAll(() => rmSync(folder, { recursive: true }));

const file = (name: FileName) => join(folder, name);
const bytesOf = (name: FileName) => Buffer.from(golden.files[name], 'base64');

async function read(path: string) {
  const source = await openMaps(path);
  const maps = [];
  for await (const map of source.maps()) maps.push(map);
  await source.close();
  expect(maps).toHaveLength(source.count);
  return { names: source.names, maps, values: maps.flatMap(({ data }) => [...data]) };
}

describe('NumPy arrays', () => {
  it.each([
    ['float16.npy', golden.halves],
    ['float32.npy', golden.maps],
    ['float64.npy', golden.maps],
    ['uint8.npy', golden.bytes],
    ['int32.npy', golden.integers],
    ['version2.npy', golden.maps],
    ['version3.npy', golden.maps],
    ['channel.npy', golden.maps],
    ['stacked.npz', golden.maps],
    ['single.npz', golden.maps],
  ] as const)('%s', async (name, wanted) => {
    const { names, maps, values } = await read(file(name));
    expect(names).toBeUndefined();
    expect(maps.map(({ height, width }) => [height, width])).toEqual([
      [3, 4],
      [3, 4],
    ]);
    expect(values).toEqual(wanted.map(Math.fround));
  });

  it('of one map', async () => expect((await read(file('one.npy'))).values).toEqual(golden.maps.slice(0, 12)));

  it('with a map for each sample, of any size, by name', async () => {
    const { names, maps, values } = await read(file('named.npz'));
    expect(names).toEqual(['b', 'a/x']);
    expect(maps.map(({ name, height, width }) => [name, height, width])).toEqual([
      ['b', 3, 4],
      ['a/x', 2, 4],
    ]);
    expect(values).toEqual([...golden.maps.slice(12), ...golden.maps.slice(0, 8)]);
  });

  it('in a folder', async () => {
    const named = join(folder, 'named', 'deeper');
    mkdirSync(named, { recursive: true });
    writeFileSync(join(named, 'clip.npy'), bytesOf('one.npy'));
    writeFileSync(join(folder, 'named', 'another.npy'), bytesOf('one.npy'));
    const { names, maps } = await read(join(folder, 'named'));
    expect(names).toEqual(['another', 'deeper/clip']);
    expect(maps.map(({ name }) => name)).toEqual(names);
  });

  it('as safetensors, stacked and by name', async () => {
    const path = join(folder, 'a.safetensors');
    await saveSafetensors(path, { maps: float32([2, 3, 4], golden.maps), scale: float32([1], [1]) });
    expect((await read(path)).values).toEqual(golden.maps);
    await saveSafetensors(path, { one: float32([1, 2], [1, 2]), two: float32([2, 1], [3, 4]) });
    const { names, values } = await read(path);
    expect(names).toEqual(['one', 'two']);
    expect(values).toEqual([1, 2, 3, 4]);
  });
});

/** A safetensors file with one tensor of 2 x 3 x 4, of a type that is not written here. */
function safetensorsOf(name: string, stored: string, content: Uint8Array): string {
  const header = Buffer.from(JSON.stringify({ maps: { dtype: stored, shape: [2, 3, 4], data_offsets: [0, content.length] } }));
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(header.length));
  writeFileSync(join(folder, name), Buffer.concat([length, header, content]));
  return join(folder, name);
}

describe('safetensors of other types', () => {
  it.each([
    ['F16', 'float16.npy', golden.halves],
    ['F64', 'float64.npy', golden.maps],
    ['I32', 'int32.npy', golden.integers],
    ['U8', 'uint8.npy', golden.bytes],
  ] as const)('%s', async (stored, same, wanted) => {
    // NumPy's header ends at byte 128.
    const path = safetensorsOf(`${stored}.safetensors`, stored, bytesOf(same).subarray(128));
    expect((await read(path)).values).toEqual(wanted.map(Math.fround));
  });

  it('that cannot be read', async () => {
    const path = safetensorsOf('BF16.safetensors', 'BF16', new Uint8Array(48));
    const message = `${path}: maps: elements of type BF16 cannot be read, only F16, F32, F64, I32, U8; save it as float32`;
    await expect(openMaps(path)).rejects.toMatchObject({ name: 'MapFileError', message });
  });
});

describe('refused, with what to do:', () => {
  it.each([
    ['bigEndian.npy', ".astype('<f4')"],
    ['columns.npy', 'np.ascontiguousarray'],
    ['int64.npy', "elements of type '<i8' cannot be read"],
    ['objects.npy', "elements of type '|O' cannot be read"],
    ['fields.npy', 'it has fields'],
    ['vector.npy', 'expected maps [N, h, w], [N, 1, h, w] or [h, w], its shape is (5)'],
    ['empty.npy', 'expected 1 to 10000000 maps, there are 0'],
    ['twice.npz', "there are two arrays 'a' in the archive"],
    ['surplus.npz', 'a: expected 12 elements of <f4, there are more'],
    ['embeddings.npz', undefined],
  ] as const)('%s', async (name, message) => {
    if (message === undefined) return expect((await read(file(name))).names).toEqual(['image', 'audio']);
    const error = await read(file(name)).catch((e: Error) => e);
    expect(error).toMatchObject({ name: 'MapFileError', message: expect.stringContaining(message) });
    expect((error as Error).message).toContain(name);
  });

  const damaged: [string, Buffer, string][] = [
    ['short.npy', bytesOf('float32.npy').subarray(0, -4), 'expected 24 elements of <f4, the file ends after 12'],
    ['long.npy', Buffer.concat([bytesOf('float32.npy'), Buffer.alloc(3)]), 'there are more'],
    ['cut.npy', bytesOf('float32.npy').subarray(0, 40), "its header is not NumPy's"],
    ['tiny.npy', Buffer.from('x'), 'expected a NumPy array'],
    ['text.npy', Buffer.from('this is not an array at all'), 'expected a NumPy array'],
    ['version.npy', Buffer.concat([Buffer.from('\x93NUMPY\x09\x00', 'latin1'), Buffer.alloc(99)]), 'format 9 is not known'],
    [
      'header.npy',
      Buffer.concat([Buffer.from('\x93NUMPY\x02\x00\xff\xff\xff\x0f', 'latin1'), Buffer.alloc(99)]),
      'more than 65536',
    ],
    ['code.npy', edited("'shape': (2, 3, 4)", "'shape': (exit(),) "), "its header is not NumPy's"],
    ['twice.npy', edited("'fortran_order': False", "'descr':         '<f4'"), "its header is not NumPy's"],
    ['huge.npy', edited('(2, 3, 4), }      ', '(99999999,9999999,4)}'), 'larger than any array'],
    ['wide.npy', edited('(2, 3, 4), }    ', '(1, 5000, 2), } '), 'maps of 1 to 4096 pixels a side'],
    ['archive.npz', bytesOf('named.npz').subarray(0, -30), 'is it a complete .npz?'],
    ['garbage.npz', Buffer.alloc(200, 7), 'is it a complete .npz?'],
    ['maps.txt', Buffer.from('0 1 2'), 'expected a .npy, .npz or .safetensors file'],
  ];
  function edited(from: string, to: string): Buffer {
    const text = bytesOf('float32.npy').toString('latin1');
    expect(text).toContain(from);
    return Buffer.from(text.replace(from, to.padEnd(from.length)), 'latin1');
  }
  it.each(damaged)('%s', async (name, content, message) => {
    writeFileSync(join(folder, name), content);
    const error = await read(join(folder, name)).catch((e: Error) => e);
    expect(error).toMatchObject({ name: 'MapFileError', message: expect.stringContaining(message) });
  });

  it.each([
    // A bit of what is compressed.
    ['named.npz', [120, 121], 'b: the archive cannot be read (invalid distance code)'],
    // A bit of an element: nothing but the checksum tells.
    ['stacked.npz', [205, 206], 'maps: the archive cannot be read (its checksum is another)'],
  ] as const)('a damaged member of %s', async (name, [from, to], message) => {
    const content = bytesOf(name);
    for (let i = from; i < to; i++) content[i]! ^= 1;
    const path = join(folder, 'member.npz');
    writeFileSync(path, content);
    const error = await read(path).catch((e: Error) => e);
    expect(error).toMatchObject({ name: 'MapFileError', message: expect.stringContaining(`${path}: ${message}`) });
  });

  it('an empty folder, and a file that is not there', async () => {
    mkdirSync(join(folder, 'nothing'));
    await expect(openMaps(join(folder, 'nothing'))).rejects.toThrow('expected .npy files in the folder, there are none');
    await expect(openMaps(join(folder, 'missing.npz'))).rejects.toThrow('ENOENT');
  });
});

describe('embeddings', () => {
  it('are the arrays image and sound or audio', async () => {
    const { image, sound } = await readEmbeddings(file('embeddings.npz'));
    expect([image.shape, sound.shape]).toEqual([
      [3, 4],
      [3, 4],
    ]);
    expect([...image.data, ...sound.data]).toEqual(golden.maps);
  });

  it('must both be there, and of one shape', async () => {
    await expect(readEmbeddings(file('lonely.npz'))).rejects.toThrow(
      "expected an array 'sound' with embeddings [N, D], there are: image",
    );
    const path = join(folder, 'odd.safetensors');
    await saveSafetensors(path, { image: float32([2, 3]), sound: float32([3, 2]) });
    await expect(readEmbeddings(path)).rejects.toThrow('image is [2, 3] and sound [3, 2]; rows are pairs');
  });
});

describe('a written file', () => {
  it('is what NumPy would have written, whatever the order of its parts', async () => {
    const path = join(folder, 'written.npy');
    const writer = await NpyWriter.create(path, [2, 3, 4]);
    await writer.write(1, Float32Array.from(golden.maps.slice(12)));
    await writer.write(0, Float32Array.from(golden.maps.slice(0, 12)));
    await writer.finish();
    expect(readFileSync(path).equals(bytesOf('float32.npy'))).toBe(true);
  });

  it('has NaN where nothing was written, and is not there before it is whole', async () => {
    const path = join(folder, 'partial.npy');
    const writer = await NpyWriter.create(path, [2, 1, 2]);
    await writer.write(1, Float32Array.of(1, 2));
    await expect(openMaps(path)).rejects.toThrow('ENOENT');
    await expect(writer.write(2, Float32Array.of(1, 2))).rejects.toThrow('expected part 0 to 1 of 2 elements, got part 2 of 2');
    await writer.finish();
    expect((await read(path)).values).toEqual([Number.NaN, Number.NaN, 1, 2]);
  });

  it.skipIf(process.platform === 'win32')('does not take its name when the disk becomes full', async () => {
    const path = join(folder, 'full.npy');
    const module = new URL('../../dist/evaluation/maps/npyWriter.js', import.meta.url);
    const script = `
      const { NpyWriter } = await import(${JSON.stringify(module.href)});
      const writer = await NpyWriter.create(${JSON.stringify(path)}, [1, 64, 64]);
      await writer.write(0, new Float32Array(64 * 64)).catch(async ({ code }) => { console.log(code); await writer.abandon(); process.exit(); });
      await writer.finish();`;
    // Files of at most 8 KiB; the signal that usually ends the process then is ignored, as a full disk sends none.
    const limited = 'trap "" XFSZ; ulimit -f 8; exec "$@"';
    const args = ['-c', limited, 'sh', process.execPath, '--input-type=module', '-e', script];
    const { stdout } = await promisify(execFile)('/bin/sh', args);
    expect(stdout).toBe('EFBIG\n');
    expect(readdirSync(folder).filter((name) => name.includes('full'))).toEqual([]);
  });

  it('leaves nothing behind when it is abandoned', async () => {
    const writer = await NpyWriter.create(join(folder, 'never.npy'), [1, 1, 1]);
    await writer.abandon();
    expect(readdirSync(folder).filter((name) => name.includes('never'))).toEqual([]);
  });
});
