/** `earshot import` as users run it, and what its models are good for. */
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inflateSync } from 'node:zlib';
import { Command } from 'commander';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Interrupted, stopIf } from '../../src/cli/exit.js';
import { addExport } from '../../src/cli/export.js';
import { addImport } from '../../src/cli/import.js';
import { loadModel } from '../../src/localization/index.js';
import { encodePng, encodeWav } from '../../src/media/index.js';
import { loadSafetensors } from '../../src/runtime/index.js';
import { golden } from '../graph/golden.js';
import { noisyClip, noisyFrame } from '../localization/tiny.js';
import { archive, bytes, dict, text, tuple } from '../weights/torchFiles.js';
import { earshot } from './earshot.js';

const { networks } = golden<{ networks: { network: string; file: string | null }[] }>('checkpoints');

let folder: string;
const at = (name: string) => join(folder, name);
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'import-cli-'));
  for (const { network, file } of networks)
    if (file !== null) writeFileSync(at(`${network}.pth`), inflateSync(Buffer.from(file, 'base64')));
  writeFileSync(at('picture.png'), await encodePng(noisyFrame(1, 80, 60)));
  writeFileSync(at('sound.wav'), encodeWav(noisyClip(1, 64_000)));
});
afterAll(() => rmSync(folder, { recursive: true }));

describe('a checkpoint of SLAVC', () => {
  it('becomes a model and an ONNX file', async () => {
    const { code, stdout, stderr } = await earshot(['import', at('slavc.pth'), '--out', at('slavc.safetensors')]);
    expect(stderr).toBe('');
    expect(code).toBe(0);
    expect(stdout).toContain('slavc, Mo and Morgado, NeurIPS 2022 (stoneMo/SLAVC); 208 tensors');
    expect(stdout).toContain('left out: momentum_* (248)');
    expect(stdout).toContain('inputs are made as the preset ezvsl does, its authors score as the protocol slavc does');
    expect(stdout).toContain('no confidence');
    const model = await loadModel(at('slavc.safetensors'));
    expect(model).toMatchObject({ method: 'slavc', picture: { preset: 'ezvsl' }, sound: { preset: 'ezvsl' } });
    const { metadata } = await loadSafetensors(at('slavc.safetensors'));
    expect(metadata).toMatchObject({
      network: 'slavc',
      checkpoint: 'slavc.pth',
      sha256: expect.stringMatching(/^[0-9a-f]{64}$/),
    });
  });

  it('is localized with, and says that it has no confidence', async () => {
    const { code, stdout } = await earshot([
      'localize',
      at('picture.png'),
      at('sound.wav'),
      '-m',
      at('slavc.safetensors'),
      '-o',
      at('out'),
      '--threads',
      '1',
    ]);
    expect(code).toBe(0);
    expect(stdout).toContain('no confidence (the model was not calibrated)');
    const about = JSON.parse(readFileSync(at('out/picture+sound.json'), 'utf8'));
    expect(about).toMatchObject({
      model: { method: 'slavc', source: 'Mo and Morgado, NeurIPS 2022 (stoneMo/SLAVC)' },
      found: true,
      map: { shape: [1, 7, 7] },
    });
    expect(about.confidence).toBeUndefined();
    expect(about.boxes.length).toBeGreaterThan(0);
  });

  it('makes the same maps as a model and as an ONNX file', async () => {
    writeFileSync(at('list.json'), JSON.stringify([{ image: 'picture.png', audio: 'sound.wav', box: [8, 8, 40, 40] }]));
    const mapsOf = async (kind: 'safetensors' | 'maps.onnx') => {
      const given = ['--model', at(`slavc.${kind}`), '--batch', '1', '--threads', '1', '--out', at(kind)];
      const { code } = await earshot(['evaluate', '-b', 'world', '-a', at('list.json'), '--data', folder, ...given]);
      expect(code).toBe(0);
      const file = readFileSync(at(`${kind}/maps.npy`));
      return new Float32Array(Uint8Array.from(file.subarray(file.length - 4 * 7 * 7)).buffer);
    };
    const [model, onnx] = await Promise.all((['safetensors', 'maps.onnx'] as const).map(mapsOf));
    expect(Math.max(...model!) - Math.min(...model!)).toBeGreaterThan(0.05);
    expect(Math.max(...model!.map((value, i) => Math.abs(value - onnx![i]!)))).toBeLessThan(1e-5);
  });

  it('is not written over', async () => {
    const before = readFileSync(at('slavc.maps.onnx'));
    const again = ['import', at('ezvsl.pth'), '--out', at('slavc.safetensors')];
    const { code, stderr } = await earshot(again);
    expect(code).toBe(1);
    expect(stderr).toMatch(/slavc\.safetensors, .*slavc\.maps\.onnx are there already: pass --overwrite/);
    expect(readFileSync(at('slavc.maps.onnx')).equals(before)).toBe(true);
    expect((await earshot([...again, '--overwrite'])).code).toBe(0);
    expect((await loadModel(at('slavc.safetensors'))).method).toBe('ezvsl');
  });
});

