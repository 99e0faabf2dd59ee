/** Every gradient rule against central differences in float64, first and second order, and the choices made where there is no derivative. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Fed, type Graph, GraphError, gradients, interpret, labelled, type Value } from '../../src/graph/index.js';
import { isOp, type Op, topological } from '../../src/graph/ir.js';
import * as ops from '../../src/graph/ops.js';
import { builtAt } from '../../src/graph/shape.js';
import { float32, sizeOf } from '../../src/tensor.js';
import { type LoweringCase, randomNumbers } from './draw.js';
import { cases } from './lowering-cases.js';

type Values = Record<string, Fed>;
interface Point {
  feeds: Values;
  parameters: Values;
  masks: Values;
}

const leaves = (graph: Graph) =>
  topological(Object.values(graph.outputs)).filter((v) => v.dtype === 'float32' && (isOp(v, 'input') || isOp(v, 'parameter')));
const nameOf = (leaf: Value) => (leaf as Value<'input' | 'parameter'>).attributes.name;

/**
 * The point of a case with every tie broken: the cases' values lie on a grid of 1/2 where ties matter, where there is no derivative.
 * Multiples of the golden ratio keep all of them well apart from each other and from the grid.
 */
function offTheGrid(example: LoweringCase): Point {
  let n = 0;
  const move = (t: Fed): Fed => ({
    shape: t.shape,
    data: Float64Array.from(t.data, (v) => v + 0.1 * ((++n * 0.6180339887498949) % 1) - 0.05),
  });
  const moved = (values: LoweringCase['feeds']): Values =>
    Object.fromEntries(Object.entries(values).map(([name, t]) => [name, t.dtype === 'float32' ? move(t) : t]));
  return { feeds: moved(example.feeds), parameters: moved(example.parameters), masks: example.masks };
}

const evaluate = (outputs: Graph['outputs'], p: Point) => interpret({ outputs }, p.feeds, p.parameters, p.masks);

/** A weight for every element, the same at every run, none of them 0. */
const weights = (shape: readonly number[], seed: number): Value => {
  const random = randomNumbers(seed);
  return ops.constant(
    float32(
      shape,
      Array.from({ length: sizeOf(shape) }, () => 0.5 + random()),
    ),
  );
};
const weightedSum = (values: readonly Value[], seed: number): Value =>
  values
    .map((v, i): Value => ops.sum(ops.mul(ops.cast(v, 'float32'), weights(v.shape, seed + i))))
    .reduce((a, b) => ops.add(a, b));

function moved(p: Point, leaf: Value, direction: readonly number[], by: number): Point {
  const kind = isOp(leaf, 'input') ? 'feeds' : 'parameters';
  const old = p[kind][nameOf(leaf)]!;
  const data = Float64Array.from(old.data, (v, i) => v + by * direction[i]!);
  return { ...p, [kind]: { ...p[kind], [nameOf(leaf)]: { shape: old.shape, data } } };
}

/** Compares <gradient, u> with (loss(x + h u) - loss(x - h u)) / 2h for a few directions u at each leaf. */
function expectDerivative(loss: Value, at: readonly Value[], p: Point, tolerance: number) {
  const found = gradients(loss, at);
  const values = evaluate(Object.fromEntries(at.map((leaf, i) => [i, found.get(leaf)!])), p);
  const lossAt = (q: Point) => evaluate({ loss }, q).loss!.data[0]!;
  const h = 1e-6;
  at.forEach((leaf, i) => {
    const gradient = values[i]!;
    expect(gradient.shape).toEqual(leaf.shape);
    const random = randomNumbers(i + 7);
    for (let trial = 0; trial < 2; trial++) {
      const u = Array.from(gradient.data, () => 2 * random() - 1);
      const expected = (lossAt(moved(p, leaf, u, h)) - lossAt(moved(p, leaf, u, -h))) / (2 * h);
      const terms = Array.from(gradient.data, (g, j) => g * u[j]!);
      const size = terms.reduce((s, t) => s + Math.abs(t), Math.abs(lossAt(p)) * 1e-3 + 1);
      expect(Math.abs(terms.reduce((s, t) => s + t, 0) - expected) / size).toBeLessThan(tolerance);
    }
  });
}

