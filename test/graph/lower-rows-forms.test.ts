/** Graphs in which values of different forms meet: each once came out wrong or did not load. */
import { describe, expect, it } from 'vitest';
import { GraphError, gradients, lowerNchw } from '../../src/graph/index.js';
import type { Value } from '../../src/graph/ir.js';
import { lowerRows } from '../../src/graph/lower/rows/index.js';
import * as ops from '../../src/graph/ops.js';
import { channelBlock } from '../../src/runtime/index.js';
import { Draw } from './draw.js';
import { expectAgreement } from './run-lowered.js';

const block = await channelBlock();

const graphs: Readonly<Record<string, (d: Draw) => Record<string, Value>>> = {
  'a dilated convolution on a picture': (d) => ({
    y: ops.conv2d(d.uniform([2, 3, 9, 9]), d.parameter('w', [16, 3, 3, 3]), { dilation: 2, padding: 2 }),
  }),
  'a penalty on filters, whose gradient is spread from a scalar': (d) => {
    const w = d.parameter('w', [16, 16, 3, 3], -0.1, 0.1);
    const y = ops.conv2d(d.uniform([1, 16, 6, 6]), w, { padding: 1 });
    const loss = ops.add(ops.mean(ops.mul(y, y)), ops.mul(ops.sum(ops.abs(w)), 0.01));
    const dw = gradients(loss, [w]).get(w)!;
    return { dw, next: ops.sub(w, ops.mul(dw, 0.1)) };
  },
  'a position embedding of the size of a map': (d) => {
    const position = d.parameter('position', [1, 16, 5, 5]);
    const y = ops.conv2d(
      ops.add(ops.conv2d(d.uniform([1, 16, 5, 5]), d.parameter('a', [16, 16, 1, 1])), position),
      d.parameter('b', [16, 16, 3, 3]),
    );
    return { y, d: gradients(ops.sum(ops.mul(y, y)), [position]).get(position)! };
  },
  'a shortcut without a bias, then padded taps': (d) => {
    const x = d.uniform([1, 16, 8, 8]);
    const a = ops.relu(ops.add(ops.conv2d(x, d.parameter('a', [16, 16, 3, 3], -0.1, 0.1), { padding: 1 }), x));
    const b = ops.conv2d(a, d.parameter('b', [16, 16, 1, 1]));
    return { y: ops.conv2d(b, d.parameter('c', [16, 16, 5, 5]), { padding: 2 }) };
  },
  'maps of other types': (d) => {
    const y = ops.conv2d(d.uniform([2, 16, 6, 6]), d.parameter('w', [16, 16, 3, 3]), { padding: 1 });
    return {
      positive: ops.greater(y, 0),
      whole: ops.cast(ops.mul(y, 0.01), 'int32'),
      chosen: ops.where(ops.greater(y, ops.mean(y, 1, true)), y, 0),
      masked: ops.where(d.any('bool', [2, 16, 6, 6]), y, 0),
    };
  },
  'sums of a gradient under a normalization': (d) => {
    const x = d.uniform([2, 3, 24, 24]);
    const norm = ops.batchNorm(
      ops.conv2d(x, d.parameter('w', [16, 3, 7, 7], -0.2, 0.2), { stride: 2, padding: 3 }),
      d.parameter('gamma', [16], 0.5, 1),
      d.parameter('beta', [16]),
    );
    const pool = ops.maxPool2d(ops.relu(norm), 3, { stride: 2, padding: 1 });
    const gradient = gradients(ops.sum(ops.mul(pool, d.uniform(pool.shape))), [norm]).get(norm)!;
    return { total: ops.sum(gradient), channels: ops.sum(gradient, [0, 2, 3]) };
  },
  'parts of a batch, as rows of their pixels, compared': (d) => {
    const map = (x: Value) => ops.conv2d(x, d.parameter('w', [16, 16, 3, 3], -0.1, 0.1), { padding: 1 });
    const maps = ops.l2Normalize(map(ops.relu(d.uniform([4, 16, 8, 8]))), 1);
    const w = d.uniform([2, 16]);
    const views = [0, 2].map((first) => ops.slice(maps, [first, 0, 0, 0], [2, 16, 8, 8]));
    const pixels = views.map((view) => ops.reshape(ops.transpose(view, [0, 2, 3, 1]), [128, 16]));
    const products = pixels.map((rows) => ops.matMul(w, rows, { transposeB: true }));
    const loss = ops.add(ops.sum(ops.mul(products[0]!, products[0]!)), ops.sum(ops.mul(products[1]!, 0.5)));
    return {
      first: products[0]!,
      second: products[1]!,
      d: gradients(loss, [maps]).get(maps)!,
      back: ops.transpose(ops.reshape(pixels[1]!, [2, 8, 8, 16]), [0, 3, 1, 2]),
    };
  },
  'parts of a map and its edges, which are no parts of a batch': (d) => {
    const y = ops.conv2d(d.uniform([2, 16, 6, 6]), d.parameter('w', [16, 16, 3, 3], -0.1, 0.1), { padding: 1 });
    return {
      part: ops.slice(y, [0, 0, 1, 2], [2, 16, 4, 3]),
      channels: ops.slice(y, [1, 4, 0, 0], [1, 8, 6, 6]),
      edge: ops.pad(y, [0, 0, 1, 0], [0, 0, 0, 2]),
      ones: ops.pad(y, [1, 0, 0, 0], [1, 0, 0, 0], 1),
      more: ops.pad(y, [1, 0, 0, 0], [2, 0, 0, 0]),
      turned: ops.transpose(y, [1, 0, 3, 2]),
      filters: ops.slice(d.parameter('v', [16, 16, 3, 3]), [2, 0, 0, 0], [4, 16, 3, 3]),
    };
  },
};

