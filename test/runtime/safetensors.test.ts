import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { loadSafetensors, SafetensorsError, saveSafetensors } from '../../src/runtime/safetensors.js';
import { type DType, float32, int32, sizeOf, type Tensor, tensor } from '../../src/tensor.js';

let folder: string;
let path: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'safetensors-'));
  path = join(folder, 'weights.safetensors');
});
afterAll(() => rm(folder, { recursive: true }));

/** A file as the published format describes it, byte by byte: length, header, data. */
function encoded(header: unknown, data: readonly number[] = []): Buffer {
  const json = Buffer.from(typeof header === 'string' ? header : JSON.stringify(header));
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(json.length));
  return Buffer.concat([length, json, Buffer.from(data)]);
}
const load = async (bytes: Uint8Array) => {
  await writeFile(path, bytes);
  return loadSafetensors(path);
};
const entry = (dtype: string, shape: unknown, begin: unknown, end: unknown) => ({ dtype, shape, data_offsets: [begin, end] });

describe('a file made by hand', () => {
  // 1.5 and -2 as float32, 258 and -1 as int32, true false true, 7 and -7 as int64; the header padded with spaces.
  const header = {
    __metadata__: { epoch: '3', format: 'pt' },
    'conv.weight': entry('F32', [1, 2], 0, 8),
    count: entry('I32', [2], 8, 16),
    flags: entry('BOOL', [3], 16, 19),
    empty: entry('F32', [0, 4], 19, 19),
    batches: entry('I64', [2], 19, 35),
    scalar: entry('I64', [], 35, 43),
  };
  const data = [
    ...[0x00, 0x00, 0xc0, 0x3f, 0x00, 0x00, 0x00, 0xc0],
    ...[0x02, 0x01, 0x00, 0x00, 0xff, 0xff, 0xff, 0xff],
    ...[1, 0, 1],
    ...[7, 0, 0, 0, 0, 0, 0, 0, 0xf9, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff],
    ...[0xff, 0xff, 0xff, 0x7f, 0, 0, 0, 0],
  ];

  it('is read to the last bit', async () => {
    expect(await load(encoded(`${JSON.stringify(header)}   `, data))).toEqual({
      metadata: { epoch: '3', format: 'pt' },
      tensors: {
        'conv.weight': float32([1, 2], [1.5, -2]),
        count: int32([2], [258, -1]),
        flags: tensor('bool', [3], Uint8Array.of(1, 0, 1)),
        empty: float32([0, 4], []),
        batches: int32([2], [7, -7]),
        scalar: int32([], [2 ** 31 - 1]),
      },
    });
  });

  it('cut off anywhere is refused', async () => {
    const whole = encoded(header, data);
    for (let length = 0; length < whole.length; length++) {
      const failure = load(whole.subarray(0, length));
      await expect(failure, `the first ${length} bytes`).rejects.toThrow(SafetensorsError);
      await expect(failure, `the first ${length} bytes`).rejects.toThrow(`${path}: truncated: `);
    }
  });
});

