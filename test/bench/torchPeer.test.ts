/** The peer of the benchmark `train` is the same network with the same loss: golden values of its PyTorch code, made by test/golden/torchPeer.py. */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { gradients } from '../../src/graph/gradient.js';
import { interpret } from '../../src/graph/interpret/index.js';
import type { Value } from '../../src/graph/ir.js';
import * as ops from '../../src/graph/ops.js';
import { type MethodName, methods, type Named } from '../../src/methods/index.js';
import { Scope } from '../../src/nn/index.js';
import { sizeOf } from '../../src/tensor.js';

interface Golden {
  batch: number;
  cases: Record<
    string,
    { method: MethodName; settings: Record<string, unknown>; loss: number; gradients: Record<string, number> }
  >;
}
const golden: Golden = JSON.parse(readFileSync(new URL('../golden/torchPeer.json', import.meta.url), 'utf8'));

/** sin(1.7 i + phase^2), as the script has it. */
const drawn = (shape: readonly number[], phase: number) => ({
  shape,
  data: Float64Array.from({ length: sizeOf(shape) }, (_, i) => Math.sin(1.7 * i + phase * phase)),
});

function weightOf(name: string, shape: readonly number[]) {
  const { data } = drawn(shape, name.length);
  const scale = 0.5 * (shape.length < 2 ? 1 : Math.sqrt(2 / sizeOf(shape.slice(1))));
  const first = name.endsWith('weight') && shape.length === 1 ? 1 : 0;
  return { shape, data: data.map((x) => first + scale * x) };
}

describe('the PyTorch peer', () => {
  it.each(Object.entries(golden.cases))(
    'has our loss and its gradients: %s',
    (_, { method: name, settings: given, ...expected }) => {
      const method = methods[name];
      const settings = method.settings.parse(given) as { multiView?: boolean };
      const { batch } = golden;
      const views = settings.multiView ? 2 : 1;
      const scope = new Scope({ training: true });
      const feeds: Record<string, ReturnType<typeof drawn>> = {};
      const seen = (side: 'picture' | 'sound', shape: readonly number[], phase: number): Named[] => {
        const inputs = Array.from({ length: views }, (_, v) => {
          feeds[`${side}${v}`] = drawn([batch, ...shape], phase + v);
          return ops.input(`${side}${v}`, [batch, ...shape]);
        });
        const { compared } = method[side](scope, ops.concat(inputs, 0), settings);
        const part = (x: Value, v: number) =>
          ops.slice(x, [v * batch, ...x.shape.slice(1).map(() => 0)], [batch, ...x.shape.slice(1)]);
        return inputs.map((_, v) => Object.fromEntries(Object.entries(compared).map(([key, x]) => [key, part(x, v)])));
      };
      const terms = method.loss(seen('picture', [3, 48, 48], 3), seen('sound', [1, 32, 40], 7), settings);
      const loss = Object.values(terms).reduce((a, b): Value => ops.add(a, b));
      const trained = [...scope.parameters].filter(([key]) => !key.includes('running'));
      const found = gradients(
        loss,
        trained.map(([, value]) => value),
      );
      const parameters = Object.fromEntries([...scope.parameters].map(([key, { shape }]) => [key, weightOf(key, shape)]));
      const outputs = { loss, ...Object.fromEntries(trained.map(([key, value]) => [key, found.get(value)!])) };
      const results = interpret({ outputs }, feeds, parameters);
      expect(results.loss!.data[0]).toBeCloseTo(expected.loss, 6);
      const norms = Object.fromEntries(trained.map(([key]) => [key, Math.hypot(...results[key]!.data)]));
      expect(Object.keys(norms).sort()).toEqual(Object.keys(expected.gradients).sort());
      for (const [key, norm] of Object.entries(norms))
        expect(Math.abs(norm / expected.gradients[key]! - 1), key).toBeLessThan(1e-5);
    },
  );
});
