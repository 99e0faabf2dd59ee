import { describe, expect, it } from 'vitest';
import {
  gradients,
  type Interpolation,
  input,
  interpret,
  matMul,
  resize,
  resizeMatrix,
  type Sampling,
  sum,
} from '../../src/graph/index.js';
import { topological } from '../../src/graph/ir.js';
import { expectClose, golden, type Plain } from './golden.js';

interface Example {
  interpolation: Interpolation;
  sampling: Sampling;
  x: Plain;
  y: Plain;
}

describe('resize agrees with PyTorch', () => {
  for (const { interpolation, sampling, x, y } of golden<Example[]>('resize'))
    it(`${interpolation} ${sampling} [${x.shape}] -> [${y.shape}]`, () => {
      const size = [y.shape[2]!, y.shape[3]!] as const;
      const found = interpret({ outputs: { y: resize(input('x', x.shape), size, interpolation, sampling) } }, { x });
      expectClose(found.y!, y, 2e-7); // the matrices are float32
    });
});

describe('resize', () => {
  const samplings: Sampling[] = ['halfPixel', 'alignCorners', 'antialias'];
  const interpolations: Interpolation[] = ['bilinear', 'bicubic'];

  it('keeps a constant picture: every row of every matrix adds up to 1', () => {
    for (const sampling of samplings)
      for (const interpolation of interpolations)
        for (const [from, to] of [
          [1, 1],
          [1, 5],
          [7, 3],
          [3, 7],
          [10, 1],
        ] as const)
          for (const row of resizeMatrix(from, to, interpolation, sampling))
            expect(row.reduce((a, b) => a + b, 0)).toBeCloseTo(1, 12);
  });
  it('leaves an axis that has its size already alone', () => {
    const x = input('x', [2, 5, 5]);
    expect(resize(x, [5, 5])).toBe(x);
    expect(topological([resize(x, [5, 3])]).filter((v) => v.op === 'matMul')).toHaveLength(1);
    for (const sampling of samplings)
      for (const interpolation of interpolations)
        resizeMatrix(3, 3, interpolation, sampling).forEach((row, i) => {
          row.forEach((weight, j) => expect(weight).toBeCloseTo(i === j ? 1 : 0, 12));
        });
  });
  it('spreads a gradient over what each pixel looked at', () => {
    const x = input('x', [1, 2]);
    const dx = gradients(sum(resize(x, [1, 4])), [x]).get(x)!;
    expect([...interpret({ outputs: { dx } }, { x: { shape: [1, 2], data: [0, 0] } }).dx!.data]).toEqual([2, 2]);
  });
  it('says what does not fit, and where', () => {
    expect(() => resize(input('x', [4]), [2, 2])).toThrow(
      /resize: needs at least \[height, width\]\n.*float32\[4\]\n.*resize\.test\.ts/,
    );
    expect(() => resize(input('x', [4, 4]), [0, 2.5])).toThrow(/size must be two positive integers, it is \[0, 2\.5\]/);
    // An error in the middle of it points at the caller too.
    const x = resize(input('x', [4, 4]), [2, 3]);
    expect(() => matMul(x, x)).toThrow(/inner dimensions differ: \[2, 3\] x \[2, 3\]\n.*\n.*resize\.test\.ts/);
  });
});
