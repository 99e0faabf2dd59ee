/** ONNX files that are refused: weights elsewhere, unknown operations, what is no model. */
import { mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { create } from '@bufbuild/protobuf';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import * as g from '../../src/graph/index.js';
import {
  AttributeProtoSchema,
  FunctionProtoSchema,
  GraphProtoSchema,
  type ModelProto,
  NodeProtoSchema,
  OperatorSetIdProtoSchema,
  TensorProtoSchema,
} from '../../src/graph/onnx/onnx_pb.js';
import { readOnnx } from '../../src/runtime/onnxFile.js';
import { check, graphOf, placeOutside, writeModel } from './onnx-files.js';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'onnx-refused-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

const write = (name: string, change: (model: ModelProto) => void) => writeModel(join(folder, name), change);

describe('weights elsewhere', () => {
  it.each(['../weights.bin', '/etc/passwd', 'inner/weights.bin', '..\\weights.bin', '..', ''])(
    'are refused: %j',
    async (location) => {
      const path = write('elsewhere.onnx', ({ graph }) => placeOutside(graph!.initializer[0]!, location));
      const message = `${path}: weights 'constant' lie in ${JSON.stringify(location)}; expected a file in the model's folder`;
      await expect(readOnnx(path, { batch: 2 })).rejects.toMatchObject({ name: 'OnnxFileError', message });
    },
  );

  it('are refused within nodes, their graphs and functions too', async () => {
    const outside = () => placeOutside(create(TensorProtoSchema, { name: 'hidden' }), '../hidden.bin');
    const holder = () =>
      create(NodeProtoSchema, { opType: 'Constant', attribute: [create(AttributeProtoSchema, { name: 'value', t: outside() })] });
    const inner = create(GraphProtoSchema, { initializer: [outside()] });
    const branch = create(AttributeProtoSchema, { name: 'then_branch', g: inner });
    for (const change of [
      (m: ModelProto) => void m.graph!.node.push(holder()),
      (m: ModelProto) => void m.graph!.node.push(create(NodeProtoSchema, { opType: 'If', attribute: [branch] })),
      (m: ModelProto) => void m.functions.push(create(FunctionProtoSchema, { name: 'f', node: [holder()] })),
    ])
      await expect(readOnnx(write('hidden.onnx', change), { batch: 2 })).rejects.toThrow(
        `weights 'hidden' lie in "../hidden.bin"`,
      );
  });

  it('are refused in more than one file', async () => {
    const path = write('two.onnx', ({ graph }) => {
      placeOutside(graph!.initializer[0]!, 'one.bin');
      graph!.initializer.push(placeOutside(create(TensorProtoSchema, { name: 'more' }), 'two.bin'));
    });
    await expect(readOnnx(path, { batch: 2 })).rejects.toThrow('its weights lie in 2 files; save them in one');
  });
});

describe('operations', () => {
  const ofDomain = (domain: string) => (model: ModelProto) => {
    model.graph!.node.find(({ opType }) => opType === 'MatMul')!.domain = domain;
    model.opsetImport.push(create(OperatorSetIdProtoSchema, { domain, version: 1n }));
  };

  it('of an unknown domain are refused by name, in the graph and in graphs within it', async () => {
    const path = write('domain.onnx', ofDomain('org.example'));
    const message = expect.stringContaining(`${path}: its operation 'MatMul' is of the domain 'org.example'`);
    await expect(readOnnx(path, { batch: 2 })).rejects.toMatchObject({ name: 'OnnxFileError', message });
    const within = write('within.onnx', ({ graph }) => {
      const g = create(GraphProtoSchema, { node: [create(NodeProtoSchema, { opType: 'Odd', domain: 'org.example' })] });
      const attribute = [create(AttributeProtoSchema, { name: 'then_branch', g })];
      graph!.node.push(create(NodeProtoSchema, { opType: 'If', attribute }));
    });
    await expect(readOnnx(within, { batch: 2 })).rejects.toThrow("'Odd' is of the domain 'org.example'");
  });

  it('that the file defines itself run; not others of their domain', async () => {
    const functionOf = (name: string) => (model: ModelProto) => {
      ofDomain('pkg.example')(model);
      const node = [create(NodeProtoSchema, { opType: 'MatMul', input: ['a', 'b'], output: ['c'] })];
      const { opsetImport } = model;
      const f = { domain: 'pkg.example', name, input: ['a', 'b'], output: ['c'], node, opsetImport };
      model.functions = [create(FunctionProtoSchema, f)];
    };
    await check(write('function.onnx', functionOf('MatMul')), 2);
    await expect(readOnnx(write('others.onnx', functionOf('Other')), { batch: 2 })).rejects.toThrow("domain 'pkg.example'");
  });
});

describe('what is no model', () => {
  it('because of its size, or because it is no file, is refused before it is read', async () => {
    const path = join(folder, 'huge.onnx');
    writeFileSync(path, '');
    truncateSync(path, 2 ** 31);
    await expect(readOnnx(path, { batch: 2 })).rejects.toMatchObject({
      name: 'OnnxFileError',
      message: `${path}: ${2 ** 31} bytes are more than an ONNX file can have; its weights belong in a file beside it`,
    });
    for (const other of [folder, '/dev/zero'])
      await expect(readOnnx(other, { batch: 2 })).rejects.toThrow(`${other}: expected an ONNX file, this is no file`);
  });

  it('is refused in one line, cut off anywhere', async () => {
    const { model } = g.lowerNchw(graphOf(2));
    const path = join(folder, 'cut.onnx');
    for (let length = 0; length < model.length; length += 37) {
      writeFileSync(path, model.subarray(0, length));
      const error = (await readOnnx(path, { batch: 2 }).catch((e: Error) => e)) as Error;
      expect([length, error.name, error.message.split('\n').length]).toEqual([length, 'OnnxFileError', 1]);
      expect(error.message).toContain(`${path}: it is no ONNX model`);
    }
  });
});
