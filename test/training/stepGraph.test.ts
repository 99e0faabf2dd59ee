import { describe, expect, it } from 'vitest';
import { type Fed, interpret } from '../../src/graph/interpret/index.js';
import * as ops from '../../src/graph/ops.js';
import { linear, Scope } from '../../src/nn/index.js';
import { float32 } from '../../src/tensor.js';
import { initialize } from '../../src/training/initialize.js';
import { momentumCopy } from '../../src/training/momentum.js';
import { adam, sgd } from '../../src/training/optimizer.js';
import { type StepGraph, stepGraph } from '../../src/training/stepGraph.js';
import { draw, perceptron, perceptronFeeds } from './networks.js';

type State = Record<string, Fed>;
/** One run in float64. */
function run({ graph, state, scalars }: StepGraph, before: State, feeds: State, step: number, apply = true) {
  const results = interpret(graph, { ...feeds, ...scalars(step, 1, apply) }, before);
  const after: State = { ...before };
  for (const [name, output] of Object.entries(state)) after[name] = results[output]!;
  return { results, after };
}
const begin = (step: StepGraph, scope: Scope): State => initialize(step.parameters, 3, scope.copies);

function expectSame(a: State, b: State, names: Iterable<string>) {
  for (const name of names) {
    const largest = Math.max(...Array.from(b[name]!.data, Math.abs));
    Array.from(a[name]!.data).forEach((x, i) =>
      expect(Math.abs(x - b[name]!.data[i]!), `${name}[${i}]`).toBeLessThan(1e-7 * (1 + largest)),
    );
  }
}

