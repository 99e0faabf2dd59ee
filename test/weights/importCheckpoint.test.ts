/** Checkpoints as models: their maps are PyTorch's, and what does not fit is said by name. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inflateSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { modelLocalizer } from '../../src/localization/index.js';
import { sizeOf, tensor } from '../../src/tensor.js';
import { importCheckpoint } from '../../src/weights/importCheckpoint.js';
import { type PublishedName, publishedNames } from '../../src/weights/published.js';
import { expectClose, golden, type Plain } from '../graph/golden.js';
import { quiet } from '../localization/tiny.js';
import { archive, dict, floats, tensorRef } from './torchFiles.js';

interface Case {
  network: PublishedName;
  frames: number;
  /** Deflated; that of the case before when null. */
  file: string | null;
  map: Plain;
}

const { networks } = golden<{ networks: Case[] }>('checkpoints');
const fileOf = (network: PublishedName): string => {
  const at = networks.findIndex((one) => one.network === network);
  return networks.slice(0, at + 1).findLast(({ file }) => file !== null)!.file!;
};

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'import-'));
  for (const network of publishedNames) writeFileSync(pathOf(network), inflateSync(Buffer.from(fileOf(network), 'base64')));
});
afterAll(() => rmSync(folder, { recursive: true }));
const pathOf = (name: string) => join(folder, `${name}.pth`);

/** 2 fract(43758.5453 sin(12.9898 i + 78.233 seed)) - 1 */
function uniform(shape: readonly number[], seed: number) {
  const u = (i: number) => 43758.5453 * Math.sin(12.9898 * i + 78.233 * seed);
  return tensor(
    'float32',
    shape,
    Float32Array.from({ length: sizeOf(shape) }, (_, i) => 2 * (u(i) - Math.floor(u(i))) - 1),
  );
}

it('every network of the table has maps to be held against', () => {
  expect(networks.map(({ network }) => network).sort()).toEqual([...publishedNames].sort());
});

describe.each(networks)('a checkpoint of $network', ({ network, frames, map }) => {
  it('makes the maps that PyTorch makes', async () => {
    const { model, networks: found } = await importCheckpoint(pathOf(network), { network });
    expect(found).toEqual([network]);
    const localizer = await modelLocalizer(model, { ...quiet, batch: 1 });
    const inputs = [uniform([1, 3, 224, 224], 1), uniform([1, 1, 257, frames], 2)] as const;
    const { maps } = await localizer.localize(...inputs).finally(() => localizer.release());
    expect(Math.max(...map.data) - Math.min(...map.data)).toBeGreaterThan(0.3);
    expectClose(maps, map, 1e-5);
  });
});

