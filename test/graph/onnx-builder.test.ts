import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fromBinary } from '@bufbuild/protobuf';
import { InferenceSession, Tensor } from 'onnxruntime-node';
import { describe, expect, it } from 'vitest';
import { OnnxBuilder } from '../../src/graph/onnx/builder.js';
import { ModelProtoSchema } from '../../src/graph/onnx/onnx_pb.js';

const parse = (model: Uint8Array) => fromBinary(ModelProtoSchema, model);

describe('OnnxBuilder', () => {
  it('writes a model that runs, with several outputs, typed attributes and the done sequence', async () => {
    const b = new OnnxBuilder();
    const x = b.input('x', 'float32', [2, 3]);
    b.doneOutput();
    const scaled = b.op('LeakyRelu', [x], { alpha: { float: 0.5 } }, { label: 'net/act' });
    const [left, right] = b.ops('Split', [scaled, b.ints([1, 2])], { axis: 1 }, 2);
    const y = b.op('Add', [left!, right!], {}, { output: 'y' });
    b.output(y, 'float32', [2, 2]);
    const session = await InferenceSession.create(b.build('test').model);
    expect(session.outputNames).toEqual(['done', 'y']);
    const result = await session.run({ x: new Tensor('float32', Float32Array.of(1, 2, 3, -4, -5, 6), [2, 3]) }, ['y']);
    expect([...(result.y!.data as Float32Array)]).toEqual([3, 4, -4.5, 4]);
  });

  it('names nodes and values by scope, uniquely', () => {
    const b = new OnnxBuilder();
    const x = b.input('x', 'float32', [1]);
    b.scope = 'vision/layer1';
    const names = [b.op('Relu', [x]), b.op('Relu', [x]), b.op('Relu', [x], {}, { label: 'head' })];
    expect(names).toEqual(['vision/layer1/Relu', 'vision/layer1/Relu_1', 'head/Relu']);
    b.reserve('head/Relu_1');
    expect(b.op('Relu', [x], {}, { label: 'head' })).toBe('head/Relu_2');
    expect(() => b.op('Neg', ['head/Relu_1'])).toThrow('no value of this model yet');
    expect(b.op('Relu', [x], {}, { output: 'head/Relu_1' })).toBe('head/Relu_1');
    expect(b.ops('Split', [x], { num_outputs: 2 }, 2)).toEqual(['vision/layer1/Split:0', 'vision/layer1/Split:1']);
  });

  it('renames a value that becomes an output, and passes on what keeps its name', async () => {
    const b = new OnnxBuilder();
    const x = b.input('x', 'float32', [2]);
    const half = b.op('Mul', [x, b.scalar(0.5)]);
    const sum = b.op('Add', [half, half]);
    b.outputAs('half', half, 'float32', [2]);
    b.outputAs('again', half, 'float32', [2]);
    b.outputAs('same', x, 'float32', [2]);
    b.outputAs(sum, sum, 'float32', [2]);
    const { model } = b.build('test');
    expect(parse(model).graph!.node.map((n) => [n.opType, ...n.output])).toEqual([
      ['Mul', 'half'],
      ['Add', 'Add'],
      ['Identity', 'again'],
      ['Identity', 'same'],
    ]);
    const session = await InferenceSession.create(model);
    const result = await session.run({ x: new Tensor('float32', Float32Array.of(2, 6), [2]) });
    expect(Object.entries(result).map(([name, { data }]) => [name, ...(data as Float32Array)])).toEqual([
      ['half', 1, 3],
      ['again', 1, 3],
      ['same', 2, 6],
      ['Add', 2, 6],
    ]);
  });

  it('shares small equal constants of one type and shape, and only those', () => {
    const b = new OnnxBuilder();
    expect(b.ints([0, 1])).toBe(b.ints([0, 1]));
    expect(b.scalar(0.5)).toBe(b.scalar(0.5));
    expect(b.scalar(0)).not.toBe(b.scalar(-0));
    expect(b.constant(Float32Array.of(1), [1])).not.toBe(b.constant(Int32Array.of(1), [1]));
    expect(b.constant(Float32Array.of(1), [1])).not.toBe(b.constant(Float32Array.of(1), [1, 1]));
    expect(b.constant(Uint8Array.of(1), [1])).not.toBe(b.constant(Uint8Array.of(1), [1], { type: 'bool' }));
    expect(b.constant(Float32Array.of(1), [1], { name: 'gamma' })).toBe('gamma');
    const count = parse(b.build('test').model).graph!.initializer.length;
    expect(count).toBe(10);
  });

  it('records the producer, the version of the package and only the domains in use', async () => {
    const b = new OnnxBuilder();
    const x = b.input('x', 'float32', [2, 2]);
    b.output(b.op('FusedMatMul', [x, x], { transA: 1 }, { domain: 'com.microsoft' }), 'float32', [2, 2]);
    const model = parse(b.build('test').model);
    const { version } = JSON.parse(await readFile('package.json', 'utf8')) as { version: string };
    expect([model.producerName, model.producerVersion, model.irVersion]).toEqual(['earshot', version, 10n]);
    expect(model.opsetImport.map((o) => [o.domain, o.version])).toEqual([
      ['', 21n],
      ['com.microsoft', 1n],
    ]);
  });

  it('moves large initializers to external data beyond the limit', async () => {
    const b = new OnnxBuilder();
    const x = b.input('x', 'float32', [300]);
    const ramp = b.constant(
      Float32Array.from({ length: 300 }, (_, i) => i),
      [300],
      { name: 'ramp' },
    );
    const one = b.constant(new Float32Array(300).fill(1), [300], { name: 'one' });
    b.output(b.op('Add', [b.op('Mul', [x, ramp]), b.op('Mul', [one, b.scalar(2)])], {}, { output: 'y' }), 'float32', [300]);
    expect(b.build('inline').externalData).toBeUndefined();
    const { model, externalData } = b.build('net/a b', { limit: 2000 });
    expect(externalData!.path).toBe('net_a_b.weights');
    const folder = await mkdtemp(join(tmpdir(), 'earshot-'));
    try {
      await writeFile(join(folder, 'model.onnx'), model);
      await writeFile(join(folder, externalData!.path), Buffer.concat(externalData!.data));
      const session = await InferenceSession.create(join(folder, 'model.onnx'));
      const { y } = await session.run({ x: new Tensor('float32', new Float32Array(300).fill(3), [300]) });
      expect([...(y!.data as Float32Array)]).toEqual(Array.from({ length: 300 }, (_, i) => 3 * i + 2));
    } finally {
      await rm(folder, { recursive: true });
    }
  });

  it('refuses what would make an invalid model', () => {
    const b = new OnnxBuilder();
    const x = b.input('x', 'float32', [1]);
    expect(() => b.op('Relu', ['y'])).toThrow("Relu: its input 'y' is no value of this model yet");
    expect(() => b.op('Relu', [x], {}, { output: 'x' })).toThrow("the name 'x' is taken");
    expect(() => b.op('Gelu', [x], { alpha: 0.5 })).toThrow('{ float: 0.5 }');
    expect(() => b.op('Relu', [x], {}, { domain: 'org.example' })).toThrow("'org.example'");
    expect(() => b.constant(Float32Array.of(1, 2), [3])).toThrow('shape [3] holds 3 elements, the data 2');
    expect(() => b.output('z', 'float32', [1])).toThrow("output 'z'");
    b.output(x, 'float32', [1]);
    expect(() => b.doneOutput()).toThrow('before');
  });
});
