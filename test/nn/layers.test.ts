import { describe, expect, it } from 'vitest';
import { interpret } from '../../src/graph/interpret/index.js';
import type { Value } from '../../src/graph/ir.js';
import * as ops from '../../src/graph/ops.js';
import { batchNorm, conv2d, layerNorm, linear, projectionHead, Scope } from '../../src/nn/index.js';
import { float32, type Shape, sizeOf } from '../../src/tensor.js';

const waves = (shape: Shape, phase = 0) =>
  float32(
    shape,
    Array.from({ length: sizeOf(shape) }, (_, i) => Math.sin(i * 0.7 + phase)),
  );

/** Channel means and unbiased variances of an array [B, C, ...] by the textbook formula. */
function statistics(data: ArrayLike<number>, [batch, channels, ...rest]: Shape) {
  const inner = sizeOf(rest);
  return Array.from({ length: channels! }, (_, c) => {
    const values = Array.from(
      { length: batch! * inner },
      (_, i) => data[(Math.floor(i / inner) * channels! + c) * inner + (i % inner)]!,
    );
    const mean = values.reduce((a, b) => a + b, 0) / values.length;
    const variance = values.reduce((a, b) => a + (b - mean) ** 2, 0) / (values.length - 1);
    return { mean, variance };
  });
}

describe('batchNorm', () => {
  const shape = [3, 2, 2, 2];
  const parameters = {
    weight: float32([2], [1.5, -0.5]),
    bias: float32([2], [0.1, 0.2]),
    running_mean: float32([2], [0.3, -0.3]),
    running_var: float32([2], [2, 0.5]),
  };

  it('moves the running statistics by the unbiased variance, once for every use', () => {
    const scope = new Scope({ training: true });
    const [a, b] = [ops.input('a', shape), ops.input('b', shape)];
    batchNorm(scope, a);
    batchNorm(scope, b, { momentum: 0.1 });
    const [mean, variance] = ['running_mean', 'running_var'].map((n) => scope.latest(scope.parameters.get(n)!)) as [Value, Value];
    const feeds = { a: waves(shape), b: waves(shape, 1) };
    const after = interpret({ outputs: { mean, variance } }, feeds, parameters);
    const [first, second] = [statistics(feeds.a.data, shape), statistics(feeds.b.data, shape)];
    for (const c of [0, 1]) {
      const move = (old: number, one: number, two: number) => 0.9 * (0.9 * old + 0.1 * one) + 0.1 * two;
      expect(after.mean!.data[c]).toBeCloseTo(move(parameters.running_mean.data[c]!, first[c]!.mean, second[c]!.mean), 6);
      expect(after.variance!.data[c]).toBeCloseTo(
        move(parameters.running_var.data[c]!, first[c]!.variance, second[c]!.variance),
        6,
      );
    }
  });

  it('uses the running statistics outside training and assigns nothing', () => {
    const scope = new Scope({ training: false });
    const y = batchNorm(scope, ops.input('x', shape));
    const x = waves(shape);
    const { data } = interpret({ outputs: { y } }, { x }, parameters).y!;
    expect(data[5]).toBeCloseTo(((x.data[5]! + 0.3) / Math.sqrt(0.5 + 1e-5)) * -0.5 + 0.2, 6);
    expect(scope.assignments.size).toBe(0);
  });
});

describe('linear, conv2d, layerNorm, projectionHead', () => {
  it('maps the last axis by W^T and b', () => {
    const scope = new Scope({ training: true });
    const y = linear(scope, ops.input('x', [1, 2, 3]), { features: 2 });
    const { data, shape } = interpret(
      { outputs: { y } },
      { x: float32([1, 2, 3], [1, 2, 3, 4, 5, 6]) },
      { weight: float32([2, 3], [1, 0, 0, 0, 1, 1]), bias: float32([2], [10, 20]) },
    ).y!;
    expect(shape).toEqual([1, 2, 2]);
    expect([...data]).toEqual([11, 25, 14, 31]);
  });

  it('names the parameters of grouped and biased convolutions', () => {
    const scope = new Scope({ training: true });
    const y = conv2d(scope.child('conv'), ops.input('x', [1, 4, 6, 8]), {
      channels: 8,
      kernel: [3, 5],
      groups: 2,
      padding: [1, 2],
    });
    expect(y.shape).toEqual([1, 8, 6, 8]);
    expect([...scope.parameters].map(([n, p]) => [n, p.shape])).toEqual([
      ['conv.weight', [8, 2, 3, 5]],
      ['conv.bias', [8]],
    ]);
  });

  it('normalizes the last axis', () => {
    const scope = new Scope({ training: true });
    const y = layerNorm(scope, ops.input('x', [1, 2]), { eps: 0 });
    const { data } = interpret(
      { outputs: { y } },
      { x: float32([1, 2], [3, 7]) },
      { weight: float32([2], [2, 2]), bias: float32([2], [0, 1]) },
    ).y!;
    expect([...data]).toEqual([-2, 3]);
  });

  it('projects every position of a map exactly as it projects one embedding', () => {
    const map = [2, 3, 2, 2];
    const ofMap = new Scope({ training: true });
    const y = projectionHead(ofMap, ops.input('x', map), { dimensions: 4, hidden: 5 });
    const ofRows = new Scope({ training: true });
    const z = projectionHead(ofRows, ops.input('x', [8, 3]), { dimensions: 4, hidden: 5 });
    expect([...ofMap.parameters.keys()]).toEqual(['0.weight', '0.bias', '2.weight', '2.bias']);
    expect([...ofRows.parameters.keys()]).toEqual([...ofMap.parameters.keys()]);

    const values = Object.fromEntries([...ofRows.parameters].map(([n, p], i) => [n, waves(p.shape, i)]));
    const asFilters = Object.fromEntries([...ofMap.parameters].map(([n, p]) => [n, float32(p.shape, values[n]!.data)]));
    const x = waves(map);
    const rows = float32(
      [8, 3],
      Array.from({ length: 24 }, (_, i) => x.data[Math.floor(i / 12) * 12 + (i % 3) * 4 + (Math.floor(i / 3) % 4)]!),
    );
    const byMap = interpret({ outputs: { y } }, { x }, asFilters).y!.data;
    const byRow = interpret({ outputs: { z } }, { x: rows }, values).z!.data;
    for (let b = 0; b < 2; b++)
      for (let c = 0; c < 4; c++)
        for (let p = 0; p < 4; p++) expect(byMap[(b * 4 + c) * 4 + p]).toBeCloseTo(byRow[(b * 4 + p) * 4 + c]!, 6);
    expect(projectionHead(new Scope({ training: true }), ops.input('x', [8, 3]), { dimensions: 4 }).shape).toEqual([8, 4]);
  });
});