// A constant and a mask have no input; stopGradient differs from its derivative on purpose and is tested below.
const differentiable = (Object.keys(cases) as Op[]).filter((op) => !['constant', 'randomMask', 'stopGradient'].includes(op));

describe('the gradient of every operation is that of finite differences', () => {
  for (const op of differentiable)
    it(op, () => {
      fc.assert(
        fc.property(cases[op], (example) => {
          const loss = weightedSum([example.graph.outputs.y!], 1);
          expectDerivative(loss, leaves(example.graph), offTheGrid(example), 2e-7);
        }),
        { numRuns: 40, seed: 2 },
      );
    });
});

describe('so is the gradient of the gradient', () => {
  for (const op of differentiable)
    it(op, () => {
      fc.assert(
        fc.property(cases[op], (example) => {
          const at = leaves(example.graph);
          fc.pre(at.length > 0);
          // Squared, so that the gradient of a linear operation has something to depend on.
          const y = ops.cast(example.graph.outputs.y!, 'float32');
          const first = gradients(weightedSum([ops.mul(y, y)], 1), at);
          expectDerivative(weightedSum([...first.values()], 5), at, offTheGrid(example), 1e-6);
        }),
        { numRuns: 15, seed: 3 },
      );
    });
});

describe('where there is no derivative', () => {
  const at = (values: number[], build: (x: Value) => Value) => {
    const x = ops.input('x', [values.length]);
    const dx = gradients(ops.sum(build(x)), [x]).get(x)!;
    return [...interpret({ outputs: { dx } }, { x: float32([values.length], values) }).dx!.data];
  };
  const pair = (a: number, b: number, build: (a: Value, b: Value) => Value) => {
    const [x, y] = [ops.input('x', []), ops.input('y', [])];
    const found = gradients(build(x, y), [x, y]);
    const outputs = { dx: found.get(x)!, dy: found.get(y)! };
    const values = interpret({ outputs }, { x: float32([], [a]), y: float32([], [b]) });
    return [values.dx!.data[0], values.dy!.data[0]];
  };

  it('relu, abs, sign and step have 0 at 0', () => {
    for (const build of [ops.relu, ops.abs, ops.sign, ops.step]) expect(at([0], build)).toEqual([0]);
  });
  it('clamp has 1 at its bounds', () => expect(at([-2, -1, 0, 1, 2], (x) => ops.clamp(x, -1, 1))).toEqual([0, 1, 1, 1, 0]));
  it('a maximum over an axis splits evenly among ties', () => expect(at([3, 1, 3], (x) => ops.max(x))).toEqual([0.5, 0, 0.5]));
  it('the k-th largest splits evenly among ties', () => {
    expect(at([2, 5, 2, 1, 2], (x) => ops.kthLargest(x, 2))).toEqual([1 / 3, 0, 1 / 3, 0, 1 / 3]);
  });
  it('maximum and minimum of two prefer the first', () => {
    expect(pair(1, 1, ops.maximum)).toEqual([1, 0]);
    expect(pair(1, 1, ops.minimum)).toEqual([1, 0]);
  });
  it('max pooling shares the gradient among tied positions, the padding being none', () => {
    expect(at([3, 1, 3, 0], (x) => ops.maxPool2d(ops.reshape(x, [1, 1, 2, 2]), 2))).toEqual([0.5, 0, 0.5, 0]);
    expect(at([0, 0], (x) => ops.maxPool2d(ops.reshape(x, [1, 1, 1, 2]), 3, { padding: 1 }))).toEqual([0.5, 0.5]);
  });
  it('stopGradient is a constant', () => {
    expect(at([2], (x) => ops.mul(ops.stopGradient(x), x))).toEqual([2]);
    expect(at([2], ops.stopGradient)).toEqual([0]);
  });
});