it('whose network it is has to be said where names do not tell', async () => {
  const args = ['import', at('lvs.pth'), '--out', at('lvs.safetensors')];
  const { code, stderr } = await earshot(args);
  expect(code).toBe(1);
  expect(stderr).toContain('those of sslalign and lvs');
  expect(existsSync(at('lvs.safetensors'))).toBe(false);
  const { stdout } = await earshot([...args, '--network', 'lvs']);
  expect(stdout).toContain('lvs, Chen et al., CVPR 2021');
  expect((await loadModel(at('lvs.safetensors'))).sound.preset).toBe('lvs');
});

it('a checkpoint that would run something is refused, and leaves nothing behind', async () => {
  const evil = bytes('cposix\nsystem\n', tuple(text(`touch ${at('ran')}`)), 'R');
  writeFileSync(at('evil.pth'), archive(dict(['model', evil])));
  const before = readdirSync(folder).sort();
  const { code, stderr, stdout } = await earshot(['import', at('evil.pth'), '--out', at('evil.safetensors')]);
  expect(code).toBe(1);
  expect(stdout).toBe('');
  expect(stderr).toMatch(/^earshot: .*evil\.pth: byte \d+ of its pickle: it names "posix\.system"/);
  expect(readdirSync(folder).sort()).toEqual(before);
});

it('an exported file of the model has a place beside it, says whose it is, and is not what evaluates', async () => {
  const { code, stdout } = await earshot(['export', at('lvs.safetensors'), '-o', at('lvs.onnx')]);
  expect(code).toBe(0);
  expect(stdout).toContain('sslalign: Chen et al., CVPR 2021');
  const data = ['-b', 'world', '-a', at('list.json'), '--data', folder, '--model', at('lvs.onnx')];
  const { code: failed, stderr } = await earshot(['evaluate', ...data]);
  expect([failed, stderr]).toEqual([1, expect.stringMatching(/lvs\.onnx.*files of "earshot export" take: give the model/)]);
});

it('is told of a folder that is not there before any work', async () => {
  const { code, stderr } = await earshot(['import', at('none.pth'), '--out', at('none/x.safetensors')]);
  expect(code).toBe(1);
  expect(stderr).toMatch(/x\.safetensors: there is no folder .*none: make it first/);
});

it('Ctrl-C is heard between two long pieces of work', async () => {
  const controller = new AbortController();
  setImmediate(() => controller.abort(new Interrupted(130)));
  await expect(stopIf(controller.signal)).rejects.toThrow('interrupted');
});

it.each([
  ['import', addImport, ['lvs.pth', '--network', 'lvs', '-o', 'interrupted.safetensors']],
  ['export', addExport, ['lvs.safetensors', '-o', 'interrupted.onnx']],
] as const)('Ctrl-C ends %s, and leaves nothing behind', async (name, add, args) => {
  const program = new Command();
  add(program, AbortSignal.abort(new Interrupted(130)));
  const given = args.map((arg) => (arg.includes('.') ? at(arg) : arg));
  const before = readdirSync(folder).sort();
  await expect(program.parseAsync([name, ...given], { from: 'user' })).rejects.toThrow('interrupted');
  expect(readdirSync(folder).sort()).toEqual(before);
});

it.each([
  ['no output', ['x.pth'], "required option '-o, --out <file>'"],
  ['an output of another kind', ['x.pth', '-o', 'x.onnx'], 'ends in .safetensors'],
  ['an unknown network', ['x.pth', '-o', 'x.safetensors', '--network', 'avin'], 'Allowed choices are sslalign, lvs'],
  ['unknown inputs', ['x.pth', '-o', 'x.safetensors', '--inputs', 'none'], 'Allowed choices are'],
])('is used wrongly with %s', async (_, args, message) => {
  const { code, stderr } = await earshot(['import', ...args]);
  expect(code).toBe(2);
  expect(stderr).toContain(message);
});
