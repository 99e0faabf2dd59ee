import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { inverse, permute, permutedShape } from '../../src/runtime/permute.js';
import { sizeOf, stridesOf } from '../../src/tensor.js';

/** A shape of up to five axes (empty ones too), and a permutation of them. */
const cases = fc
  .array(fc.integer({ min: 0, max: 5 }), { maxLength: 5 })
  .chain((shape) => fc.tuple(fc.constant(shape), fc.shuffledSubarray([...shape.keys()], { minLength: shape.length })));

describe('permute', () => {
  it('moves the element at every index to the permuted index', () => {
    fc.assert(
      fc.property(cases, ([shape, permutation]) => {
        const data = Int32Array.from({ length: sizeOf(shape) }, (_, i) => i);
        const target = permutedShape(shape, permutation);
        const [strides, targetStrides] = [stridesOf(shape), stridesOf(target)];
        const expected = new Int32Array(data.length);
        for (let i = 0; i < data.length; i++) {
          const index = strides.map((stride, axis) => Math.floor(i / stride) % shape[axis]!);
          expected[permutation.reduce((sum, axis, j) => sum + index[axis]! * targetStrides[j]!, 0)] = data[i]!;
        }
        expect(permute(data, shape, permutation)).toEqual(expected);
      }),
      { numRuns: 500 },
    );
  });

  it('is undone by the inverse', () => {
    fc.assert(
      fc.property(cases, ([shape, permutation]) => {
        const data = Float32Array.from({ length: sizeOf(shape) }, (_, i) => i);
        const there = permute(data, shape, permutation);
        expect(permute(there, permutedShape(shape, permutation), inverse(permutation))).toEqual(data);
      }),
    );
  });

  it('turns convolution weights [Co, C, kh, kw] into [kh, kw, C, Co]', () => {
    const data = Float32Array.of(0, 1, 2, 3, 4, 5, 6, 7);
    expect([...permute(data, [2, 2, 1, 2], [2, 3, 1, 0])]).toEqual([0, 4, 2, 6, 1, 5, 3, 7]);
  });
});