describe('gradients', () => {
  const x = ops.input('x', [2, 3]);
  const w = ops.parameter('w', [3], { kind: 'constant', value: 0 });

  it('starts from given output gradients, and equals the gradient of the loss that they came from', () => {
    const h = ops.tanh(ops.mul(x, w));
    const lossOf = (v: Value) => ops.sum(ops.exp(v));
    const held = ops.input('h', h.shape);
    const dh = gradients(lossOf(held), [held]).get(held)!;
    const p = { x: float32([2, 3], [1, 2, 3, 4, 5, 6]) };
    const q = { w: float32([3], [0.1, -0.2, 0.3]) };
    const values = interpret({ outputs: { h } }, p, q);
    const cached = gradients(new Map([[h, dh]]), [w]).get(w)!;
    const whole = gradients(lossOf(h), [w]).get(w)!;
    const found = interpret({ outputs: { cached, whole } }, { ...p, h: values.h! }, q);
    expect(found.cached!.data).toEqual(found.whole!.data);
  });
  it('adds up the given gradients of several outputs, one of which depends on another', () => {
    const a = ops.mul(w, 2);
    const b = ops.mul(a, 3);
    const seeds = new Map([a, b].map((v) => [v, ops.vector([1, 10, 100])]));
    const dw = gradients(seeds, [w]).get(w)!;
    expect([...interpret({ outputs: { dw } }, {}).dw!.data]).toEqual([8, 80, 800]);
  });
  it('gives zeros where the loss does not depend on the value', () => {
    const dx = gradients(ops.sum(w), [x]).get(x)!;
    expect(interpret({ outputs: { dx } }, {}).dx).toEqual({ shape: [2, 3], data: new Float64Array(6) });
  });
  it('takes gradients at values inside a graph', () => {
    const h = ops.exp(w);
    const found = gradients(ops.sum(ops.mul(h, h)), [h, w]);
    const outputs = { dh: found.get(h)!, dw: found.get(w)! };
    const values = interpret({ outputs }, {}, { w: float32([3], [0, 1, 2]) });
    expect(values.dh!.data[1]).toBeCloseTo(2 * Math.E, 12);
    expect(values.dw!.data[1]).toBeCloseTo(2 * Math.E ** 2, 12);
  });
  it('builds nothing for branches that no wanted value feeds', () => {
    const branch = ops.exp(ops.matMul(x, x, { transposeB: true }));
    const dw = gradients(ops.add(ops.sum(branch), ops.sum(w)), [w]).get(w)!;
    expect(topological([dw]).map((v) => v.op)).not.toContain('matMul');
  });
  it('labels its values after the forward ones and points at the line that built those', () => {
    const y = labelled('layer1', () => ops.exp(w));
    const dw = gradients(ops.sum(y), [w]).get(w)!;
    expect(dw.label).toBe('grad/layer1');
    expect(builtAt(dw)).toBe(builtAt(y));
    expect(builtAt(dw)).toContain('gradient.test.ts');
  });
  it('refuses a loss that is no scalar, a gradient that does not fit, and values that are not real', () => {
    expect(() => gradients(x, [w])).toThrow(GraphError);
    expect(() => gradients(x, [w])).toThrow(/loss must be a scalar.*\n.*inputs: input float32\[2, 3\]\n.*gradient\.test\.ts/);
    expect(() => gradients(new Map([[x, w]]), [w])).toThrow(/shape \[2, 3\]\n.*parameter float32\[3\]/);
    const index = ops.input('index', [1], 'int32');
    expect(() => gradients(ops.sum(x), [index])).toThrow(/only float32.*\n.*input int32\[1\]/);
  });
});
