/** Files of maps, as NumPy writes them. */
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
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

describe('refused, with what to do:', () => {
  it.each([
    ['bigEndian.npy', ".astype('<f4')"],
    ['columns.npy', 'np.ascontiguousarray'],
    ['int64.npy', "elements of type '<i8' cannot be read"],
    ['objects.npy', "elements of type '|O' cannot be read"],
    ['fields.npy', 'it has fields'],
    ['vector.npy', 'expected maps [N, h, w], [N, 1, h, w] or [h, w], its shape is (5)'],
    ['empty.npy', 'expected 1 to 10000000 maps, there are 0'],
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

  it('a damaged member of an archive', async () => {
    const content = bytesOf('named.npz');
    content.fill(0x55, 60, 90);
    writeFileSync(join(folder, 'member.npz'), content);
    await expect(read(join(folder, 'member.npz'))).rejects.toThrow();
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

  it('leaves nothing behind when it is abandoned', async () => {
    const writer = await NpyWriter.create(join(folder, 'never.npy'), [1, 1, 1]);
    await writer.abandon();
    expect(readdirSync(folder).filter((name) => name.includes('never'))).toEqual([]);
  });
});
