import { describe, expect, it } from 'vitest';
import { interpret } from '../../src/graph/interpret/index.js';
import { lowerNchw } from '../../src/graph/lower/nchw/index.js';
import { lowerRows } from '../../src/graph/lower/rows/index.js';
import * as ops from '../../src/graph/ops.js';
import { type ResNetOptions, resnet, resnet10, resnet18 } from '../../src/models/index.js';
import { Scope } from '../../src/nn/index.js';
import { channelBlock } from '../../src/runtime/index.js';
import { sizeOf } from '../../src/tensor.js';
import { runLowered } from '../graph/run-lowered.js';
import { testGoldenResNets } from './resnet-golden.js';

testGoldenResNets('interpreted', async (graph, feeds, parameters) => interpret(graph, feeds, parameters), 1e-6);
testGoldenResNets('lowered to nchw', (graph, feeds, parameters) =>
  runLowered(lowerNchw(graph), { feeds, parameters, masks: {} }),
);
for (const convolution of ['direct', 'F2'] as const)
  testGoldenResNets(`lowered to rows, ${convolution}`, (graph, feeds, parameters) =>
    runLowered(lowerRows(graph, { convolution }), { feeds, parameters, masks: {} }),
  );

const block = await channelBlock();
if (!block) console.log('golden ResNets: ONNX Runtime has no blocked kernels on this machine; they are not tested here');
testGoldenResNets('lowered to rows as shipped', (graph, feeds, parameters) =>
  runLowered(lowerRows(graph, { convolution: 'auto', channelBlock: block }), { feeds, parameters, masks: {} }),
);

describe('resnet18 and resnet10', () => {
  const count = (scope: Scope) =>
    [...scope.parameters.values()].reduce((n, p) => n + (p.attributes.trainable ? sizeOf(p.shape) : 0), 0);

  it('has the weights of the published network without its classifier', () => {
    const scope = new Scope({ training: false });
    const y = resnet18(scope.child('vision'), ops.input('frame', [2, 3, 224, 224]));
    expect(y.shape).toEqual([2, 512, 7, 7]);
    expect(count(scope)).toBe(11_689_512 - 513_000);
    expect(scope.parameters.has('vision.layer4.1.bn2.running_var')).toBe(true);
  });

  it('keeps a map twice as fine with lastStride 1, and takes spectrograms', () => {
    const y = resnet18(new Scope({ training: true }), ops.input('spectrogram', [1, 1, 257, 200]), { lastStride: 1 });
    expect(y.shape).toEqual([1, 512, 17, 13]);
    const small = new Scope({ training: true });
    expect(resnet10(small, ops.input('frame', [1, 3, 128, 128])).shape).toEqual([1, 256, 4, 4]);
    expect(small.parameters.get('layer2.0.downsample.0.weight')?.shape).toEqual([64, 32, 1, 1]);
    expect(small.parameters.has('layer1.1.conv1.weight')).toBe(false);
  });

  it('refuses widths and block counts of different lengths', () => {
    const x = ops.input('frame', [1, 3, 32, 32]);
    expect(() => resnet(new Scope({ training: true }), x, { widths: [8, 16], blocks: [1] })).toThrow(
      /widths \[8,16\] and blocks \[1\]/,
    );
  });

  it('refuses a stride for the last stage when it is the first', () => {
    const x = ops.input('frame', [1, 3, 32, 32]);
    const build = (options: ResNetOptions) => resnet(new Scope({ training: true }), x, { widths: [8], blocks: [1], ...options });
    expect(build({}).shape).toEqual([1, 8, 8, 8]);
    expect(() => build({ lastStride: 2 })).toThrow(/stride of a single stage is always 1; leave lastStride \(2\) out/);
  });
});
