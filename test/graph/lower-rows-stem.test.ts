import { describe, expect, it } from 'vitest';
import { gradients } from '../../src/graph/gradient.js';
import type { Value } from '../../src/graph/ir.js';
import { lowerNchw } from '../../src/graph/lower/nchw/index.js';
import { lowerRows } from '../../src/graph/lower/rows/index.js';
import * as ops from '../../src/graph/ops.js';
import { channelBlock } from '../../src/runtime/index.js';
import { Draw, type LoweringCase } from './draw.js';
import { dilated, expectAgreement, modelText, runLowered } from './run-lowered.js';

const block = await channelBlock();

interface Shape {
  batch: number;
  channels: number;
  size: readonly [number, number];
  kernel: number;
  /** Default 32. */
  filters?: number;
  /** Convolution and pooling look one pixel to the right and down. */
  moved?: boolean;
}

/** conv / 2 - batch norm - relu - max pool, its loss, all gradients and the running statistics' material. */
function stem(
  { batch, channels, size, kernel, filters = 32, moved = false }: Shape,
  look?: (conv: Value, relu: Value) => Record<string, Value>,
): LoweringCase {
  const draw = new Draw(batch + channels);
  const picture = draw.uniform([batch, channels, ...size]);
  const weight = draw.parameter('weight', [filters, channels, kernel, kernel], -0.3, 0.3);
  // Both signs: channels are turned so that pooling can come first.
  const gamma = draw.parameter('gamma', [filters]);
  const beta = draw.parameter('beta', [filters]);
  const padding = (kernel - 1) / 2;
  const around = (n: number) => (moved ? ([n - 1, n - 1, n, n] as const) : n);
  const conv = ops.conv2d(picture, weight, { stride: 2, padding: around(padding) });
  const relu = ops.relu(ops.batchNorm(conv, gamma, beta));
  const pool = ops.maxPool2d(relu, 3, { stride: 2, padding: around(1) });
  const loss = ops.sum(ops.mul(pool, draw.uniform(pool.shape)));
  const found = gradients(loss, [weight, gamma, beta]);
  return draw.case({
    pool,
    mean: ops.batchMean(conv),
    variance: ops.batchVariance(conv),
    dWeight: found.get(weight)!,
    dGamma: found.get(gamma)!,
    dBeta: found.get(beta)!,
    ...look?.(conv, relu),
  });
}

/** Only the fused stem runs a convolution of stride 4, and it has no use for the ordinary pooling gradient's windows. */
const isFused = (model: Uint8Array) =>
  modelText(model).includes('com.microsoft.nchwc') && !/windows|Equal/.test(modelText(model));

