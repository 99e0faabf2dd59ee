/** Random tensors for graphs, and a graph together with the tensors that it is run with. */
import type { Graph, Value } from '../../src/graph/ir.js';
import * as ops from '../../src/graph/ops.js';
import { type DType, type Shape, sizeOf, type Tensor, tensor } from '../../src/tensor.js';

export interface LoweringCase {
  graph: Graph;
  feeds: Record<string, Tensor>;
  parameters: Record<string, Tensor>;
  masks: Record<string, Tensor>;
}

/** Values in [0, 1): mulberry32. */
export function randomNumbers(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Makes inputs and parameters together with random data for them. */
export class Draw {
  readonly feeds: Record<string, Tensor> = {};
  readonly parameters: Record<string, Tensor> = {};
  readonly masks: Record<string, Tensor> = {};
  readonly #random: () => number;

  constructor(seed: number) {
    this.#random = randomNumbers(seed);
  }

  #input(dtype: DType, shape: Shape, next: () => number): Value {
    const name = `x${Object.keys(this.feeds).length}`;
    const filled = tensor(dtype, shape);
    for (let i = 0; i < filled.data.length; i++) filled.data[i] = next();
    this.feeds[name] = filled;
    return ops.input(name, shape, dtype);
  }

  /** Uniform in [low, high). */
  uniform(shape: Shape, low = -2, high = 2): Value {
    return this.#input('float32', shape, () => low + (high - low) * this.#random());
  }

  /** Multiples of 1/2 from -2 to 2. */
  grid(shape: Shape): Value {
    return this.#input('float32', shape, () => Math.floor(this.#random() * 9) / 2 - 2);
  }

  /** 0 <= value < size. */
  indices(shape: Shape, size: number): Value {
    return this.#input('int32', shape, () => Math.floor(this.#random() * size));
  }

  any(dtype: DType, shape: Shape): Value {
    if (dtype === 'float32') return this.grid(shape);
    const [low, count] = { bool: [0, 2] as const, uint8: [0, 256] as const, int32: [-3, 7] as const }[dtype];
    return this.#input(dtype, shape, () => low + Math.floor(this.#random() * count));
  }

  parameter(name: string, shape: Shape, low = -1, high = 1): Value {
    this.parameters[name] = tensor(
      'float32',
      shape,
      Float32Array.from({ length: sizeOf(shape) }, () => low + (high - low) * this.#random()),
    );
    return ops.parameter(name, shape, { kind: 'constant', value: 0 });
  }

  mask(name: string, shape: Shape, rate: number): Value {
    const keep = () => (this.#random() < rate ? 0 : 1 / (1 - rate));
    this.masks[name] = tensor('float32', shape, Float32Array.from({ length: sizeOf(shape) }, keep));
    return ops.randomMask(name, shape, rate);
  }

  case(outputs: Record<string, Value>): LoweringCase {
    return { graph: { outputs }, feeds: this.feeds, parameters: this.parameters, masks: this.masks };
  }
}