describe('the rows lowering where forms meet', () => {
  for (const [name, build] of Object.entries(graphs))
    it(name, async () => {
      for (const channelBlock of [0, block]) {
        const draw = new Draw(11);
        const example = draw.case(build(draw));
        await expectAgreement(example, lowerRows(example.graph, { channelBlock }), 1e-4);
      }
    });

  it('gradients of the input with constant weights, whatever the kernel, stride and padding', async () => {
    for (const [kernel, stride, padding] of [
      [1, 2, 0],
      [3, 4, 1],
      [3, 1, 3],
      [3, 2, 1],
      [5, 2, 2],
    ] as const) {
      const draw = new Draw(12);
      const x = draw.uniform([2, 32, 9, 10]);
      const y = ops.relu(ops.conv2d(x, draw.parameter('w', [16, 32, kernel, kernel], -0.2, 0.2), { stride, padding }));
      const example = draw.case({ y, dx: gradients(ops.sum(ops.mul(y, y)), [x]).get(x)! });
      const { graph, parameters } = example;
      await expectAgreement(example, lowerRows(graph, { weights: parameters, channelBlock: block }), 1e-4);
    }
  });
});

describe('graphs no lowering takes', () => {
  for (const [title, lower] of [
    ['rows', lowerRows],
    ['nchw', lowerNchw],
  ] as const) {
    it(`${title}: two things of one name`, () => {
      const sum = ops.add(ops.input('x', [2]), ops.parameter('x', [2], { kind: 'constant', value: 0 }));
      expect(() => lower({ outputs: { sum } })).toThrow(
        /two things of the graph are called 'x': the input \[2\] built at .*forms\.test\.ts/,
      );
      expect(() => lower({ outputs: { done: ops.input('x', [2]) } }, { done: true })).toThrow(/'done'/);
    });
    it(`${title}: more elements than a kernel counts`, () => {
      const y = ops.relu(ops.input('picture', [1_000_000, 3, 224, 224]));
      expect(() => lower({ outputs: { y } })).toThrow(GraphError);
      expect(() => lower({ outputs: { y } })).toThrow(/150528000000 elements.*smaller batch/s);
    });
  }
});
