import { fromBinary } from '@bufbuild/protobuf';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { gradients } from '../../src/graph/gradient.js';
import { interpret } from '../../src/graph/interpret/index.js';
import { isOp, labelled, make, topological, type Value } from '../../src/graph/ir.js';
import { foldBatchNorm } from '../../src/graph/lower/fold.js';
import { lowerNchw } from '../../src/graph/lower/nchw/index.js';
import { ModelProtoSchema, type NodeProto } from '../../src/graph/onnx/onnx_pb.js';
import * as ops from '../../src/graph/ops.js';
import { float32, type Tensor } from '../../src/tensor.js';
import { Draw } from './draw.js';
import { convolutions } from './lowering-cases.js';
import { residualNetwork } from './residual-network.js';
import { expectAgreement, expectClose, runLowered } from './run-lowered.js';

const nodesOf = (model: Uint8Array): NodeProto[] => fromBinary(ModelProtoSchema, model).graph!.node;
const typesOf = (model: Uint8Array) => nodesOf(model).map((node) => node.opType);

describe('a residual network', () => {
  for (const graphOptimizationLevel of ['all', 'disabled'] as const)
    it(`has the interpreter's loss and gradients, optimization ${graphOptimizationLevel}`, async () => {
      const d = new Draw(11);
      const y = residualNetwork(d, d.uniform([4, 3, 24, 24]), 'batch');
      const loss = ops.neg(ops.mean(ops.mul(ops.logSoftmax(y), d.uniform([4, 5], 0, 1))));
      const parameters = topological([loss]).filter((v): v is Value<'parameter'> => isOp(v, 'parameter'));
      const gradientOf = gradients(loss, parameters);
      const outputs = Object.fromEntries(parameters.map((p) => [`d ${p.attributes.name}`, gradientOf.get(p)!]));
      const example = d.case({ loss, ...outputs });
      await expectAgreement(example, lowerNchw(example.graph), 1e-4, { graphOptimizationLevel });
    });

  it('gives the same with folded normalization, constants and no BatchNormalization left', async () => {
    const d = new Draw(12);
    const example = d.case({ y: residualNetwork(d, d.uniform([2, 3, 24, 24]), 'inference') });
    const folded = lowerNchw(example.graph, { weights: example.parameters });
    expect(folded.parameters).toEqual([]);
    expect(
      lowerNchw(example.graph)
        .parameters.map((p) => p.name)
        .toSorted(),
    ).toEqual(Object.keys(example.parameters).toSorted());
    expect(typesOf(lowerNchw(example.graph).model)).toContain('BatchNormalization');
    expect(typesOf(folded.model).filter((t) => t === 'BatchNormalization' || t === 'Add')).toEqual(['Add', 'Add', 'Add']);
    await expectAgreement(example, folded);
    await expectAgreement(example, folded, 1e-5, { graphOptimizationLevel: 'disabled' });
  });

  it('carries names a person can read', () => {
    const d = new Draw(13);
    const example = d.case({ y: residualNetwork(d, d.uniform([2, 3, 24, 24]), 'inference') });
    const { graph } = fromBinary(
      ModelProtoSchema,
      lowerNchw(example.graph, { weights: example.parameters, name: 'resnet' }).model,
    );
    expect(graph!.name).toBe('resnet');
    const names = graph!.node.map((node) => node.name);
    expect(names).toContain('layer2/layer2.downsample/Conv');
    expect(new Set(names).size).toBe(names.length);
    expect(graph!.initializer.map((t) => t.name)).toContain('layer2.conv1.weight.folded.bias');
  });
});

