import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { gradients } from '../../src/graph/gradient.js';
import { interpret } from '../../src/graph/interpret/index.js';
import { make, type Op, type Pair, type Value } from '../../src/graph/ir.js';
import { type LowerRowsOptions, lowerRows } from '../../src/graph/lower/rows/index.js';
import * as ops from '../../src/graph/ops.js';
import { channelBlock } from '../../src/runtime/index.js';
import { Draw, type LoweringCase } from './draw.js';
import { cases } from './lowering-cases.js';
import { dilated, expectAgreement, relativeError, runLowered } from './run-lowered.js';

const block = await channelBlock();
const ways = ['auto', 'direct', 'F2', 'F4'] as const;
const options = fc.record({ convolution: fc.constantFrom(...ways), channelBlock: fc.constantFrom(0, block) });
/** F4 rounds a little more than a plain product. */
const tolerance = 3e-5;

describe('the rows lowering agrees with the interpreter', () => {
  for (const op of Object.keys(cases) as Op[])
    it(op, async () => {
      const check = (example: LoweringCase, chosen: LowerRowsOptions) =>
        expectAgreement(example, lowerRows(example.graph, chosen), tolerance);
      await fc.assert(fc.asyncProperty(cases[op], options, check), { numRuns: op.startsWith('conv2d') ? 60 : 15, seed: 1 });
    });
});

/** Layers that keep a map in rows or blocks, as a network strings them together. */
type Layer = (x: Value, draw: Draw, name: string) => Value;
/** Weights that keep the size of activations, so that nothing saturates. */
const filters = (draw: Draw, name: string, channels: number, x: Value, kernel: number) => {
  const bound = Math.sqrt(3 / (x.shape[1]! * kernel ** 2));
  return draw.parameter(`${name}.weight`, [channels, x.shape[1]!, kernel, kernel], -bound, bound);
};
const conv =
  (channels: number, kernel: number, stride: number, padding = (kernel - 1) / 2): Layer =>
  (x, draw, name) =>
    ops.conv2d(x, filters(draw, name, channels, x, kernel), { stride, padding });
const norm: Layer = (x, draw, name) =>
  ops.batchNorm(x, draw.parameter(`${name}.gamma`, [x.shape[1]!], 0.5, 1.5), draw.parameter(`${name}.beta`, [x.shape[1]!]));
const layers: Readonly<Record<string, Layer>> = {
  'conv 3': (x, d, n) => conv(x.shape[1]!, 3, 1)(x, d, n),
  'conv 3 / 2': (x, d, n) => conv(x.shape[1]!, 3, 2)(x, d, n),
  'conv 3, wider': (x, d, n) => conv(x.shape[1]! * 2, 3, 1)(x, d, n),
  'conv 3, no padding': (x, d, n) => (Math.min(x.shape[2]!, x.shape[3]!) > 2 ? conv(16, 3, 1, 0)(x, d, n) : x),
  'conv 5 / 3': (x, d, n) => conv(16, 5, 3)(x, d, n),
  'conv 1': (x, d, n) => conv(32, 1, 1)(x, d, n),
  'conv 1 / 2': (x, d, n) => conv(16, 1, 2)(x, d, n),
  'dilated conv': (x, d, n) => ops.conv2d(x, filters(d, n, 16, x, 3), { padding: 2, dilation: 2 }),
  norm: (x, d, n) => (x.shape[0]! * x.shape[2]! * x.shape[3]! > 8 ? norm(x, d, n) : x),
  relu: (x) => ops.relu(x),
  bias: (x, d, n) => ops.bias(x, d.parameter(`${n}.bias`, [x.shape[1]!])),
  residual: (x, d, n) => ops.relu(ops.add(norm(conv(x.shape[1]!, 3, 1)(x, d, n), d, n), x)),
  'max pool': (x) => ops.maxPool2d(x, 3, { stride: 2, padding: 1 }),
  'max pool 2 / 1': (x) => (Math.min(x.shape[2]!, x.shape[3]!) > 1 ? ops.maxPool2d(x, 2, { stride: 1 }) : x),
  'average pool': (x) => (Math.min(x.shape[2]!, x.shape[3]!) > 1 ? ops.averagePool2d(x, 2) : x),
  'gate by channel': (x) => ops.mul(x, ops.sigmoid(ops.mean(x, [2, 3], true))),
  scale: (x) => ops.tanh(ops.mul(x, 0.5)),
  unit: (x) => ops.l2Normalize(x, 1),
};

