/** Narrow ResNets whose outputs, gradients and running statistics PyTorch computed; see test/golden/resnet.py. */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { gradients } from '../../src/graph/gradient.js';
import type { Graph, Value } from '../../src/graph/ir.js';
import * as ops from '../../src/graph/ops.js';
import { resnet } from '../../src/models/index.js';
import { Scope } from '../../src/nn/index.js';
import { float32, type Shape, sizeOf, type Tensor } from '../../src/tensor.js';

interface GoldenResNet {
  name: string;
  input: number[];
  /** Lines at the top, and as many at the bottom, that all have one value. */
  bars: { lines: number; value: number };
  widths: number[];
  blocks: number[];
  lastStride: 1 | 2;
  parameters: { name: string; shape: number[]; seed: number; gradient: string }[];
  output: { shape: number[]; data: string };
  running: Record<string, string>;
  inference: string;
}

type Tensors = Record<string, Tensor>;
/** Computes a graph's outputs: by the interpreter or by a lowering and ONNX Runtime. */
export type Execute = (
  graph: Graph,
  feeds: Tensors,
  parameters: Tensors,
) => Promise<Readonly<Record<string, { data: ArrayLike<number> }>>>;

export const goldenResNets = JSON.parse(
  readFileSync(new URL('../golden/resnet.json', import.meta.url), 'utf8'),
) as GoldenResNet[];

const decode = (text: string): Float32Array => new Float32Array(Uint8Array.from(Buffer.from(text, 'base64')).buffer);

/** 2 fract(43758.5453 sin(12.9898 i + 78.233 seed)) - 1 */
function uniform(shape: Shape, seed: number): Float32Array {
  return Float32Array.from({ length: sizeOf(shape) }, (_, i) => {
    const s = 43758.5453 * Math.sin(12.9898 * i + 78.233 * seed);
    return 2 * (s - Math.floor(s)) - 1;
  });
}

function picture({ input, bars }: GoldenResNet): Tensor {
  const [height, width] = input.slice(2) as [number, number];
  const data = uniform(input, 1000);
  for (let i = 0; i < data.length; i++) {
    const line = Math.floor(i / width) % height;
    if (line < bars.lines || line >= height - bars.lines) data[i] = bars.value;
  }
  return float32(input, data);
}

function weight({ name, shape, seed }: GoldenResNet['parameters'][number]): Tensor {
  const u = uniform(shape, seed);
  const bound = Math.fround(Math.sqrt(6 / sizeOf(shape.slice(1))));
  if (shape.length === 4)
    return float32(
      shape,
      u.map((x) => x * bound),
    );
  return float32(
    shape,
    u.map((x) => (name.endsWith('weight') ? 1 + 0.5 * x : 0.2 * x)),
  );
}

/** ||actual - expected|| / ||expected|| */
export function relativeL2(actual: ArrayLike<number>, expected: ArrayLike<number>): number {
  let [difference, norm] = [0, 0];
  for (let i = 0; i < expected.length; i++) {
    difference += (actual[i]! - expected[i]!) ** 2;
    norm += expected[i]! ** 2;
  }
  return Math.sqrt(difference / norm);
}

/** The worst tensor of all, with its name. */
function worst(actual: Awaited<ReturnType<Execute>>, expected: Record<string, ArrayLike<number>>) {
  const errors = Object.entries(expected).map(([name, values]) => ({ name, error: relativeL2(actual[name]!.data, values) }));
  return errors.reduce((a, b) => (a.error >= b.error ? a : b));
}

/** Tests that everything a training step and an inference make of a ResNet is what PyTorch makes of it. */
export function testGoldenResNets(title: string, execute: Execute, tolerance = 1e-4): void {
  describe(`golden ResNets, ${title}`, () => {
    for (const golden of goldenResNets) {
      const names = golden.parameters.map((p) => p.name);
      const weights = Object.fromEntries(golden.parameters.map((p) => [p.name, weight(p)]));
      const feeds = { x: picture(golden) };
      const build = (training: boolean) => {
        const scope = new Scope({ training });
        return { scope, y: resnet(scope, ops.input('x', golden.input), golden) };
      };

      it(`${golden.name}: outputs, gradients and running statistics`, async () => {
        const { scope, y } = build(true);
        const { parameters } = scope;
        expect([...parameters].flatMap(([n, p]) => (p.attributes.trainable ? [n] : []))).toEqual(names);
        expect(y.shape).toEqual(golden.output.shape);

        const loss = ops.sum(ops.mul(y, ops.input('direction', y.shape)));
        const found = gradients(
          loss,
          names.map((n) => parameters.get(n)!),
        );
        const outputs: Record<string, Value> = { y };
        for (const n of names) outputs[`${n}.grad`] = found.get(parameters.get(n)!)!;
        for (const p of scope.assignments.keys()) outputs[`${p.attributes.name}.next`] = scope.latest(p);
        const running = Object.fromEntries(
          Object.keys(golden.running).map((n) => [
            n,
            float32(parameters.get(n)!.shape, initially(n, sizeOf(parameters.get(n)!.shape))),
          ]),
        );
        const direction = float32(y.shape, uniform(y.shape, 2000));
        const actual = await execute({ outputs }, { ...feeds, direction }, { ...weights, ...running });

        const expected: Record<string, Float32Array> = { y: decode(golden.output.data) };
        for (const p of golden.parameters) expected[`${p.name}.grad`] = decode(p.gradient);
        for (const [n, data] of Object.entries(golden.running)) expected[`${n}.next`] = decode(data);
        const { name, error } = worst(actual, expected);
        expect(error, `relative L2 of ${name}`).toBeLessThan(tolerance);
      });

      it(`${golden.name}: inference with the running statistics`, async () => {
        const { scope, y } = build(false);
        const running = Object.fromEntries(
          Object.entries(golden.running).map(([n, data]) => [n, float32(scope.parameters.get(n)!.shape, decode(data))]),
        );
        const actual = await execute({ outputs: { y } }, feeds, { ...weights, ...running });
        expect(relativeL2(actual.y!.data, decode(golden.inference))).toBeLessThan(tolerance);
      });
    }
  });
}

const initially = (name: string, length: number) => new Float32Array(length).fill(name.endsWith('running_var') ? 1 : 0);