describe('folding', () => {
  it('keeps the result for any convolution, with and without a bias between', async () => {
    await fc.assert(
      fc.asyncProperty(convolutions, fc.integer(), fc.boolean(), async ({ x, weight, attributes }, seed, biased) => {
        const d = new Draw(seed);
        const convolved = make('conv2d', [d.uniform(x), d.parameter('w', weight)], attributes);
        const c = [weight[0]!];
        const [gamma, beta, mean] = ['gamma', 'beta', 'mean'].map((name) => d.parameter(name, c));
        const variance = d.parameter('variance', c, 0.2, 2);
        const before = biased ? ops.bias(convolved, d.parameter('b', c)) : convolved;
        const example = d.case({ y: ops.batchNormInference(before, gamma!, beta!, mean!, variance) });
        const { graph, weights } = foldBatchNorm(example.graph, example.parameters);
        expect(topological([graph.outputs.y!]).map((v) => v.op)).toEqual(['input', 'parameter', 'conv2d', 'parameter', 'bias']);
        expect(Object.keys(weights).toSorted()).toEqual(['w.folded', 'w.folded.bias']);
        const expected = interpret(example.graph, example.feeds, example.parameters);
        const folded = interpret(graph, example.feeds, weights);
        const asTensors = Object.fromEntries(Object.entries(folded).map(([name, v]) => [name, float32(v.shape, v.data)]));
        expectClose(asTensors, expected, 1e-6);
        await expectAgreement(example, lowerNchw(example.graph, { weights: example.parameters }));
      }),
      { numRuns: 60 },
    );
  });

  it('leaves a convolution alone whose result something else reads, and folds two that share a filter apart', async () => {
    const d = new Draw(5);
    const x = d.uniform([2, 3, 5, 5]);
    const weight = d.parameter('w', [4, 3, 3, 3]);
    const norm = (v: Value, name: string) =>
      ops.batchNormInference(
        v,
        d.parameter(`${name}.gamma`, [4]),
        d.parameter(`${name}.beta`, [4]),
        d.parameter(`${name}.mean`, [4]),
        d.parameter(`${name}.variance`, [4], 0.5, 2),
      );
    const read = ops.conv2d(x, weight, { padding: 1 });
    const example = d.case({
      a: ops.add(norm(read, 'a'), read),
      b: norm(ops.conv2d(x, weight), 'b'),
      c: norm(ops.conv2d(x, weight), 'c'),
    });
    const lowered = lowerNchw(example.graph, { weights: example.parameters });
    expect(typesOf(lowered.model).filter((t) => t === 'BatchNormalization')).toHaveLength(1);
    await expectAgreement(example, lowered);
  });
});

describe('a bias', () => {
  it('becomes part of its convolution, unless something else reads that', async () => {
    const d = new Draw(6);
    const x = d.uniform([2, 3, 5, 5]);
    const convolved = ops.conv2d(x, d.parameter('w', [4, 3, 3, 3]));
    const biased = ops.bias(convolved, d.parameter('b', [4]));
    const alone = d.case({ biased });
    expect(typesOf(lowerNchw(alone.graph).model)).toEqual(['Conv']);
    await expectAgreement(alone, lowerNchw(alone.graph));
    const both = d.case({ biased, rectified: ops.relu(convolved) });
    expect(typesOf(lowerNchw(both.graph).model)).toContain('Add');
    await expectAgreement(both, lowerNchw(both.graph));
  });
});

describe('weights that do not fit', () => {
  const x = ops.input('x', [1, 2]);
  const parameter = (name: string) => ops.parameter(name, [2], { kind: 'constant', value: 0 });
  const graph = { outputs: { y: ['a', 'b', 'c', 'd'].reduce<Value>((sum, name) => ops.add(sum, parameter(name)), x) } };

  it('are all listed in one error', () => {
    const weights: Record<string, Tensor> = {
      b: float32([1, 2]),
      c: float32([2], [0, Number.NaN]),
      d: { dtype: 'int32', shape: [2], data: new Int32Array(2) },
      e: float32([2]),
    };
    const lines = [
      "'a' [2] is missing",
      "'b' must be [2], it is [1, 2]",
      "'c' is NaN at element 1",
      "'d' must be float32, it is int32",
      "'e' is no parameter of the graph",
    ];
    expect(() => lowerNchw(graph, { weights })).toThrow(`(4 parameters):\n  ${lines.join('\n  ')}`);
  });

  it('and two parameters of one name are refused', () => {
    expect(() => lowerNchw({ outputs: { y: ops.add(parameter('a'), parameter('a')) } })).toThrow("called 'a'");
  });
});