/** A chain of layers from a picture to a scalar, with the gradients of every parameter and of the picture. */
function chain(seed: number, names: readonly string[], channels: number, [height, width]: Pair, batch: number): LoweringCase {
  const draw = new Draw(seed);
  const picture = draw.uniform([batch, 3, height, width]);
  let x = conv(channels, 3, 1)(picture, draw, 'first');
  names.forEach((name, i) => {
    x = layers[name]!(x, draw, `layer${i}`);
  });
  const pooled = seed % 2 ? ops.globalAveragePool(x) : ops.globalMaxPool(x);
  const loss = ops.sum(ops.mul(ops.tanh(pooled), draw.uniform(pooled.shape)));
  const outputs: Record<string, Value> = { loss, map: x };
  const wanted = new Set<Value>([picture]);
  const visit = (v: Value) => {
    if (v.op === 'parameter') wanted.add(v);
    v.inputs.forEach(visit);
  };
  visit(loss);
  let n = 0;
  for (const dx of gradients(loss, [...wanted]).values()) outputs[`gradient${n++}`] = dx;
  return draw.case(outputs);
}

describe('networks in rows and blocks', () => {
  it('chains of layers have the values and gradients of the interpreter', async () => {
    const shape = fc.tuple(fc.integer({ min: 4, max: 13 }), fc.integer({ min: 4, max: 13 }));
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 0, max: 1e6 }),
        fc.array(fc.constantFrom(...Object.keys(layers)), { minLength: 1, maxLength: 4 }),
        fc.constantFrom(16, 24, 32),
        shape,
        fc.integer({ min: 1, max: 3 }),
        options,
        async (seed, names, channels, size, batch, chosen) => {
          const example = chain(seed, names, channels, size as Pair, batch);
          const expected = interpret(example.graph, example.feeds, example.parameters);
          const actual = await runLowered(lowerRows(example.graph, chosen), example);
          // Some gradients vanish by design (a scale before a normalization): what is left of them is rounding.
          for (const [name, { data }] of Object.entries(expected))
            expect(relativeError(actual[name]!.data, data, 0.3), name).toBeLessThan(2e-4);
        },
      ),
      { numRuns: 80, seed: 7 },
    );
  }, 120_000);

  // Batches that fill blocks: there the gradient of filters takes pictures for channels.
  for (const [names, channels, size] of [
    [['conv 3', 'norm', 'relu', 'conv 3 / 2'], 16, [7, 6]],
    [['conv 3, wider', 'norm', 'conv 3 / 2'], 32, [5, 8]],
    [['residual', 'max pool', 'conv 3'], 32, [9, 11]],
  ] as const)
    it.runIf(block > 0)(`${names.join(', ')} on ${2 * block} pictures`, async () => {
      const example = chain(3, names, channels, [...size], 2 * block);
      const lowered = lowerRows(example.graph, { channelBlock: block });
      // Two blocks of pictures for each of two layers.
      expect(dilated(lowered.model)).toBe(4);
      const expected = interpret(example.graph, example.feeds, example.parameters);
      const actual = await runLowered(lowered, example);
      for (const [name, { data }] of Object.entries(expected))
        expect(relativeError(actual[name]!.data, data, 0.3), name).toBeLessThan(2e-4);
    });

  // [batch, Ci, Co, picture, kernel, stride, padding, convolutions]
  for (const [batch, channels, filters, size, kernel, stride, padding, parts] of [
    // Filters too many for a cache, where blocks are of 16: in two sections for each block of pictures.
    [32, 16, 64, [41, 36], [3, 3], [2, 2], [1, 1, 1, 1], block === 16 ? 4 : undefined],
    [16, 16, 16, [8, 8], [3, 3], [1, 2], [1, 1, 1, 1], 16 / block],
    [16, 16, 32, [9, 6], [5, 2], [2, 1], [2, 0, 2, 1], 16 / block],
    [16, 32, 16, [7, 9], [1, 3], [1, 3], [3, 0, 0, 4], 16 / block],
  ] as const)
    it.runIf(block > 0)(`filters ${kernel.join(' x ')} by pictures, ${size.join(' x ')}, stride ${stride}`, async () => {
      const draw = new Draw(9);
      const x = draw.uniform([batch, channels, ...size]);
      const out = ([0, 1] as const).map((i) => Math.floor((size[i] + padding[i] + padding[i + 2]! - kernel[i]) / stride[i]) + 1);
      const dy = draw.uniform([batch, filters, ...out]);
      const attributes = { stride, padding, dilation: [1, 1], groups: 1, kernel } as const;
      const example = draw.case({ gradient: make('conv2dWeightGrad', [x, dy], attributes) });
      // As in inference every kernel and stride goes in blocks.
      const lowered = lowerRows(example.graph, { channelBlock: block, weights: {} });
      if (parts !== undefined) expect(dilated(lowered.model)).toBe(parts);
      await expectAgreement(example, lowered, tolerance);
    });
});
