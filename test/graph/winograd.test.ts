import { describe, expect, it } from 'vitest';
import { gradients } from '../../src/graph/gradient.js';
import { interpret } from '../../src/graph/interpret/index.js';
import { lowerRows } from '../../src/graph/lower/rows/index.js';
import * as ops from '../../src/graph/ops.js';
import { Draw } from './draw.js';
import { runLowered } from './run-lowered.js';

describe('Winograd, a convolution at a time', () => {
  const relativeL2 = (a: ArrayLike<number>, b: ArrayLike<number>) => {
    let [difference, norm] = [0, 0];
    for (let i = 0; i < b.length; i++) {
      difference += (a[i]! - b[i]!) ** 2;
      norm += b[i]! ** 2;
    }
    return Math.sqrt(difference / norm);
  };
  for (const convolution of ['F2', 'F4'] as const)
    for (const [batch, height, width] of [
      [2, 8, 12],
      [3, 7, 7],
      [4, 9, 14],
      [1, 13, 5],
    ] as const)
      it(`${convolution} on ${batch} x ${height} x ${width}: output and both gradients within 1e-5`, async () => {
        const draw = new Draw(height);
        const x = draw.uniform([batch, 48, height, width]);
        const w = draw.parameter('w', [32, 48, 3, 3]);
        const y = ops.conv2d(x, w, { padding: 1 });
        const dy = draw.uniform(y.shape);
        const found = gradients(new Map([[y, dy]]), [x, w]);
        const example = draw.case({ y, dx: found.get(x)!, dw: found.get(w)! });
        const expected = interpret(example.graph, example.feeds, example.parameters);
        const actual = await runLowered(lowerRows(example.graph, { convolution }), example);
        for (const [name, { data }] of Object.entries(expected))
          expect(relativeL2(actual[name]!.data, data), name).toBeLessThan(1e-5);
      });
});
