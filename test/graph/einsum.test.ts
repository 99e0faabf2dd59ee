import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Dense, einsum, GraphError, input, interpret, type Value } from '../../src/graph/index.js';
import { offsets } from '../../src/graph/interpret/dense.js';
import { sizeOf, stridesOf } from '../../src/tensor.js';
import { randomNumbers } from './draw.js';
import { expectClose } from './golden.js';

const sizes: Record<string, number> = { i: 2, j: 3, k: 4, l: 1, m: 2 };
const shapeOf = (letters: string) => [...letters].map((letter) => sizes[letter]!);

/** The definition: a loop over every letter. */
function definition(terms: string[], out: string, operands: Dense[]) {
  const all = [...new Set(terms.join(''))].join('');
  const along = (letters: string) => {
    const strides = stridesOf(shapeOf(letters));
    return offsets(
      shapeOf(all),
      [...all].map((letter) => (letters.includes(letter) ? strides[letters.indexOf(letter)]! : 0)),
    );
  };
  const to = along(out);
  const from = terms.map(along);
  const data = new Array<number>(sizeOf(shapeOf(out))).fill(0);
  to.forEach((o, n) => {
    data[o]! += operands.reduce((product, operand, i) => product * operand.data[from[i]![n]!]!, 1);
  });
  return { shape: shapeOf(out), data };
}

const letters = fc.shuffledSubarray(Object.keys(sizes), { maxLength: 4 }).map((a) => a.join(''));
const equations = fc
  .oneof(
    letters.map((a) => [a]),
    fc.tuple(letters, letters),
  )
  .chain((terms) =>
    fc.tuple(
      fc.constant(terms),
      fc.shuffledSubarray([...new Set(terms.join(''))]).map((a) => a.join('')),
    ),
  );

describe('einsum', () => {
  it('is the sum over every letter that the result lacks, of the product of the operands', () => {
    fc.assert(
      fc.property(equations, fc.integer(), ([terms, out], seed) => {
        const random = randomNumbers(seed);
        const operands = terms.map((t) => ({
          shape: shapeOf(t),
          data: Float64Array.from({ length: sizeOf(shapeOf(t)) }, random),
        }));
        const values = terms.map((t, i) => input(`x${i}`, shapeOf(t)));
        const y = einsum(`${terms.join(',')}->${out}`, ...(values as [Value, Value]));
        const feeds = Object.fromEntries(operands.map((o, i) => [`x${i}`, o]));
        expectClose(interpret({ outputs: { y } }, feeds).y!, definition(terms, out, operands), 1e-12);
      }),
      { numRuns: 300, seed: 4 },
    );
  });
  it('needs one product and no data movement for a matrix product', () => {
    const y = einsum('ij, jk -> ik', input('a', [2, 3]), input('b', [3, 4]));
    expect([y.op, ...y.inputs.map((v) => v.op)]).toEqual(['matMul', 'input', 'input']);
  });
  it.each([
    ['ij', [[2, 2]], /must look like 'ij,jk->ik'/],
    ['ij,jk->ik', [[2, 3]], /2 operand\(s\) written, 1 given/],
    ['ij->i', [[2, 3, 4]], /'ij' has 2 axes, operand 0 has \[2, 3, 4\]/],
    [
      'ij,jk->ik',
      [
        [2, 3],
        [4, 5],
      ],
      /'j' is 3 and 4/,
    ],
    ['ii->i', [[2, 2]], /a letter is repeated within 'ii'/],
    ['ij->ik', [[2, 2]], /'k' of the result stands in no operand/],
  ] as const)('refuses %s for %j', (equation, shapes, message) => {
    const build = () => einsum(equation, ...(shapes.map((shape, i) => input(`x${i}`, shape)) as unknown as [Value]));
    expect(build).toThrow(GraphError);
    expect(build).toThrow(message);
    expect(build).toThrow(/inputs: input float32.*\n.*einsum\.test\.ts/);
  });
});