describe('ports', () => {
  it('are inputs, parameters and masks by name; outputs may be leaves or the same value twice; done comes first', async () => {
    const d = new Draw(3);
    const x = d.uniform([3]);
    const w = d.parameter('w', [3]);
    const sum = labelled('net', () => ops.add(ops.mul(x, d.mask('drop', [3], 0.5)), w));
    const example = d.case({ sum, again: sum, sameX: x, sameW: w, two: ops.scalar(2) });
    const lowered = lowerNchw(example.graph, { done: true });
    expect(lowered.inputs).toEqual([{ name: 'x0', dtype: 'float32', shape: [3] }]);
    expect(lowered.parameters).toEqual([{ name: 'w', dtype: 'float32', shape: [3] }]);
    expect(lowered.masks).toEqual([{ name: 'drop', dtype: 'float32', shape: [3], rate: 0.5 }]);
    expect(lowered.outputs.map((p) => p.name)).toEqual(['sum', 'again', 'sameX', 'sameW', 'two']);
    expect(fromBinary(ModelProtoSchema, lowered.model).graph!.output[0]!.name).toBe('done');
    await expectAgreement(example, lowered);
  });
});

describe('names', () => {
  it('must differ between inputs, parameters, masks and outputs', () => {
    const x = ops.input('x', [2]);
    const w = ops.parameter('w', [2], { kind: 'constant', value: 0 });
    const weights = { w: float32([2]) };
    expect(() => lowerNchw({ outputs: { w: ops.add(x, w) } })).toThrow("'w'");
    expect(() => lowerNchw({ outputs: { w: ops.add(x, w) } }, { weights })).toThrow("'w'");
    expect(() => lowerNchw({ outputs: { y: ops.add(x, ops.randomMask('x', [2], 0.5)) } })).toThrow("'x'");
  });

  it('of outputs stay as given where a node would like to be called so', async () => {
    const d = new Draw(4);
    const x = d.uniform([2]);
    const example = d.case({ 'net/Relu': labelled('net', () => ops.relu(x)), 'ints/0': labelled('net', () => ops.sum(x, 0)) });
    await expectAgreement(example, lowerNchw(example.graph));
  });
});

describe('numerics', () => {
  it('normalizes a batch far from zero', async () => {
    const d = new Draw(1);
    const x = d.uniform([8, 4, 16, 16], 1000, 1002);
    const y = ops.batchNorm(x, d.parameter('gamma', [4], 1, 2), d.parameter('beta', [4]));
    const example = d.case({ y, variance: ops.batchVariance(x) });
    await expectAgreement(example, lowerNchw(example.graph), 1e-4);
  });

  it('sums many updates of one row', async () => {
    const d = new Draw(2);
    const y = make('scatterAdd', [d.uniform([5000, 16]), d.indices([5000], 3)], { axis: 0, size: 3 });
    const example = d.case({ y });
    await expectAgreement(example, lowerNchw(example.graph), 1e-5, { intraOpNumThreads: 2 });
  });

  it('shares the gradient of a maximum among the positions that have it', async () => {
    const x = ops.constant(float32([1, 1, 2, 2], [3, 3, 1, 3]));
    const y = ops.maxPool2d(x, 2);
    const attributes = { kernel: [2, 2], stride: [2, 2], padding: [0, 0, 0, 0] } as const;
    const lowered = lowerNchw({
      outputs: { dx: make('maxPool2dGrad', [x, y, ops.constant(float32([1, 1, 1, 1], [7]))], attributes) },
    });
    const { dx } = await runLowered(lowered, { feeds: {}, parameters: {}, masks: {} });
    expect([...dx!.data]).toEqual([7 / 3, 7 / 3, 0, 7 / 3].map(Math.fround));
  });
});
