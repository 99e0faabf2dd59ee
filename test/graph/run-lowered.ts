/** Runs a lowered model directly in onnxruntime-node and compares its outputs with the interpreter's. */
import * as ort from 'onnxruntime-node';
import { expect } from 'vitest';
import { type Dense, interpret } from '../../src/graph/interpret/index.js';
import { type Lowered, type Port, physicalShape } from '../../src/graph/lower/lowered.js';
import { type Shape, sizeOf, stridesOf, type Tensor } from '../../src/tensor.js';
import type { LoweringCase } from './draw.js';

/** The elements with axis i of the result axis permutation[i] of the source. */
function permuted<T extends Tensor['data']>(data: T, shape: Shape, permutation: readonly number[]): T {
  const result = data.slice() as T;
  const strides = stridesOf(shape);
  const target = permutation.map((p) => shape[p]!);
  const targetStrides = stridesOf(target);
  for (let i = 0; i < data.length; i++) {
    let offset = 0;
    permutation.forEach((p, axis) => {
      offset += (Math.floor(i / targetStrides[axis]!) % target[axis]!) * strides[p]!;
    });
    result[i] = data[offset]!;
  }
  return result;
}

const inverse = (permutation: readonly number[]) => permutation.map((_, i) => permutation.indexOf(i));

function feedOf(port: Port, given: Tensor | undefined): ort.Tensor {
  expect(given, `a tensor for '${port.name}'`).toBeDefined();
  const data = port.permutation ? permuted(given!.data, port.shape, port.permutation) : given!.data;
  return new ort.Tensor(port.dtype, data, physicalShape(port));
}

/** Output tensors in the graph's own order of axes. */
export async function runLowered(
  lowered: Lowered,
  { feeds, parameters, masks }: Omit<LoweringCase, 'graph'>,
  options: ort.InferenceSession.SessionOptions = {},
): Promise<Record<string, Tensor>> {
  const session = await ort.InferenceSession.create(lowered.model, { intraOpNumThreads: 1, logSeverityLevel: 3, ...options });
  try {
    const fed: Record<string, ort.Tensor> = {};
    for (const port of lowered.inputs) fed[port.name] = feedOf(port, feeds[port.name]);
    for (const port of lowered.parameters) fed[port.name] = feedOf(port, parameters[port.name]);
    for (const port of lowered.masks) fed[port.name] = feedOf(port, masks[port.name]);
    const results = await session.run(
      fed,
      lowered.outputs.map((port) => port.name),
    );
    return Object.fromEntries(
      lowered.outputs.map((port) => {
        const { data, dims, type } = results[port.name]!;
        expect([type, [...dims]], `type and shape of '${port.name}'`).toEqual([port.dtype, [...physicalShape(port)]]);
        const logical = port.permutation
          ? permuted(data as Tensor['data'], dims, inverse(port.permutation))
          : (data as Tensor['data']);
        return [port.name, { dtype: port.dtype, shape: port.shape, data: logical }];
      }),
    );
  } finally {
    await session.release();
  }
}

/** Largest difference, relative to the largest expected magnitude (at least `floor`). */
export function relativeError(actual: ArrayLike<number>, expected: ArrayLike<number>, floor = 1e-2): number {
  let difference = 0;
  let scale = floor;
  for (let i = 0; i < expected.length; i++) {
    const d = Math.abs(actual[i]! - expected[i]!);
    if (Number.isNaN(d)) return Number.NaN;
    difference = Math.max(difference, d);
    scale = Math.max(scale, Math.abs(expected[i]!));
  }
  return difference / scale;
}

export function expectClose(
  actual: Readonly<Record<string, Tensor>>,
  expected: Readonly<Record<string, Dense>>,
  tolerance: number,
): void {
  expect(Object.keys(actual)).toEqual(Object.keys(expected));
  for (const [name, { shape, data }] of Object.entries(expected)) {
    const got = actual[name]!;
    expect([...got.shape], `shape of '${name}'`).toEqual([...shape]);
    expect(got.data.length, `size of '${name}'`).toBe(sizeOf(shape));
    const error = relativeError(got.data, data);
    expect(error, `relative error of '${name}'`).toBeLessThanOrEqual(tolerance);
  }
}

/** Runs the lowered model on the case and expects what the interpreter computes. */
export async function expectAgreement(
  { graph, ...given }: LoweringCase,
  lowered: Lowered,
  tolerance = 1e-5,
  options: ort.InferenceSession.SessionOptions = {},
): Promise<void> {
  const expected = interpret(graph, given.feeds, given.parameters, given.masks);
  expectClose(await runLowered(lowered, given, options), expected, tolerance);
}

/** The model's bytes as text: names and attributes can be looked for in it. */
export const modelText = (model: Uint8Array): string => Buffer.from(model).toString('latin1');

/** Convolutions with a dilation: of the rows lowering those that have pictures for channels, where the graph has no dilated layers. */
export const dilated = (model: Uint8Array): number => modelText(model).split('dilations').length - 1;