describe('which network it is', () => {
  it('is told from the names', async () => {
    expect((await importCheckpoint(pathOf('ezvsl'))).networks).toEqual(['ezvsl', 'fnac']);
    expect((await importCheckpoint(pathOf('slavc'))).networks).toEqual(['slavc']);
  });

  it('is asked for where two that see and hear differently have the same names', async () => {
    await expect(importCheckpoint(pathOf('lvs'))).rejects.toThrow(/those of sslalign and lvs, .* --network/);
  });

  it('is known for no others', async () => {
    writeFileSync(pathOf('other'), archive(dict(['encoder.w', tensorRef('0', 1, [1], [1])]), { 0: floats(1) }));
    await expect(importCheckpoint(pathOf('other'))).rejects.toThrow(
      /no network known here \(encoder\.w, .*known are sslalign, lvs/,
    );
  });

  it('decides about the inputs, unless they are given', async () => {
    const { model } = await importCheckpoint(pathOf('lvs'), { network: 'lvs' });
    expect(model).toMatchObject({ method: 'sslalign', picture: { preset: 'lvs' }, sound: { preset: 'lvs' } });
    expect(model.confidence).toBeUndefined();
    const other = await importCheckpoint(pathOf('slavc'), { inputs: 'sslalign' });
    expect(other.model).toMatchObject({ method: 'slavc', picture: { preset: 'sslalign' }, sound: { preset: 'sslalign' } });
  });
});

it('what is not in the model is said', async () => {
  const { leftOut } = await importCheckpoint(pathOf('lvs'), { network: 'lvs' });
  expect(leftOut).toContainEqual({ names: 'imgnet.conv1_a.*', count: 1 });
  expect(leftOut).toContainEqual({ names: 'audnet.conv1.*', count: 1 });
  expect(leftOut).toContainEqual({ names: 'audnet.fc.*', count: 2 });
  expect(leftOut).toContainEqual({ names: '*.num_batches_tracked', count: 40 });
  const slavc = await importCheckpoint(pathOf('slavc'));
  expect(slavc.leftOut.find(({ names }) => names === 'momentum_*')?.count).toBe(2 * 124);
});

/** A state dict of zeros with the names and shapes of EZ-VSL's, as narrow as can be. */
function ezvslShapes(): Map<string, number[]> {
  const shapes = new Map<string, number[]>();
  const norm = (name: string) => {
    for (const part of ['weight', 'bias', 'running_mean', 'running_var']) shapes.set(`${name}.${part}`, [1]);
  };
  for (const [net, channels] of [
    ['imgnet', 3],
    ['audnet', 1],
  ] as const) {
    shapes.set(`${net}.conv1.weight`, [1, channels, 7, 7]);
    norm(`${net}.bn1`);
    for (let stage = 1; stage <= 4; stage++)
      for (const block of [0, 1])
        for (const i of [1, 2]) {
          shapes.set(`${net}.layer${stage}.${block}.conv${i}.weight`, [1, 1, 3, 3]);
          norm(`${net}.layer${stage}.${block}.bn${i}`);
          if (stage === 1 || block === 1 || i === 2) continue;
          shapes.set(`${net}.layer${stage}.0.downsample.0.weight`, [1, 1, 1, 1]);
          norm(`${net}.layer${stage}.0.downsample.1`);
        }
  }
  for (const [name, shape] of [
    ['img_proj', [2, 1, 1, 1]],
    ['aud_proj', [2, 1]],
  ] as const) {
    shapes.set(`${name}.weight`, [...shape]);
    shapes.set(`${name}.bias`, [2]);
  }
  return shapes;
}

describe('weights that do not fit', () => {
  const written = (change: (shapes: Map<string, number[]>) => void, value = 0.5) => {
    const shapes = ezvslShapes();
    change(shapes);
    const length = 200;
    const refs = [...shapes].map(([name, shape]) => {
      const strides = shape.map((_, axis) => sizeOf(shape.slice(axis + 1)));
      return [name, tensorRef('0', length, shape, strides)] as const;
    });
    writeFileSync(pathOf('changed'), archive(dict(...refs), { 0: floats(...new Array(length).fill(value)) }));
    return importCheckpoint(pathOf('changed'));
  };

  it('are imported when they do, as wide as they are', async () => {
    const { model } = await written(() => {});
    expect(model.settings).toMatchObject({ widths: [1, 1, 1, 1], blocks: [2, 2, 2, 2], dimensions: 2 });
  });

  it('are named: a variance that is none', async () => {
    await expect(written(() => {}, -0.5)).rejects.toThrow(/changed\.pth: 'imgnet\.bn1\.running_var' has a negative variance/);
  });

  it('are named: missing ones', async () => {
    const missing = written((shapes) => {
      for (const name of [...shapes.keys()]) if (name.startsWith('audnet.layer4.1.')) shapes.delete(name);
    });
    await expect(missing).rejects.toThrow(
      /changed\.pth: its weights are not those of ezvsl:\n {2}10 missing: audnet\.layer4\.1\.conv1\.weight \[1, 1, 3, 3\], .*, and 6 more$/,
    );
  });

  it('are named: unknown ones', async () => {
    const unknown = written((shapes) => {
      shapes.set('imgnet.layer1.2.conv1.weight', [1, 1, 3, 3]).set('extra.weight', [2]);
    });
    await expect(unknown).rejects.toThrow(/\n {2}2 unknown: extra\.weight, imgnet\.layer1\.2\.conv1\.weight$/);
  });

  it('are named: those of another shape', async () => {
    const wider = written((shapes) => void shapes.set('audnet.bn1.bias', [3]).set('aud_proj.weight', [3, 1]));
    await expect(wider).rejects.toThrow(
      /\n {2}2 of another shape: audnet\.bn1\.bias is \[3\], expected \[1\], aud_proj\.weight is \[3, 1\], expected \[2, 1\]$/,
    );
    const vast = written((shapes) => void shapes.set('imgnet.layer2.0.conv1.weight', [0, 1, 3, 3]));
    await expect(vast).rejects.toThrow(/widths \[1, 0, 1, 1\]/);
  });
});
