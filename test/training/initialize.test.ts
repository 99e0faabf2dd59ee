import { describe, expect, it } from 'vitest';
import type { Initializer } from '../../src/graph/ir.js';
import { Scope } from '../../src/nn/index.js';
import type { Shape } from '../../src/tensor.js';
import { initialize } from '../../src/training/initialize.js';

function draw(init: Initializer, shape: Shape, seed = 1): Float32Array {
  const scope = new Scope({ training: true });
  scope.parameter('w', shape, init);
  return initialize(scope.parameters, seed).w!.data;
}
function moments(values: Float32Array) {
  const mean = values.reduce((a, b) => a + b, 0) / values.length;
  const std = Math.sqrt(values.reduce((a, b) => a + (b - mean) ** 2, 0) / values.length);
  const largest = values.reduce((a, b) => Math.max(a, Math.abs(b)), 0);
  return { mean, std, largest };
}

describe('initialize', () => {
  const shape = [64, 32, 3, 3];
  const [fanIn, fanOut] = [32 * 9, 64 * 9];

  // 18432 draws: the standard deviation is known to half a per cent.
  it.each([
    { init: { kind: 'kaimingNormal', fan: 'out' }, std: Math.sqrt(2 / fanOut), bound: Number.POSITIVE_INFINITY },
    { init: { kind: 'kaimingNormal', fan: 'in' }, std: Math.sqrt(2 / fanIn), bound: Number.POSITIVE_INFINITY },
    { init: { kind: 'kaimingUniform', fan: 'in' }, std: Math.sqrt(2 / fanIn), bound: Math.sqrt(6 / fanIn) },
    { init: { kind: 'xavierUniform' }, std: Math.sqrt(2 / (fanIn + fanOut)), bound: Math.sqrt(6 / (fanIn + fanOut)) },
    { init: { kind: 'normal', std: 0.5 }, std: 0.5, bound: Number.POSITIVE_INFINITY },
    // A normal distribution cut at 2 standard deviations has 0.8796 of its own.
    { init: { kind: 'truncatedNormal', std: 0.02 }, std: 0.02 * 0.8796, bound: 0.04 },
  ] satisfies { init: Initializer; std: number; bound: number }[])(
    '$init.kind $init.fan has its spread',
    ({ init, std, bound }) => {
      const m = moments(draw(init, shape));
      expect(Math.abs(m.mean)).toBeLessThan(0.04 * std);
      expect(Math.abs(m.std / std - 1)).toBeLessThan(0.02);
      expect(m.largest).toBeLessThanOrEqual(bound * (1 + 1e-6));
      if (Number.isFinite(bound)) expect(m.largest).toBeGreaterThan(0.97 * bound);
    },
  );

  it('takes constants as they are', () => {
    expect([...draw({ kind: 'constant', value: 0.25 }, [3])]).toEqual([0.25, 0.25, 0.25]);
  });

  it('depends on the seed and the name, not on the other parameters', () => {
    const build = (...names: string[]) => {
      const scope = new Scope({ training: true });
      for (const name of names) scope.parameter(name, [2, 3], { kind: 'xavierUniform' });
      return scope.parameters;
    };
    const [a, b] = [initialize(build('a', 'b'), 7), initialize(build('b'), 7)];
    expect(a.b).toEqual(b.b);
    expect(a.a!.data).not.toEqual(a.b!.data);
    expect(initialize(build('b'), 8).b!.data).not.toEqual(b.b!.data);
    const copied = initialize(build('a', 'b'), 7, new Map([['b', 'a']]));
    expect(copied.b!.data).toEqual(a.a!.data);
  });

  it('names the parameter whose initializer does not fit', () => {
    expect(() => draw({ kind: 'xavierUniform' }, [3])).toThrow(
      /'xavierUniform' of parameter 'w': needs a weight \[out, in, ...\], got shape \[3\]/,
    );
  });
});
