/** ONNX files as exporters of other programs write them: open sizes, weights beside the model. */
import { mkdirSync, mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { create } from '@bufbuild/protobuf';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type ModelProto, StringStringEntryProtoSchema, type TensorShapeProto_Dimension } from '../../src/graph/onnx/onnx_pb.js';
import { readOnnx } from '../../src/runtime/onnxFile.js';
import { check, placeOutside, writeModel } from './onnx-files.js';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'onnx-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

const write = (name: string, change: (model: ModelProto) => void) => writeModel(join(folder, name), change);

/** The sizes of an input or output. */
function sizesOf({ graph }: ModelProto, name: string): TensorShapeProto_Dimension[] {
  const { type } = [...graph!.input, ...graph!.output].find((value) => value.name === name)!;
  if (type?.value.case !== 'tensorType') throw new Error(`${name} is no tensor`);
  return type.value.value.shape!.dim;
}

describe('open sizes', () => {
  const named = (dimension: TensorShapeProto_Dimension, value: string) => {
    dimension.value = { case: 'dimParam', value };
  };

  it('of the outputs are those that running the model has', async () => {
    const path = write('open.onnx', (model) => {
      named(sizesOf(model, 'x')[0]!, 'batch');
      // As PyTorch names what it does not know; and the first size is not always the batch.
      for (const [axis, dimension] of sizesOf(model, 'product').entries()) named(dimension, `MatMulproduct_dim_${axis}`);
      named(sizesOf(model, 'total')[0]!, 'rows');
    });
    await check(path, 3);
  });

  it('with the name of the batch are the batch, without running', async () => {
    const path = write('batch.onnx', (model) => {
      for (const name of ['x', 'product']) named(sizesOf(model, name)[0]!, 'N');
    });
    await check(path, 3);
    const unknown = write('unknown.onnx', (model) => {
      for (const name of ['x', 'product']) named(sizesOf(model, name)[0]!, 'N');
      model.graph!.node[0]!.opType = 'Teleport';
    });
    expect((await readOnnx(unknown, { batch: 3 })).outputs.map(({ shape }) => shape)).toEqual([
      [3, 2, 5],
      [2, 5],
    ]);
  });

  it.each([0n, -1n])('may be written as %i', async (value) => {
    const path = write('number.onnx', (model) => {
      for (const name of ['x', 'product']) sizesOf(model, name)[0]!.value = { case: 'dimValue', value };
    });
    await check(path, 3);
  });

  it('cannot be found for a model that does not run', async () => {
    const path = write('not.onnx', (model) => {
      named(sizesOf(model, 'product')[2]!, 'width');
      model.graph!.node[0]!.opType = 'Teleport';
    });
    const error = await readOnnx(path, { batch: 2 }).catch((e: Error) => e);
    expect(error).toMatchObject({ name: 'SessionError', message: expect.stringContaining(path) });
    expect((error as Error).message).toContain('Teleport');
  });

  it('of the inputs are only the first', async () => {
    const path = write('input.onnx', (model) => named(sizesOf(model, 'x')[1]!, 'time'));
    await expect(readOnnx(path, { batch: 2 })).rejects.toThrow(
      `${path}: input 'x': size 1 ('time') is not fixed; only the batch`,
    );
  });
});

describe('weights beside the model', () => {
  const beside = (location: string, more: (model: ModelProto) => void = () => {}) =>
    write('beside.onnx', (model) => {
      const initializer = model.graph!.initializer.find(({ rawData }) => rawData.length === 60)!;
      placeOutside(initializer, location);
      if (location === 'weights.bin') writeFileSync(join(folder, location), initializer.rawData);
      initializer.rawData = new Uint8Array();
      more(model);
    });

  it('are read', () => check(beside('weights.bin'), 2));

  it('are there too when sizes are open', async () => {
    const path = beside('weights.bin', (model) => {
      sizesOf(model, 'product')[2]!.value = { case: 'dimParam', value: 'width' };
    });
    await check(path, 2);
  });

  it('that cannot be read are an error that names the file', async () => {
    mkdirSync(join(folder, 'a folder'));
    writeFileSync(join(folder, 'large.bin'), '');
    truncateSync(join(folder, 'large.bin'), 2 ** 31 + 1);
    for (const [location, why] of [
      ['a folder', 'is no file'],
      ['missing.bin', 'cannot be read (ENOENT)'],
      ['large.bin', 'has more than 2 GiB'],
    ] as const) {
      const path = beside(location);
      const message = `${path}: its weights are in '${location}', which ${why}`;
      await expect(readOnnx(path, { batch: 2 })).rejects.toMatchObject({ name: 'OnnxFileError', message });
    }
  });
});

it('returns the metadata', async () => {
  const path = write('metadata.onnx', (model) => {
    model.metadataProps = [create(StringStringEntryProtoSchema, { key: 'earshot.picture', value: 'lvs' })];
  });
  expect((await readOnnx(path, { batch: 2 })).metadata).toEqual({ 'earshot.picture': 'lvs' });
});
