import { describe, expect, it } from 'vitest';
import { gradients } from '../../src/graph/gradient.js';
import { interpret } from '../../src/graph/interpret/index.js';
import { lowerNchw } from '../../src/graph/lower/nchw/index.js';
import { lowerRows } from '../../src/graph/lower/rows/index.js';
import * as ops from '../../src/graph/ops.js';
import { type ResNetOptions, resnet, resnet10, resnet18 } from '../../src/models/index.js';
import { Scope } from '../../src/nn/index.js';
import { channelBlock } from '../../src/runtime/index.js';
import { float32, sizeOf } from '../../src/tensor.js';
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

describe('centred', () => {
  const shapesOf = (options: ResNetOptions, size: number) => {
    const scope = new Scope({ training: true });
    const y = resnet(scope, ops.input('frame', [1, 3, size, size + 9]), options);
    return { y: y.shape, parameters: [...scope.parameters].map(([name, { shape }]) => [name, shape]) };
  };
  it.each([
    { widths: [4, 8], blocks: [1, 1], lastStride: 1 as const },
    { widths: [4, 8], blocks: [1, 2], lastStride: 2 as const },
    { widths: [4, 8, 8], blocks: [1, 1, 1], lastStride: 1 as const },
    { widths: [4, 4, 8, 8], blocks: [1, 1, 1, 1] },
  ])('changes no size and no weight: stages $widths, stride $lastStride', (options) => {
    for (let size = 32; size < 41; size++)
      expect(shapesOf({ ...options, centred: true }, size)).toEqual(shapesOf({ ...options, centred: false }, size));
  });

  /** A network that adds up what it sees, evenly: weights of one sign, normalization that changes nothing. */
  function evenNetwork(options: ResNetOptions, size: number) {
    const scope = new Scope({ training: false });
    const x = ops.input('frame', [1, 1, size, size]);
    const y = resnet(scope, x, options);
    const values = [...scope.parameters].map(([name, { shape }]) => {
      const value =
        name.endsWith('running_mean') || name.endsWith('bias') ? 0 : name.includes('conv') || shape.length > 1 ? 0.1 : 1;
      return [name, float32(shape, new Array(sizeOf(shape)).fill(value))] as const;
    });
    return { x, y, weights: Object.fromEntries(values) };
  }

  /** Centre of gravity [x, y], in pixels, of what position (row, column) of the map depends on. */
  function seenBy(options: ResNetOptions, size: number, row: number, column: number): [number, number] {
    const { x, y, weights } = evenNetwork(options, size);
    const [, c, , w] = y.shape as [number, number, number, number];
    const at = ops.slice(y, [0, 0, row, column], [1, c, 1, 1]);
    const dx = gradients(ops.sum(at), [x]).get(x)!;
    // All pixels alike: pooling shares its gradient among them evenly.
    const frame = float32(x.shape, new Array(size * size).fill(1));
    const { data } = interpret({ outputs: { dx } }, { frame }, weights).dx!;
    expect(w).toBeGreaterThan(column);
    let [total, sumX, sumY] = [0, 0, 0];
    for (const [p, g] of data.entries()) {
      expect(g).toBeGreaterThanOrEqual(0);
      total += g;
      sumX += g * (p % size);
      sumY += g * Math.floor(p / size);
    }
    return [sumX / total, sumY / total];
  }

  it.each([
    { stride: 4, widths: [2], blocks: [1] },
    { stride: 4, widths: [2, 2], blocks: [1, 1], lastStride: 1 as const },
    { stride: 8, widths: [2, 2], blocks: [1, 1], lastStride: 2 as const },
    { stride: 16, widths: [1, 1, 1], blocks: [1, 1, 1], lastStride: 2 as const },
    { stride: 16, widths: [1, 1, 2, 1], blocks: [1, 1, 1, 1], lastStride: 1 as const },
    { stride: 32, widths: [1, 1, 2, 1], blocks: [1, 1, 1, 1], lastStride: 2 as const },
    { stride: 8, widths: [2, 2, 2], blocks: [1, 1, 1], lastStride: 1 as const },
  ])('looks at the middle of the pixels of a position: stages $widths, stride $stride', ({ stride, ...options }) => {
    const size = 16 * stride;
    // Far from the edges.
    const [row, column] = [8, 7];
    const [x, y] = seenBy({ ...options, centred: true }, size, row, column);
    expect(x).toBeCloseTo(stride * column + stride / 2 - 1, 6);
    expect(y).toBeCloseTo(stride * row + stride / 2 - 1, 6);
    const [left, top] = seenBy(options, size, row, column);
    expect([left, top].map((v) => Math.round(v * 1e6) / 1e6)).toEqual([stride * column, stride * row]);
  });

  it('answers most strongly where a point is', () => {
    const size = 96;
    const strongest = (centred: boolean, at: number) => {
      const { y, weights } = evenNetwork({ widths: [2, 2], blocks: [1, 1], centred }, size);
      const frame = float32([1, 1, size, size]);
      frame.data[at * size + at] = 1;
      const { data, shape } = interpret({ outputs: { y } }, { frame }, weights).y!;
      const [, , h, w] = shape as [number, number, number, number];
      const first = data.slice(0, h * w);
      const most = first.indexOf(Math.max(...first));
      return [most % w, Math.floor(most / w)];
    };
    // The pixels 40 to 47 are those of position 5.
    for (const pixel of [42, 43, 44]) expect(strongest(true, pixel)).toEqual([5, 5]);
    expect(strongest(false, 46)).toEqual([6, 6]);
  });
});