describe.runIf(block > 0)('the stem as one piece', () => {
  const shapes: Shape[] = [
    { batch: 2, channels: 3, size: [32, 24], kernel: 7 },
    { batch: 3, channels: 1, size: [33, 26], kernel: 7 },
    { batch: 1, channels: 3, size: [17, 31], kernel: 5 },
    { batch: 2, channels: 2, size: [30, 19], kernel: 7 },
    { batch: 2, channels: 3, size: [32, 24], kernel: 7, moved: true },
    { batch: 1, channels: 1, size: [20, 44], kernel: 7, moved: true },
    // Batches that fill blocks.
    { batch: 16, channels: 3, size: [20, 24], kernel: 7, moved: true },
    { batch: 32, channels: 2, size: [17, 14], kernel: 5 },
    { batch: 16, channels: 1, size: [18, 21], kernel: 7 },
    // Filters too many for a cache, in sections.
    { batch: 16, channels: 1, size: [96, 112], kernel: 5, filters: 64 },
  ];
  for (const shape of shapes)
    it(`${shape.batch} x ${shape.channels} x ${shape.size.join(' x ')}, kernel ${shape.kernel}${shape.moved ? ', moved' : ''}`, async () => {
      const example = stem(shape);
      const lowered = lowerRows(example.graph, { channelBlock: block });
      expect(isFused(lowered.model)).toBe(true);
      // A convolution to a block of pictures and phase, or more where filters are too many for a cache.
      const sections = dilated(lowered.model) / (4 * Math.floor(shape.batch / block));
      if (shape.batch % block) expect(dilated(lowered.model)).toBe(0);
      else if (shape.filters && block === 16) expect(sections).toBeGreaterThan(1);
      else if (!shape.filters) expect(sections).toBe(1);
      await expectAgreement(example, lowered, 2e-5);
    });

  it('two stems on one picture keep their tables apart', async () => {
    const draw = new Draw(5);
    const picture = draw.uniform([2, 3, 32, 32]);
    const outputs: Record<string, Value> = {};
    for (const [i, padding] of (
      [
        [3, 3, 3, 3],
        [2, 2, 3, 3],
      ] as const
    ).entries()) {
      const weight = draw.parameter(`weight${i}`, [32, 3, 7, 7], -0.3, 0.3);
      const [gamma, beta] = [draw.parameter(`gamma${i}`, [32]), draw.parameter(`beta${i}`, [32])];
      const relu = ops.relu(ops.batchNorm(ops.conv2d(picture, weight, { stride: 2, padding }), gamma, beta));
      const pool = ops.maxPool2d(relu, 3, { stride: 2, padding: 1 });
      const loss = ops.sum(ops.mul(pool, draw.uniform(pool.shape)));
      outputs[`dWeight${i}`] = gradients(loss, [weight]).get(weight)!;
    }
    const example = draw.case(outputs);
    const lowered = lowerRows(example.graph, { channelBlock: block });
    expect(isFused(lowered.model)).toBe(true);
    await expectAgreement(example, lowered, 2e-5);
  });

  it('shares a gradient among the maxima of flat areas', async () => {
    // Letterbox bars: every window inside them ties.
    const example = stem({ batch: 2, channels: 3, size: [36, 28], kernel: 7 });
    const { data } = example.feeds.x0!;
    for (let i = 0; i < data.length; i++) if (Math.floor(i / 28) % 36 < 12 || Math.floor(i / 28) % 36 >= 30) data[i] = 0.5;
    const lowered = lowerRows(example.graph, { channelBlock: block });
    expect(isFused(lowered.model)).toBe(true);
    await expectAgreement(example, lowered, 5e-5);
  });

  it('is left to the ordinary rules where something else looks inside', async () => {
    const example = stem(shapes[0]!, (_, relu) => ({ relu }));
    await expectAgreement(example, lowerRows(example.graph, { channelBlock: block }), 2e-5);
    const odd = stem({ batch: 2, channels: 3, size: [33, 26], kernel: 7, moved: true });
    // With an odd number of lines the last window has no middle.
    await expectAgreement(odd, lowerRows(odd.graph, { channelBlock: block }), 2e-5);
    const other = stem(shapes[1]!, (conv) => ({ energy: ops.mean(ops.mul(conv, conv)) }));
    await expectAgreement(other, lowerRows(other.graph, { channelBlock: block }), 2e-5);
  });
});

describe('inference with constant weights', () => {
  it('agrees with the NCHW lowering, bias, shortcut and ReLU fused or not', async () => {
    for (const channelBlock of [0, block])
      for (const batch of [1, 4]) {
        const draw = new Draw(5);
        const picture = draw.uniform([batch, 3, 26, 22]);
        const norm = (x: Value, name: string) => {
          const vector = (part: string, low: number, high: number) => draw.parameter(`${name}.${part}`, [x.shape[1]!], low, high);
          return ops.batchNormInference(
            x,
            vector('gamma', -1, 1),
            vector('beta', -1, 1),
            vector('mean', -1, 1),
            vector('variance', 0.5, 2),
          );
        };
        const conv = (x: Value, name: string, channels: number, kernel: number, stride: number) => {
          const weight = draw.parameter(name, [channels, x.shape[1]!, kernel, kernel], -0.2, 0.2);
          return norm(ops.conv2d(x, weight, { stride, padding: (kernel - 1) / 2 }), `${name}.norm`);
        };
        let x: Value = ops.maxPool2d(ops.relu(conv(picture, 'stem', 32, 7, 2)), 3, { stride: 2, padding: 1 });
        x = ops.relu(ops.add(conv(ops.relu(conv(x, 'a1', 32, 3, 1)), 'a2', 32, 3, 1), x));
        const shortcut = conv(x, 'b.shortcut', 80, 1, 2);
        x = ops.relu(ops.add(shortcut, conv(ops.relu(conv(x, 'b1', 80, 3, 2)), 'b2', 80, 3, 1)));
        const { graph, feeds, parameters, masks } = draw.case({ map: x, embedding: ops.globalAveragePool(x) });
        const expected = await runLowered(lowerNchw(graph, { weights: parameters }), { feeds, parameters, masks });
        const actual = await runLowered(lowerRows(graph, { weights: parameters, channelBlock }), { feeds, parameters, masks });
        for (const name of ['map', 'embedding'])
          for (let i = 0; i < expected[name]!.data.length; i++)
            expect(actual[name]!.data[i]).toBeCloseTo(expected[name]!.data[i]!, 4);
      }
  });

  it('lists weights that do not fit', () => {
    const y = ops.conv2d(ops.input('x', [1, 3, 8, 8]), ops.parameter('w', [16, 3, 3, 3], { kind: 'constant', value: 0 }));
    expect(() => lowerRows({ outputs: { y } }, { weights: {} })).toThrow(/'w' \[16, 3, 3, 3\] is missing/);
  });
});
