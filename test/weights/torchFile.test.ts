/** Files of torch.save in every form, whole and damaged. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inflateSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { tarEnd, tarMember } from '../../src/datasets/tar.js';
import { readTensors, stateDictOf } from '../../src/weights/stateDict.js';
import { openTorchFile } from '../../src/weights/torchFile.js';
import { golden } from '../graph/golden.js';
import { archive, bytes, dict, floats, int, pickle, sequence, tensorRef, text, tuple, zipped } from './torchFiles.js';

interface Golden {
  tensors: { files: string[]; values: Record<string, { shape: number[]; data: number[] }> };
}

const { tensors } = golden<Golden>('checkpoints');

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'torch-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

async function tensorsOf(content: Uint8Array): Promise<Record<string, { shape: readonly number[]; data: number[] }>> {
  const path = join(folder, 'some.pth');
  writeFileSync(path, content);
  const file = await openTorchFile(path);
  try {
    const values = await readTensors(file, stateDictOf(file));
    return Object.fromEntries([...values].map(([name, { shape, data }]) => [name, { shape, data: [...data] }]));
  } finally {
    await file.close();
  }
}

describe('tensors that PyTorch wrote', () => {
  const forms = ['archive', 'the form before', 'the form before that', 'protocol 3', 'protocol 4', 'protocol 5'];
  it.each(forms.map((form, i) => [form, i] as const))('have their values: %s', async (_, i) => {
    const found = await tensorsOf(inflateSync(Buffer.from(tensors.files[i]!, 'base64')));
    const wanted = Object.entries(tensors.values).map(([name, { shape, data }]) => [
      name,
      { shape, data: data.map(Math.fround) },
    ]);
    expect(found).toEqual(Object.fromEntries(wanted));
    expect(found.transposed!.data.slice(0, 6)).toEqual([0, 4, 8, 12, 16, 20]);
  });

  it.each([0, 1, 2])('are refused when the file is cut off, wherever', async (i) => {
    const whole = inflateSync(Buffer.from(tensors.files[i]!, 'base64'));
    // Archives are filled up with zeros.
    const last = whole.findLastIndex((byte) => byte !== 0);
    for (let end = 0; end < last; end += 41)
      await expect(tensorsOf(whole.subarray(0, end))).rejects.toThrow(join(folder, 'some.pth'));
  });

  it('are refused when a byte of them is another', async () => {
    const whole = inflateSync(Buffer.from(tensors.files[0]!, 'base64'));
    // 23 as float32, the last element of the only storage that has it.
    const at = whole.indexOf(floats(22, 23));
    expect(at).toBeGreaterThan(0);
    whole[at + 1]! ^= 1;
    await expect(tensorsOf(whole)).rejects.toThrow(/"[^"]*data\/\d+" in the archive cannot be read \(its checksum is another\)/);
  });
});

const forms = [
  ['archive', archive],
  ['sequence', sequence],
] as const;

describe.each(forms)('a %s', (_, form) => {
  const six = { 0: floats(1, 2, 3, 4, 5, 6) };
  const named = (...args: Parameters<typeof tensorRef>) => dict(['w', tensorRef(...args)]);

  it('of our own is read, on whatever device it was', async () => {
    const file = form(named('0', 6, [3, 2], [1, 3], { device: 'cuda:1' }), six);
    expect(await tensorsOf(file)).toEqual({ w: { shape: [3, 2], data: [1, 4, 2, 5, 3, 6] } });
  });

  it.each<[string, Uint8Array, string]>([
    ['ends beyond its storage', named('0', 6, [3, 2], [2, 2]), 'ends at element 6 of a storage of 6'],
    ['begins beyond it', named('0', 6, [1], [1], { offset: 6 }), 'ends at element 6'],
    ['repeats its storage', named('0', 6, [1000, 1000, 1000], [0, 0, 0]), 'repeats the 6 elements'],
    ['has a negative stride', named('0', 6, [2], [-1]), 'the strides of a tensor'],
    ['has a negative offset', named('0', 6, [2], [1], { offset: -1 }), 'the offset of a tensor'],
    ['has fewer strides than dimensions', named('0', 6, [2, 3], [1]), 'one stride for each dimension'],
    ['has too many dimensions', named('0', 6, new Array(17).fill(1), new Array(17).fill(1)), 'at most 16 whole numbers'],
    ['is of an unknown type', named('0', 6, [6], [1], { type: 'ComplexFloatStorage' }), 'names "torch.ComplexFloatStorage"'],
  ])('whose tensor %s is refused', async (_, content, message) => {
    await expect(tensorsOf(form(content, six))).rejects.toThrow(message);
  });

  it('whose storage is not there, or of another length, is refused', async () => {
    await expect(tensorsOf(form(named('1', 6, [6], [1]), six))).rejects.toThrow(/storage|storages/);
    await expect(tensorsOf(form(named('0', 7, [7], [1]), six))).rejects.toThrow(/24 bytes|6 elements/);
    await expect(tensorsOf(form(named('0', 2 ** 30, [6], [1]), six))).rejects.toThrow('at most 268435456');
  });

  it('of whole numbers, or of numbers that are none, is refused', async () => {
    const longs = { 0: new Uint8Array(BigInt64Array.of(1n, 2n).buffer) };
    const whole = dict(['w', tensorRef('0', 2, [2], [1], { type: 'LongStorage' })]);
    await expect(tensorsOf(form === sequence ? sequence(whole, longs, 8) : archive(whole, longs))).rejects.toThrow(
      "'w' is int64",
    );
    await expect(tensorsOf(form(named('0', 2, [2], [1]), { 0: floats(1, Number.NaN) }))).rejects.toThrow(
      "'w' is NaN at element 1",
    );
  });

  it.each(['model', 'state_dict', 'model_state_dict'])('keeps its state dict under %s', async (place) => {
    const inner = dict(['module.w', tensorRef('0', 6, [6], [1])]);
    expect(Object.keys(await tensorsOf(form(dict(['epoch', int(3)], [place, inner]), six)))).toEqual(['w']);
  });

  it('without a state dict is refused with what it holds', async () => {
    await expect(tensorsOf(form(dict(['epoch', int(3)], ['net', bytes(']')])))).rejects.toThrow(
      /expected a state dict, as it is or under model, state_dict, model_state_dict; it holds a dict with epoch \(a number\), net \(a list\)/,
    );
    await expect(tensorsOf(form(bytes('N')))).rejects.toThrow('it holds None');
    const mixed = dict(['model', dict(['module.w', tensorRef('0', 6, [6], [1])], ['other', int(1)])]);
    await expect(tensorsOf(form(mixed, six))).rejects.toThrow('expected a state dict');
  });

  it('with a reference to something else than a storage is refused', async () => {
    await expect(tensorsOf(form(bytes(tuple(text('module'), text('x')), 'Q')))).rejects.toThrow('expected one to a storage');
    await expect(tensorsOf(form(bytes(text('0'), 'Q')))).rejects.toThrow('expected one to a storage');
  });
});

describe('refused:', () => {
  it.each<[string, Uint8Array, string]>([
    ['a web page', bytes('<!DOCTYPE html><html>Google Drive - Virus scan warning'), 'no file of torch.save'],
    [
      'another zip',
      zipped({ 'a.txt': bytes('a') }),
      'expected one file \'<name>/data.pkl\' in it, there are 0 (the first file is "a.txt")',
    ],
    ['two pickles', zipped({ 'a/data.pkl': bytes('N.'), 'b/data.pkl': bytes('N.') }), 'there are 2'],
    ['another tar', bytes(tarMember('model.pth', bytes('a')), tarEnd), "there is no 'storages' in it"],
    ['TorchScript', zipped({ 'a/data.pkl': bytes('N.'), 'a/code/x.py': bytes('') }), 'TorchScript'],
    ['big endian', zipped({ 'a/data.pkl': bytes('N.'), 'a/byteorder': bytes('big') }), 'big endian'],
  ])('%s', async (_, content, message) => {
    await expect(tensorsOf(content)).rejects.toThrow(message);
    await expect(tensorsOf(content)).rejects.toThrow(join(folder, 'some.pth'));
  });

  it('an archive whose files are compressed: the pickle, or a storage', async () => {
    const weights = pickle(dict(['w', tensorRef('0', 4, [4], [1])]));
    const packed = zipped({ 'a/data.pkl': weights, 'a/data/0': floats(0, 0, 0, 0) }, { deflated: true });
    await expect(tensorsOf(packed)).rejects.toThrow('"a/data.pkl" in the archive is compressed');
    // The pickle as it is, and the storage said to be deflated: in both its headers, 8 and 10 bytes on from their beginnings.
    const half = Buffer.from(zipped({ 'a/data.pkl': weights, 'a/data/0': floats(0, 0, 0, 0) }));
    expect((await tensorsOf(half)).w!.data).toEqual([0, 0, 0, 0]);
    half[half.indexOf('a/data/0') - 30 + 8] = 8;
    half[half.lastIndexOf('a/data/0') - 46 + 10] = 8;
    await expect(tensorsOf(half)).rejects.toThrow('"a/data/0" in the archive is compressed');
  });

  it('a file of the form before whose version or list of storages is a list that doubles again and again', async () => {
    // Each list holds the one before it twice: as a text it would have 2^60 parts.
    const doubled = bytes(
      ']q',
      0,
      '0',
      ...Array.from({ length: 60 }, (_, i) => bytes('](h', i, 'h', i, 'eq', i + 1, '0')),
      'h',
      60,
    );
    const whole = Buffer.from(sequence(bytes('}')));
    const version = whole.subarray(0, 15);
    await expect(tensorsOf(bytes(version, pickle(doubled)))).rejects.toThrow('version a list of the file');
    const keys = whole.subarray(0, whole.lastIndexOf(pickle(bytes(']('))));
    expect(keys.length).toBeGreaterThan(15);
    await expect(tensorsOf(bytes(keys, pickle(bytes('](', doubled, 'e'))))).rejects.toThrow(
      'its list of storages has a list, which',
    );
  });

  it('a tar whose reference to a tensor is a text of any length', async () => {
    const none = pickle(bytes(0x4b, 0));
    const storages = bytes(none, pickle(bytes(']')));
    const file = bytes(
      tarMember('storages', storages),
      tarMember('tensors', none),
      tarMember('pickle', pickle(bytes(text('x'.repeat(1_000_000)), 'Q'))),
      tarEnd,
    );
    await expect(tensorsOf(file)).rejects.toThrow('(a name of 1000000 characters) for the number of a storage or tensor');
  });

  it('a folder, an empty file, and one that is not there', async () => {
    await expect(openTorchFile(folder)).rejects.toThrow('this is no file');
    await expect(openTorchFile(join(folder, 'none.pth'))).rejects.toThrow(/none\.pth: there is no such file$/);
    writeFileSync(join(folder, 'empty.pth'), '');
    await expect(openTorchFile(join(folder, 'empty.pth'))).rejects.toThrow(/empty\.pth: the file is empty$/);
  });
});