describe('stepGraph', () => {
  it.each([
    { rule: 'adam with clipping', optimizer: adam({ learningRate: 0.01, clipNorm: 0.5 }) },
    { rule: 'sgd', optimizer: sgd({ learningRate: 0.01, momentum: 0.9 }) },
  ])('applies what micro-batches add up to, and nothing before ($rule)', ({ optimizer }) => {
    const whole = perceptron(8);
    const parts = perceptron(2);
    const one = stepGraph({ ...whole, optimizer });
    const four = stepGraph({ ...parts, optimizer, microBatches: 4 });
    let [a, b] = [begin(one, whole.scope), begin(four, parts.scope)];
    const start = b;
    for (const step of [1, 2]) {
      const { x, target } = perceptronFeeds(8, step);
      a = run(one, a, { x, target }, step).after;
      for (let i = 0; i < 4; i++) {
        const feeds = {
          x: float32([2, 4], x.data.slice(i * 8, i * 8 + 8)),
          target: float32([2, 2], target.data.slice(i * 4, i * 4 + 4)),
        };
        b = run(four, b, feeds, step, i === 3).after;
        if (step === 1 && i === 2) expectSame(b, start, whole.scope.parameters.keys());
      }
    }
    expectSame(b, a, Object.keys(a));
    expect(Array.from(a['mlp.0.weight']!.data)).not.toEqual(Array.from(start['mlp.0.weight']!.data));
    for (const [name, { data }] of Object.entries(b))
      if (name.includes('accumulated')) expect(Math.max(...Array.from(data))).toBe(0);
  });

  it('trains through given gradients of its outputs as it does through the loss', () => {
    const direct = perceptron(3);
    const cached = perceptron(3);
    const optimizer = sgd({ learningRate: 0.1 });
    const one = stepGraph({ ...direct, optimizer });
    const two = stepGraph({ scope: cached.scope, outputs: { embedding: cached.output }, optimizer });
    const feeds = perceptronFeeds(3, 1);
    const before = begin(one, direct.scope);
    const { data } = interpret({ outputs: { y: direct.output } }, feeds, before).y!;
    const gradient = { shape: [3, 2], data: data.map((y, i) => (2 / 6) * (y - feeds.target.data[i]!)) };
    const { results, after } = run(two, before, { x: feeds.x, 'embedding.gradient': gradient }, 1);
    expectSame(after, run(one, before, feeds, 1).after, Object.keys(before));
    expect(Object.keys(results).every((name) => name.endsWith('.next'))).toBe(true);
  });

  it('moves momentum copies towards the weights the optimizer has just made, once an update, from the same start', () => {
    const scope = new Scope({ training: true });
    const x = ops.input('x', [2, 3]);
    const online = linear(scope.child('encoder'), x, { features: 2 });
    const target = linear(scope.child('teacher', { trainable: false }), x, { features: 2 });
    momentumCopy(scope, { online: 'encoder', target: 'teacher', momentum: ops.input('momentum', []) });
    const loss = ops.sum(ops.mul(online, ops.add(target, 1)));
    const step = stepGraph({ scope, loss, optimizer: sgd({ learningRate: 0.1 }), microBatches: 2 });
    const start = begin(step, scope);
    expect(start['teacher.weight']!.data).toEqual(start['encoder.weight']!.data);
    const momentum = float32([], [0.75]);
    const half = run(step, start, { x: draw([2, 3], 'x'), momentum }, 1, false).after;
    expectSame(half, start, ['teacher.weight', 'teacher.bias']);
    const whole = run(step, half, { x: draw([2, 3], 'y'), momentum }, 1).after;
    Array.from(whole['teacher.weight']!.data).forEach((t, i) => {
      expect(t).toBeCloseTo(0.75 * start['teacher.weight']!.data[i]! + 0.25 * whole['encoder.weight']!.data[i]!, 12);
      expect(Math.abs(t - start['teacher.weight']!.data[i]!)).toBeGreaterThan(1e-6);
    });
  });

  it('leaves frozen parameters without gradient and state', () => {
    const { scope, loss } = perceptron(2);
    const groups = [{ matches: (n: string) => n.startsWith('mlp.0'), frozen: true }];
    const step = stepGraph({ scope, loss, optimizer: adam({ learningRate: 0.1, groups }) });
    expect(Object.keys(step.state).filter((n) => n.includes('mlp.0'))).toEqual([]);
    expect([...step.parameters.keys()].filter((n) => n.includes('mlp.0'))).toEqual(['mlp.0.weight', 'mlp.0.bias']);
  });

  it('refuses what cannot be meant', () => {
    const { scope, loss, output } = perceptron(2);
    const optimizer = sgd({ learningRate: 0.1 });
    expect(() => stepGraph({ scope, loss: output, optimizer })).toThrow(/loss must be a scalar, its shape is \[2, 2\]/);
    expect(() => stepGraph({ scope, loss, optimizer, metrics: { output } })).toThrow(/'output' must be a scalar/);
    expect(() => stepGraph({ scope, loss, optimizer, metrics: { loss } })).toThrow(/two reported values are called 'loss'/);
    expect(() => stepGraph({ scope, loss, optimizer, metrics: { 'mlp.2.bias.next': ops.mul(loss, 2) } })).toThrow(
      /metric 'mlp\.2\.bias\.next' has the name of what 'mlp\.2\.bias' becomes/,
    );
    expect(stepGraph({ scope, loss, optimizer, metrics: { valueOf: loss } }).reported).toEqual(['loss', 'valueOf']);
    expect(() => stepGraph({ scope, loss, optimizer, microBatches: 0 })).toThrow(/microBatches/);
    const frozen = sgd({ learningRate: 0.1, groups: [{ matches: () => true, frozen: true }] });
    expect(() => stepGraph({ scope, loss, optimizer: frozen })).toThrow(/no trainable parameter/);
    scope.parameter('forgotten', [1], { kind: 'constant', value: 0 });
    expect(() => stepGraph({ scope, loss, optimizer })).toThrow(/take part in nothing: forgotten/);
  });
});

describe('momentumCopy', () => {
  it('names the counterpart that is missing', () => {
    const scope = new Scope({ training: true });
    linear(scope.child('encoder'), ops.input('x', [2, 3]), { features: 2 });
    linear(scope.child('teacher', { trainable: false }), ops.input('x', [2, 3]), { features: 2, bias: false });
    expect(() => momentumCopy(scope, { online: 'encoder', target: 'teacher', momentum: 0.9 })).toThrow(
      /'teacher.bias' is missing/,
    );
    expect(() => momentumCopy(scope, { online: 'coder', target: 'teacher', momentum: 0.9 })).toThrow(/below 'coder'/);
  });
});