describe('a foreign or damaged file', () => {
  const zeros = (n: number) => new Array<number>(n).fill(0);
  const tooLong = Buffer.alloc(64);
  tooLong.writeBigUInt64LE(100_000_001n);
  const endless = Buffer.alloc(64, 0xff);
  it.each<[string, Uint8Array, string]>([
    ['is a header above the limit', tooLong, 'no safetensors file: its header would be 100000001 bytes long'],
    ['has no length that makes sense', endless, 'its header would be 18446744073709551615 bytes long'],
    ['has a header that is no JSON', encoded('{"a": '), 'its header is no JSON ('],
    ['has an empty header', encoded(''), 'its header is no JSON ('],
    ['has a header that is no UTF-8', Buffer.concat([encoded('{"a":1}').subarray(0, 8), Buffer.alloc(7, 0xfe)]), 'no UTF-8'],
    ['has an array as header', encoded('[]'), 'its header is no JSON object'],
    [
      'names a tensor twice',
      encoded(`{"a":${JSON.stringify(entry('F32', [1], 0, 4))},"\\u0061" : {}}`, zeros(4)),
      "names 'a' twice",
    ],
    [
      'gives a field twice',
      encoded('{"a":{"dtype":"F32","dtype":"I32","shape":[],"data_offsets":[0,4]}}', zeros(4)),
      "'dtype' twice",
    ],
    ['has metadata that is no map', encoded({ __metadata__: ['x'] }), '__metadata__ must map strings to strings'],
    ['has metadata that is no text', encoded({ __metadata__: { step: 3 } }), '__metadata__ must map strings to strings'],
    ['describes a tensor by a number', encoded({ a: 1 }), "tensor 'a' is described by no JSON object"],
    [
      'has an unknown dtype',
      encoded({ a: entry('F8_E5M2', [1], 0, 1) }, [0]),
      'tensor \'a\' has dtype "F8_E5M2"; known are F32, I32',
    ],
    ['has a dtype from the prototype', encoded({ a: entry('constructor', [1], 0, 1) }, [0]), 'has dtype "constructor"'],
    [
      'has a negative dimension',
      encoded({ a: entry('F32', [-1, -1], 0, 4) }, zeros(4)),
      "tensor 'a': shape must list whole numbers",
    ],
    [
      'has a fractional dimension',
      encoded({ a: entry('F32', [0.5, 2], 0, 4) }, zeros(4)),
      "tensor 'a': shape must list whole numbers",
    ],
    [
      'has no shape',
      encoded({ a: { dtype: 'F32', data_offsets: [0, 4] } }, zeros(4)),
      "tensor 'a': shape must list whole numbers",
    ],
    ['has offsets that run backwards', encoded({ a: entry('F32', [1], 4, 0) }, zeros(4)), "tensor 'a': data_offsets must be"],
    ['has a negative offset', encoded({ a: entry('F32', [2], -4, 4) }, zeros(4)), "tensor 'a': data_offsets must be"],
    [
      'has offsets that are no numbers',
      encoded({ a: entry('F32', [1], '0', '4') }, zeros(4)),
      "tensor 'a': data_offsets must be",
    ],
    [
      'has a shape of another size',
      encoded({ a: entry('F32', [3], 0, 8) }, zeros(8)),
      "'a': F32 [3] takes 12 bytes, its data_offsets hold 8",
    ],
    ['has an overflowing shape', encoded({ a: entry('F32', [2 ** 40, 2 ** 40], 0, 8) }, zeros(8)), "tensor 'a': F32"],
    [
      'reaches beyond its end',
      encoded({ a: entry('F32', [2 ** 30], 0, 2 ** 32) }, zeros(8)),
      "truncated: tensor 'a' ends at byte 4294967296",
    ],
    [
      'has overlapping tensors',
      encoded({ a: entry('F32', [2], 0, 8), b: entry('F32', [2], 4, 12) }, zeros(12)),
      "tensor 'b' begins at byte 4 of the data, inside another",
    ],
    ['has a gap', encoded({ a: entry('F32', [1], 0, 4), b: entry('F32', [1], 8, 12) }, zeros(12)), "tensor 'b' begins at byte 8"],
    ['has bytes to spare', encoded({ a: entry('F32', [1], 0, 4) }, zeros(5)), '1 bytes after the last tensor belong to none'],
    [
      'has a boolean that is neither',
      encoded({ a: entry('BOOL', [2], 0, 2) }, [1, 2]),
      "tensor 'a' is BOOL but holds the byte 2",
    ],
    [
      'has an integer beyond 32 bits',
      encoded({ a: entry('I64', [1], 0, 8) }, [0, 0, 0, 0x80, 0, 0, 0, 0]),
      "tensor 'a' holds 2147483648",
    ],
  ])('%s', async (_, bytes, message) => {
    const failure = load(bytes);
    await expect(failure).rejects.toThrow(SafetensorsError);
    await expect(failure).rejects.toThrow(`${path}: `);
    await expect(failure).rejects.toThrow(message);
  });

  it('never does anything but load or throw SafetensorsError, whatever byte changes', async () => {
    const whole = encoded({ a: entry('F32', [2], 0, 8), b: entry('BOOL', [2], 8, 10) }, zeros(10));
    await fc.assert(
      fc.asyncProperty(fc.nat(whole.length - 1), fc.nat(255), async (at, byte) => {
        const changed = Buffer.from(whole);
        changed[at] = byte;
        await load(changed).catch((error) => expect(error).toBeInstanceOf(SafetensorsError));
      }),
      { numRuns: 300 },
    );
  });

  it('that does not exist keeps the system error', async () => {
    await expect(loadSafetensors(join(folder, 'none'))).rejects.toThrow('ENOENT');
  });
});

