import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { type Fed, interpret } from '../../src/graph/interpret/index.js';
import { isOp, topological } from '../../src/graph/ir.js';
import * as ops from '../../src/graph/ops.js';
import { type Parameter, Scope } from '../../src/nn/index.js';
import { adam, adamW, type Optimizer, sgd } from '../../src/training/optimizer.js';
import { constant, cosine, type Schedule } from '../../src/training/schedule.js';

const golden = JSON.parse(readFileSync(new URL('../golden/optimizers.json', import.meta.url), 'utf8')) as {
  name: string;
  trajectory: number[][][];
  norms?: number[];
}[];

const shapes = { 'a.weight': [2, 3], 'b.weight': [4], 'b.bias': [1] };

/** The formula of test/golden/optimizers.py. */
const uniform = (length: number, seed: number) =>
  Float64Array.from({ length }, (_, i) => {
    const s = 43758.5453 * Math.sin(12.9898 * i + 78.233 * seed);
    return 2 * (s - Math.floor(s)) - 1;
  });

const biases = { matches: (name: string) => name.endsWith('bias'), learningRate: 0.1, weightDecay: 0 };
const optimizers: Record<string, [Optimizer, Schedule?]> = {
  sgd: [sgd({ learningRate: 0.1 })],
  'sgd with momentum and weight decay': [sgd({ learningRate: 0.1, momentum: 0.9, weightDecay: 0.05 })],
  adam: [adam({ learningRate: 0.01 })],
  'adam with weight decay': [adam({ learningRate: 0.01, betas: [0.8, 0.99], eps: 1e-3, weightDecay: 0.1 })],
  adamW: [adamW({ learningRate: 0.01, weightDecay: 0.1 })],
  'adamW with clipping': [adamW({ learningRate: 0.01, weightDecay: 0.1, clipNorm: 1 })],
  'adamW with a group': [adamW({ learningRate: 0.01, weightDecay: 0.1, groups: [biases] })],
  'sgd with a schedule': [sgd({ learningRate: 0.1, momentum: 0.9 }), cosine({ steps: 10, warmup: 3 })],
};

describe('optimizers take the steps of torch.optim', () => {
  it('covers every golden trajectory', () => expect(Object.keys(optimizers)).toEqual(golden.map((g) => g.name)));

  it.each(golden)('$name', ({ name, trajectory, norms }) => {
    const [optimizer, schedule = constant] = optimizers[name]!;
    const scope = new Scope({ training: true });
    const weights = Object.entries(shapes).map(([n, s]) => scope.parameter(n, s, { kind: 'constant', value: 0 }));
    const gradients = new Map(weights.map((w) => [w, ops.input(`${w.attributes.name}.grad`, w.shape)]));
    const { next, scalars, gradientNorm } = optimizer.update(gradients);
    const outputs = Object.fromEntries([...next].map(([p, v]) => [p.attributes.name, v]));

    let state: Record<string, Fed> = Object.fromEntries(
      [...next.keys()].map((p) => [
        p.attributes.name,
        { shape: p.shape, data: new Float64Array(p.shape.reduce((a, b) => a * b, 1)) },
      ]),
    );
    weights.forEach((w, k) => {
      state[w.attributes.name] = { shape: w.shape, data: uniform(state[w.attributes.name]!.data.length, k) };
    });
    trajectory.forEach((expected, step) => {
      const feeds: Record<string, Fed> = scalars(step + 1, schedule(step));
      weights.forEach((w, k) => {
        const scale = step === 4 ? 3 : 0.3;
        const data = uniform(state[w.attributes.name]!.data.length, 100 + 10 * step + k).map((x) => x * scale);
        feeds[`${w.attributes.name}.grad`] = { shape: w.shape, data };
      });
      if (gradientNorm) {
        const { norm } = interpret({ outputs: { norm: gradientNorm } }, feeds);
        expect(norm!.data[0]).toBeCloseTo(norms![step]!, 9);
      }
      state = interpret({ outputs }, feeds, state);
      // The scalars are float32, and so good to 6e-8 of a step.
      weights.forEach((w, k) =>
        expected[k]!.forEach((x, i) => expect(Math.abs(state[w.attributes.name]!.data[i]! - x)).toBeLessThan(3e-7)),
      );
    });
  });
});

describe('an optimizer', () => {
  const scope = new Scope({ training: true });
  const weight: Parameter = scope.parameter('head.weight', [3], { kind: 'constant', value: 0 });
  const update = (o: Optimizer) => o.update(new Map([[weight, ops.input('grad', [3])]]));

  it('takes the first group that matches', () => {
    const groups = [
      { matches: (n: string) => n.startsWith('head'), frozen: true },
      { matches: () => true, learningRate: 5 },
    ];
    const o = sgd({ learningRate: 1, groups });
    expect([o.trains('head.weight'), o.trains('vision.weight')]).toEqual([false, true]);
    const { next, scalars } = update(sgd({ learningRate: 1, groups: groups.slice(1) }));
    const names = topological(next.values()).flatMap((v) => (isOp(v, 'input') ? [v.attributes.name] : []));
    expect(names).toContain('optimizer.rate.0');
    expect(scalars(1, 0.5)['optimizer.rate.0']!.data[0]).toBe(2.5);
  });

  it('refuses rates, decays and norms that cannot be meant', () => {
    for (const make of [sgd, adam, adamW]) {
      for (const learningRate of [Number.NaN, -0.1, Number.POSITIVE_INFINITY]) {
        const message = `learningRate must be a finite number, 0 or more, it is ${learningRate}`;
        expect(() => make({ learningRate })).toThrow(message);
        expect(() => make({ learningRate: 1, groups: [{ matches: () => true, learningRate }] })).toThrow(RangeError);
      }
      expect(() => make({ learningRate: 1, weightDecay: -1 })).toThrow(
        /weightDecay must be a finite number, 0 or more, it is -1/,
      );
      for (const clipNorm of [0, -1, Number.NaN])
        expect(() => make({ learningRate: 1, clipNorm })).toThrow(`clipNorm must be above 0, it is ${clipNorm}`);
      expect(() => make({ learningRate: 0, clipNorm: Number.POSITIVE_INFINITY })).not.toThrow();
    }
  });

  it('is fed nothing its graph does not use', () => {
    for (const o of [adam({ learningRate: 1, weightDecay: 0.5 }), adamW({ learningRate: 1, weightDecay: 0.5 })]) {
      const { next, scalars } = update(o);
      const inputs = topological(next.values()).flatMap((v) => (isOp(v, 'input') ? [v.attributes.name] : []));
      expect(Object.keys(scalars(1, 1)).sort()).toEqual(inputs.filter((n) => n !== 'grad').sort());
    }
  });

  it('keeps no state for plain descent, one buffer for momentum, two for Adam', () => {
    const state = (o: Optimizer) => [...update(o).next.keys()].map((p) => p.attributes.name).filter((n) => n !== 'head.weight');
    expect(state(sgd({ learningRate: 1 }))).toEqual([]);
    expect(state(sgd({ learningRate: 1, momentum: 0.9 }))).toEqual(['optimizer.momentum.head.weight']);
    expect(state(adam({ learningRate: 1 }))).toEqual(['optimizer.firstMoment.head.weight', 'optimizer.secondMoment.head.weight']);
  });
});
