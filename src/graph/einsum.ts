/** Einstein summation, written with transpose, reshape, sum and matMul. */
import type { Shape } from '../tensor.js';
import type { Value } from './ir.js';
import { matMul, reshape, sum, transpose } from './ops.js';
import { misfit } from './shape.js';

/** The axes of a value in another order, given and wanted by letter. */
function permute(x: Value, from: string, to: string): Value {
  return from === to
    ? x
    : transpose(
        x,
        [...to].map((letter) => from.indexOf(letter)),
      );
}
const reshaped = (x: Value, shape: Shape) => (x.shape.join() === shape.join() ? x : reshape(x, shape));

/** Sums away the letters of an operand that stand nowhere else. */
function sumLone(x: Value, letters: string, elsewhere: string): { x: Value; letters: string } {
  const lone = [...letters].flatMap((letter, i) => (elsewhere.includes(letter) ? [] : [i]));
  if (lone.length === 0) return { x, letters };
  return { x: sum(x, lone), letters: [...letters].filter((letter) => elsewhere.includes(letter)).join('') };
}

/** The letters of the operands and of the result, checked against the operands. */
function parse(equation: string, operands: readonly Value[]) {
  const refuse = (message: string) => misfit(`einsum '${equation}'`, message, operands);
  const compact = equation.replaceAll(' ', '');
  if (!/^[a-zA-Z]*(,[a-zA-Z]*)?->[a-zA-Z]*$/.test(compact))
    throw refuse("the equation must look like 'ij,jk->ik': letters, at most one comma, an arrow, letters");
  const [left, out] = compact.split('->') as [string, string];
  const terms = left.split(',');
  if (terms.length !== operands.length) throw refuse(`${terms.length} operand(s) written, ${operands.length} given`);
  const sizes = new Map<string, number>();
  terms.forEach((term, i) => {
    const { shape } = operands[i]!;
    if (term.length !== shape.length) throw refuse(`'${term}' has ${term.length} axes, operand ${i} has [${shape.join(', ')}]`);
    [...term].forEach((letter, axis) => {
      const size = sizes.get(letter) ?? shape[axis]!;
      if (size !== shape[axis]) throw refuse(`'${letter}' is ${size} and ${shape[axis]}`);
      sizes.set(letter, size);
    });
  });
  for (const term of [...terms, out])
    if (new Set(term).size !== term.length) throw refuse(`a letter is repeated within '${term}'`);
  for (const letter of out) if (!sizes.has(letter)) throw refuse(`'${letter}' of the result stands in no operand`);
  return { terms, out, shapeOf: (letters: string) => [...letters].map((letter) => sizes.get(letter)!) };
}

/**
 * Einstein summation over one or two operands: each axis has a letter, letters that are missing in the result are summed over.
 * `einsum('bchw,dc->bdhw', x, w)` is a 1x1 convolution, `einsum('bc,dc->bd', a, b)` all inner products, `einsum('bij->bj', x)` a sum.
 * Throws GraphError when the equation does not fit the operands; diagonals ('ii->i') are not supported.
 */
export function einsum(equation: string, ...operands: readonly [Value] | readonly [Value, Value]): Value {
  const { terms, out, shapeOf } = parse(equation, operands);
  const [first, second] = operands;
  const a = sumLone(first, terms[0]!, out + (terms[1] ?? ''));
  if (!second) return permute(a.x, a.letters, out);
  const b = sumLone(second, terms[1]!, out + terms[0]!);

  const only = (letters: string, test: (letter: string) => boolean) => [...letters].filter(test).join('');
  const batch = only(a.letters, (l) => b.letters.includes(l) && out.includes(l));
  const summed = only(a.letters, (l) => b.letters.includes(l) && !out.includes(l));
  const rows = only(a.letters, (l) => !b.letters.includes(l));
  const columns = only(b.letters, (l) => !a.letters.includes(l));

  const count = (letters: string) => shapeOf(letters).reduce((n, d) => n * d, 1);
  const left = reshaped(permute(a.x, a.letters, batch + rows + summed), [...shapeOf(batch), count(rows), count(summed)]);
  const right = reshaped(permute(b.x, b.letters, batch + summed + columns), [...shapeOf(batch), count(summed), count(columns)]);
  return permute(reshaped(matMul(left, right), shapeOf(batch + rows + columns)), batch + rows + columns, out);
}
