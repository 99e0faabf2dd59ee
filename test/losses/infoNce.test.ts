/** infoNce against the formula as a loop. */
import { describe, expect, it } from 'vitest';
import { GraphError, interpret } from '../../src/graph/index.js';
import * as ops from '../../src/graph/ops.js';
import { infoNce } from '../../src/losses/index.js';
import { float32 } from '../../src/tensor.js';
import { draw } from '../training/networks.js';
import { expectGradient, naiveInfoNce, rowsOf } from './naive.js';

describe('infoNce', () => {
  it.each([
    { batch: 1, tau: 0.07 },
    { batch: 2, tau: 1 },
    { batch: 5, tau: 0.07 },
    { batch: 5, tau: 0.3 },
    { batch: 8, tau: 2.5 },
  ])('is its formula for $batch pairs at $tau', ({ batch, tau }) => {
    const s = draw([batch, batch], 'similarity', batch);
    const loss = infoNce(ops.input('s', [batch, batch]), tau);
    const found = interpret({ outputs: { loss } }, { s }).loss!;
    expect(found.shape).toEqual([]);
    const wanted = naiveInfoNce(rowsOf(s), tau);
    // The graph's 1 / batch is a float32.
    expect(Math.abs(found.data[0]! - wanted)).toBeLessThan(1e-7 * (1 + wanted));
  });

  it('is log B where all pairs are alike, and 0 where only those on the diagonal are', () => {
    const loss = infoNce(ops.input('s', [4, 4]), 0.07);
    const at = (s: ReturnType<typeof float32>) => interpret({ outputs: { loss } }, { s }).loss!.data[0]!;
    expect(at(float32([4, 4], new Array(16).fill(0.3)))).toBeCloseTo(Math.log(4), 12);
    expect(
      at(
        float32(
          [4, 4],
          Array.from({ length: 16 }, (_, k) => (k % 5 === 0 ? 1 : -1)),
        ),
      ),
    ).toBeLessThan(1e-11);
  });

  it('takes similarities that exp cannot', () => {
    const loss = infoNce(ops.input('s', [2, 2]), 1e-3);
    const found = interpret({ outputs: { loss } }, { s: float32([2, 2], [-1, 1, 1, 1]) }).loss!.data[0]!;
    expect(found).toBeCloseTo((2000 + Math.log(2)) / 2, 4);
  });

  it('compares rows: the other direction is that of the transpose', () => {
    const s = ops.input('s', [2, 2]);
    const outputs = { rows: infoNce(s, 1), columns: infoNce(ops.transpose(s, [1, 0]), 1) };
    const found = interpret({ outputs }, { s: float32([2, 2], [0, 5, 0, 0]) });
    const [same, other] = [Math.log(2), Math.log(1 + Math.exp(5))];
    expect(found.rows!.data[0]).toBeCloseTo((same + other) / 2, 12);
    expect(found.columns!.data[0]).toBeCloseTo((same + other) / 2, 12);
    const skewed = interpret({ outputs }, { s: float32([2, 2], [0, 5, 5, 9]) });
    const nce = (a: number, b: number) => Math.log(1 + Math.exp(b - a));
    expect(skewed.rows!.data[0]).toBeCloseTo((nce(0, 5) + nce(9, 5)) / 2, 12);
    const lopsided = interpret({ outputs }, { s: float32([2, 2], [0, 5, 2, 9]) });
    expect(lopsided.rows!.data[0]).toBeCloseTo((nce(0, 5) + nce(9, 2)) / 2, 12);
    expect(lopsided.columns!.data[0]).toBeCloseTo((nce(0, 2) + nce(9, 5)) / 2, 12);
  });

  it('has the gradient of its differences', () => {
    const s = ops.input('s', [4, 4]);
    expectGradient(infoNce(s, 0.5), [s], { s: draw([4, 4], 'gradient') });
  });

  it.each([
    { shape: [2, 3], shown: '[2, 3]' },
    { shape: [4], shown: '[4]' },
    { shape: [], shown: '[]' },
    { shape: [2, 2, 2], shown: '[2, 2, 2]' },
  ])('refuses $shown', ({ shape, shown }) => {
    const build = () => infoNce(ops.input('s', shape), 0.07);
    expect(build).toThrow(GraphError);
    expect(build).toThrow(`a similarity for every pair of a batch, [B, B], got ${shown}`);
  });

  it.each([0, -0.07, Number.NaN])('refuses the temperature %s', (tau) => {
    const build = () => infoNce(ops.input('s', [2, 2]), tau);
    expect(build).toThrow(RangeError);
    expect(build).toThrow(`the temperature must be above 0, it is ${tau}`);
  });
});
