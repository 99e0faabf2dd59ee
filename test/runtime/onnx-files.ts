/** A small ONNX file, to be changed into what other programs write. */
import { writeFileSync } from 'node:fs';
import { create, fromBinary, toBinary } from '@bufbuild/protobuf';
import { expect } from 'vitest';
import * as g from '../../src/graph/index.js';
import {
  type ModelProto,
  ModelProtoSchema,
  StringStringEntryProtoSchema,
  type TensorProto,
  TensorProto_DataLocation,
} from '../../src/graph/onnx/onnx_pb.js';
import { readOnnx } from '../../src/runtime/onnxFile.js';
import { Session } from '../../src/runtime/session.js';
import { float32, type Tensor } from '../../src/tensor.js';

const weight = float32(
  [5, 3],
  Array.from({ length: 15 }, (_, i) => Math.sin(i)),
);

/** x [batch, 2, 3] times the weight -> product [batch, 2, 5], and its sum over the batch [2, 5]. */
export function graphOf(batch: number): g.Graph {
  const product = g.matMul(g.input('x', [batch, 2, 3]), g.transpose(g.constant(weight), [1, 0]));
  return { outputs: { product, total: g.sum(product, 0) } };
}

/** Writes the graph of a batch of 2 with something about its model changed; returns the path. */
export function writeModel(path: string, change: (model: ModelProto) => void): string {
  const model = fromBinary(ModelProtoSchema, g.lowerNchw(graphOf(2)).model);
  change(model);
  writeFileSync(path, toBinary(ModelProtoSchema, model));
  return path;
}

/** Moves a tensor's data to a file, as far as the model knows. */
export function placeOutside(tensor: TensorProto, location: string): TensorProto {
  tensor.dataLocation = TensorProto_DataLocation.EXTERNAL;
  tensor.externalData = [create(StringStringEntryProtoSchema, { key: 'location', value: location })];
  return tensor;
}

const x = (batch: number) =>
  float32(
    [batch, 2, 3],
    Array.from({ length: 6 * batch }, (_, i) => Math.cos(i)),
  );

/** Runs a file, and compares with the interpreter. */
export async function check(path: string, batch: number): Promise<void> {
  const model = await readOnnx(path, { batch });
  expect(model.inputs.map(({ shape }) => shape)).toEqual([[batch, 2, 3]]);
  const session = await Session.create(model);
  const outputs = await session.run({ x: x(batch) });
  await session.release();
  const wanted = g.interpret(graphOf(batch), { x: x(batch) });
  expect(Object.keys(outputs)).toEqual(['product', 'total']);
  for (const [name, { shape, data }] of Object.entries(outputs) as [string, Tensor<'float32'>][]) {
    expect([name, shape]).toEqual([name, wanted[name]!.shape]);
    for (const [i, value] of data.entries()) expect(Math.abs(value - wanted[name]!.data[i]!)).toBeLessThan(1e-5);
  }
}
