import { describe, expect, it } from 'vitest';
import { topological } from '../../src/graph/ir.js';
import * as ops from '../../src/graph/ops.js';
import { conv2d, dropout, linear, Scope } from '../../src/nn/index.js';

const training = () => new Scope({ training: true });

describe('Scope', () => {
  it('names parameters by path and gives the same value twice', () => {
    const scope = training();
    const layer = scope.child('vision').child('layer1.0');
    const a = layer.parameter('weight', [2, 3], { kind: 'xavierUniform' });
    expect(layer.parameter('weight', [2, 3], { kind: 'xavierUniform' })).toBe(a);
    expect(scope.child('vision.layer1').child('0').parameter('weight', [2, 3], { kind: 'xavierUniform' })).toBe(a);
    expect([...scope.parameters.keys()]).toEqual(['vision.layer1.0.weight']);
    expect(a.label).toBe('vision/layer1.0');
  });

  it('refuses a shared parameter asked for differently', () => {
    const scope = training();
    scope.parameter('w', [2], { kind: 'constant', value: 0 });
    expect(() => scope.parameter('w', [3], { kind: 'constant', value: 0 })).toThrow(/'w' is shared.*shape was \[2\].*now \[3\]/);
    expect(() => scope.parameter('w', [2], { kind: 'constant', value: 1 })).toThrow(/initializer/);
    expect(() => scope.parameter('w', [2], { kind: 'constant', value: 0 }, false)).toThrow(/trainable was true/);
  });

  it('labels values by the path of the part that made them, whatever was entered on the way', () => {
    const scope = training();
    const x = ops.input('x', [1, 4]);
    const block = scope.child('head').child('mlp');
    const y = block.within(() => ops.relu(linear(block.child('0'), x, { features: 2 })));
    expect(y.label).toBe('head/mlp');
    expect(y.inputs[0]!.label).toBe('head/mlp/0');
    expect(linear(block.child('1'), x, { features: 2 }).label).toBe('head/mlp/1');
  });

  it('makes parts whose parameters the optimizer leaves alone', () => {
    const frozen = training().child('teacher', { trainable: false, training: false });
    conv2d(frozen.child('conv'), ops.input('x', [1, 1, 4, 4]), { channels: 2, kernel: 3 });
    expect([...frozen.parameters.values()].map((p) => p.attributes.trainable)).toEqual([false, false]);
    expect(frozen.child('bn').training).toBe(false);
  });

  it('refuses to assign trainable, foreign and misshapen values', () => {
    const scope = training();
    const weight = scope.parameter('weight', [2], { kind: 'constant', value: 0 });
    const running = scope.parameter('running', [2], { kind: 'constant', value: 0 }, false);
    expect(() => scope.assign(weight, ops.neg(weight))).toThrow(/'weight' is trainable/);
    expect(() => scope.assign(running, ops.input('x', [3]))).toThrow(/\[2\] cannot become.*\[3\]/);
    expect(() => training().assign(running, running)).toThrow(/no parameter of this network/);
  });

  it('draws a mask of its own for every use of dropout, and none outside training', () => {
    const scope = training();
    const x = ops.input('x', [1, 4]);
    const part = scope.child('head');
    const y = dropout(part, dropout(part, x, 0.5), 0.5);
    const masks = topological([y]).flatMap((v) => (v.op === 'randomMask' ? [(v.attributes as { name: string }).name] : []));
    expect(masks.sort()).toEqual(['head.mask', 'head.mask.1']);
    expect(dropout(new Scope({ training: false }), x, 0.5)).toBe(x);
  });
});