describe('saveSafetensors', () => {
  const anyTensor = fc
    .tuple(
      fc.constantFrom<DType>('float32', 'int32', 'uint8', 'bool'),
      fc.array(fc.nat(4), { maxLength: 3 }),
      fc.infiniteStream(fc.nat(255)),
    )
    .map(([dtype, shape, bytes]): Tensor => {
      const t = tensor(dtype, shape);
      const raw = new Uint8Array(t.data.buffer);
      for (let i = 0; i < raw.length; i++) raw[i] = dtype === 'bool' ? bytes.next().value! & 1 : bytes.next().value!;
      return t;
    });
  const names = fc.string({ unit: 'grapheme', maxLength: 8 }).filter((name) => name !== '__metadata__');

  it('gives back what it was given, bit by bit', async () => {
    await fc.assert(
      fc.asyncProperty(fc.dictionary(names, anyTensor), fc.dictionary(fc.string(), fc.string()), async (tensors, metadata) => {
        await saveSafetensors(path, tensors, metadata);
        const loaded = await loadSafetensors(path);
        expect(Object.entries(loaded.metadata).sort()).toEqual(Object.entries(metadata).sort());
        expect(Object.keys(loaded.tensors).sort()).toEqual(Object.keys(tensors).sort());
        for (const [name, { dtype, shape, data }] of Object.entries(tensors)) {
          const got = loaded.tensors[name]!;
          expect([got.dtype, got.shape, got.data.length]).toEqual([dtype, shape, sizeOf(shape)]);
          expect(Buffer.from(got.data.buffer as ArrayBuffer)).toEqual(Buffer.from(data.buffer as ArrayBuffer));
        }
      }),
      { numRuns: 100 },
    );
  });

  it('writes the bytes the format asks for, aligned and in an order of their own', async () => {
    const parts = float32([4], [9, 1, 2, 9]).data.subarray(1, 3);
    const flag = tensor('bool', [1], Uint8Array.of(1));
    await saveSafetensors(path, { a: flag, w: tensor('float32', [2], parts) }, { step: '7' });
    const json =
      '{"__metadata__":{"step":"7"},"w":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"a":{"dtype":"BOOL","shape":[1],"data_offsets":[8,9]}}';
    const padded = json.padEnd(Math.ceil(json.length / 8) * 8);
    expect(await readFile(path)).toEqual(encoded(padded, [0, 0, 0x80, 0x3f, 0, 0, 0, 0x40, 1]));
  });

  it('leaves the old file and nothing else behind when it fails', async () => {
    await saveSafetensors(path, { a: float32([1], [1]) });
    const before = await readFile(path);
    const wrong: Tensor = { dtype: 'float32', shape: [3], data: new Float32Array(2) };
    await expect(saveSafetensors(path, { a: float32([1], [2]), wrong })).rejects.toThrow(
      `${path}: tensor 'wrong' [3] has 2 elements`,
    );
    await expect(saveSafetensors(path, { __metadata__: float32([1], [2]) })).rejects.toThrow("cannot be called '__metadata__'");
    const doubles = { dtype: 'float32', shape: [1], data: new Float64Array(1) } as unknown as Tensor;
    await expect(saveSafetensors(path, { doubles })).rejects.toThrow("'doubles' is float32 over a Float64Array");
    await expect(saveSafetensors(path, { d: { ...doubles, dtype: 'float64' } as unknown as Tensor })).rejects.toThrow('float64');
    await expect(saveSafetensors(path, {}, { epoch: 3 } as unknown as Record<string, string>)).rejects.toThrow(
      "'epoch' must be a string",
    );
    expect(await readFile(path)).toEqual(before);
    expect(await readdir(folder)).toEqual(['weights.safetensors']);
    await expect(saveSafetensors(join(folder, 'none', 'a'), {})).rejects.toThrow('ENOENT');
    await expect(saveSafetensors(folder, {})).rejects.toThrow();
    expect((await readdir(join(folder, '..'))).filter((name) => name.includes(`.${folder.split('/').at(-1)}.`))).toEqual([]);
  });
});
