/** Shape and dtype of every operation's result, from its inputs and attributes. */
import { type DType, type Shape, showShape, sizeOf } from '../tensor.js';
import type { Attributes, ConvAttributes, Op, Pair, PoolAttributes, ReduceAttributes, Value, Window } from './ir.js';

export interface TypeOf {
  shape: Shape;
  dtype: DType;
}

/** A graph that cannot be built: names the operation, its inputs and the line that built it. */
export class GraphError extends Error {
  override name = 'GraphError';
}

type Rule<K extends Op> = (inputs: readonly Value[], attributes: Attributes[K]) => Shape | TypeOf;

/** Thrown inside a rule; `inferShape` adds the operation and the place. */
class Misfit extends Error {}
function expect(condition: boolean, message: string): asserts condition {
  if (!condition) throw new Misfit(message);
}
/** The common shape of NumPy broadcasting. */
export function broadcastShapes(a: Shape, b: Shape): Shape {
  const rank = Math.max(a.length, b.length);
  return Array.from({ length: rank }, (_, i) => {
    const x = a[i - rank + a.length] ?? 1;
    const y = b[i - rank + b.length] ?? 1;
    expect(
      x === y || x === 1 || y === 1,
      `${showShape(a)} and ${showShape(b)} do not broadcast (axis ${i - rank}: ${x} against ${y})`,
    );
    return x === 1 ? y : x;
  });
}

const axisOf = (shape: Shape, axis: number) => {
  expect(Number.isInteger(axis) && axis >= 0 && axis < shape.length, `axis ${axis} is outside ${showShape(shape)}`);
  return axis;
};
const same = ([x]: readonly Value[]): TypeOf => ({ shape: x!.shape, dtype: x!.dtype });
const floating =
  <A>(rule: (inputs: readonly Value[], attributes: A) => Shape | TypeOf) =>
  (inputs: readonly Value[], attributes: A) => {
    inputs.forEach((v, i) => expect(v.dtype === 'float32', `input ${i} must be float32, it is ${v.dtype}`));
    return rule(inputs, attributes);
  };
const unary = floating(same);
const binary = ([a, b]: readonly Value[]): TypeOf => {
  expect(a!.dtype === b!.dtype, `the inputs differ in dtype: ${a!.dtype} and ${b!.dtype}`);
  return { shape: broadcastShapes(a!.shape, b!.shape), dtype: a!.dtype };
};
const vectorOf = (v: Value, channels: number, name: string) =>
  expect(v.shape.length === 1 && v.shape[0] === channels, `${name} must be [${channels}], it is ${showShape(v.shape)}`);
const channelsOf = (x: Value) => {
  expect(x.shape.length >= 2, `needs at least [batch, channels], got ${showShape(x.shape)}`);
  return x.shape[1]!;
};

const reduce = ([x]: readonly Value[], { axes, keepDims }: ReduceAttributes): Shape => {
  axes.forEach((a) => axisOf(x!.shape, a));
  return keepDims ? x!.shape.map((d, i) => (axes.includes(i) ? 1 : d)) : x!.shape.filter((_, i) => !axes.includes(i));
};

/** Output length of a sliding window: floor((size + padding - dilated kernel) / stride) + 1. */
const windowed = (size: number, kernel: number, stride: number, pad: number, dilation: number) => {
  expect(
    [kernel, stride, dilation].every((n) => Number.isInteger(n) && n > 0),
    'kernel, stride and dilation must be positive integers',
  );
  const out = Math.floor((size + pad - (kernel - 1) * dilation - 1) / stride) + 1;
  expect(out > 0, `a window of ${kernel} (dilation ${dilation}) does not fit into ${size} + ${pad} padding`);
  return out;
};
const windowedSize = (h: number, w: number, [kh, kw]: Pair, { stride, padding }: Window, [dh, dw]: Pair = [1, 1]): Pair => {
  expect(
    padding.every((p) => Number.isInteger(p) && p >= 0),
    `padding must be non-negative integers, it is [${padding}]`,
  );
  return [windowed(h, kh, stride[0], padding[0] + padding[2], dh), windowed(w, kw, stride[1], padding[1] + padding[3], dw)];
};
const picture = (v: Value, name: string): [number, number, number, number] => {
  expect(v.shape.length === 4, `${name} must be [batch, channels, height, width], it is ${showShape(v.shape)}`);
  return v.shape as unknown as [number, number, number, number];
};

function convOutput(x: Shape, weight: Shape, a: ConvAttributes): Shape {
  const [batch, channels, h, w] = x as [number, number, number, number];
  const [out, perGroup, kh, kw] = weight as [number, number, number, number];
  expect(
    channels === perGroup * a.groups && out % a.groups === 0,
    `weight ${showShape(weight)} with ${a.groups} group(s) takes ${perGroup * a.groups} channels, x has ${channels}`,
  );
  return [batch, out, ...windowedSize(h, w, [kh, kw], a, a.dilation)];
}
const pooled = ([x]: readonly Value[], a: PoolAttributes): Shape => {
  const [b, c, h, w] = picture(x!, 'x');
  const [ph, pw] = [Math.max(a.padding[0], a.padding[2]), Math.max(a.padding[1], a.padding[3])];
  expect(ph < a.kernel[0] && pw < a.kernel[1], `padding [${a.padding}] must be smaller than the kernel [${a.kernel}]`);
  return [b, c, ...windowedSize(h, w, a.kernel, a)];
};

/** Untyped callers forget it, and the model then fails far from here. */
const named = (name: string) => expect(typeof name === 'string' && name !== '', `needs a name, got ${JSON.stringify(name)}`);

const rules: { readonly [K in Op]: Rule<K> } = {
  input: (_, a) => {
    named(a.name);
    return { shape: a.shape, dtype: a.dtype };
  },
  parameter: (_, a) => {
    named(a.name);
    return a.shape;
  },
  constant: (_, a) => ({ shape: a.tensor.shape, dtype: a.tensor.dtype }),
  randomMask: (_, a) => {
    named(a.name);
    expect(a.rate >= 0 && a.rate < 1, `rate must be in [0, 1), it is ${a.rate}`);
    return a.shape;
  },
  neg: unary,
  exp: unary,
  log: unary,
  sqrt: unary,
  abs: unary,
  sign: unary,
  erf: unary,
  relu: unary,
  step: unary,
  gelu: unary,
  sigmoid: unary,
  tanh: unary,
  clamp: floating(([x], { min, max }) => {
    expect(min <= max, `min ${min} is above max ${max}`);
    return x!.shape;
  }),
  cast: ([x], { dtype }) => ({ shape: x!.shape, dtype }),
  stopGradient: same,
  add: binary,
  sub: binary,
  mul: binary,
  div: floating(binary),
  maximum: floating(binary),
  minimum: floating(binary),
  compare: (inputs) => ({ shape: binary(inputs).shape, dtype: 'bool' }),
  where: ([condition, a, b]) => {
    expect(condition!.dtype === 'bool', `the condition must be bool, it is ${condition!.dtype}`);
    const { shape, dtype } = binary([a!, b!]);
    return { shape: broadcastShapes(condition!.shape, shape), dtype };
  },
  sum: floating(reduce),
  mean: floating(reduce),
  max: floating(reduce),
  softmax: floating(([x], { axis }) => (axisOf(x!.shape, axis), x!.shape)),
  logSoftmax: floating(([x], { axis }) => (axisOf(x!.shape, axis), x!.shape)),
  kthLargest: floating(([x], { axis, k }) => {
    const size = x!.shape[axisOf(x!.shape, axis)]!;
    expect(Number.isInteger(k) && k >= 1 && k <= size, `k must be in 1..${size}, it is ${k}`);
    return x!.shape.map((d, i) => (i === axis ? 1 : d));
  }),
  matMul: floating(([a, b], { transposeA, transposeB }) => {
    expect(a!.shape.length >= 2 && b!.shape.length >= 2, `needs matrices, got ${showShape(a!.shape)} and ${showShape(b!.shape)}`);
    let [m, k] = a!.shape.slice(-2) as [number, number];
    let [k2, n] = b!.shape.slice(-2) as [number, number];
    if (transposeA) [m, k] = [k, m];
    if (transposeB) [k2, n] = [n, k2];
    expect(
      k === k2,
      `inner dimensions differ: ${showShape(a!.shape)}${transposeA ? '^T' : ''} x ${showShape(b!.shape)}${transposeB ? '^T' : ''}`,
    );
    return [...broadcastShapes(a!.shape.slice(0, -2), b!.shape.slice(0, -2)), m, n];
  }),
  conv2d: floating(([x, weight], a) => (picture(x!, 'x'), picture(weight!, 'weight'), convOutput(x!.shape, weight!.shape, a))),
  conv2dInputGrad: floating(([weight, dy], a) => {
    const [out, perGroup] = picture(weight!, 'weight');
    const [batch] = picture(dy!, 'dy');
    const x = [batch, perGroup * a.groups, ...a.inputSize];
    const y = convOutput(x, weight!.shape, a);
    expect(
      showShape(y) === showShape(dy!.shape),
      `dy must be ${showShape(y)} for ${out} filters over ${showShape(x)}, it is ${showShape(dy!.shape)}`,
    );
    return x;
  }),
  conv2dWeightGrad: floating(([x, dy], a) => {
    const weight = [picture(dy!, 'dy')[1], picture(x!, 'x')[1] / a.groups, ...a.kernel];
    const y = convOutput(x!.shape, weight, a);
    expect(
      showShape(y) === showShape(dy!.shape),
      `dy must be ${showShape(y)} for weight ${showShape(weight)}, it is ${showShape(dy!.shape)}`,
    );
    return weight;
  }),
  bias: floating(([x, b], { axis }) => (vectorOf(b!, x!.shape[axisOf(x!.shape, axis)]!, 'b'), x!.shape)),
  batchMean: floating(([x]) => [channelsOf(x!)]),
  batchVariance: floating(([x]) => [channelsOf(x!)]),
  batchNorm: floating(([x, gamma, beta]) => {
    vectorOf(gamma!, channelsOf(x!), 'gamma');
    vectorOf(beta!, channelsOf(x!), 'beta');
    expect(sizeOf(x!.shape) > x!.shape[1]!, `${showShape(x!.shape)} has one value per channel: nothing to normalize over`);
    return x!.shape;
  }),
  batchNormInputGrad: floating(([x, gamma, dy]) => {
    vectorOf(gamma!, channelsOf(x!), 'gamma');
    expect(showShape(x!.shape) === showShape(dy!.shape), `dy must be ${showShape(x!.shape)}, it is ${showShape(dy!.shape)}`);
    return x!.shape;
  }),
  batchNormScaleGrad: floating(([x, dy]) => {
    expect(showShape(x!.shape) === showShape(dy!.shape), `dy must be ${showShape(x!.shape)}, it is ${showShape(dy!.shape)}`);
    return [channelsOf(x!)];
  }),
  batchNormInference: floating(([x, ...vectors]) => {
    vectors.forEach((v, i) => vectorOf(v, channelsOf(x!), ['gamma', 'beta', 'mean', 'variance'][i]!));
    return x!.shape;
  }),
  layerNorm: floating(([x, gamma, beta]) => {
    expect(x!.shape.length > 0, 'needs at least one axis');
    vectorOf(gamma!, x!.shape.at(-1)!, 'gamma');
    vectorOf(beta!, x!.shape.at(-1)!, 'beta');
    return x!.shape;
  }),
  l2Normalize: floating(([x], { axis }) => (axisOf(x!.shape, axis), x!.shape)),
  maxPool2d: floating(pooled),
  maxPool2dGrad: floating(([x, y, dy], a) => {
    const expected = pooled([x!], a);
    for (const [name, v] of [
      ['y', y!],
      ['dy', dy!],
    ] as const)
      expect(showShape(v.shape) === showShape(expected), `${name} must be ${showShape(expected)}, it is ${showShape(v.shape)}`);
    return x!.shape;
  }),
  averagePool2d: floating(pooled),
  averagePool2dGrad: floating(([dy], a) => {
    const [b, c, h, w] = picture(dy!, 'dy');
    const [oh, ow] = windowedSize(a.inputSize[0], a.inputSize[1], a.kernel, a);
    expect(oh === h && ow === w, `dy must be ${oh} x ${ow} for an input of ${a.inputSize.join(' x ')}, it is ${h} x ${w}`);
    return [b, c, ...a.inputSize];
  }),
  gather: ([x, indices], { axis }) => {
    expect(indices!.dtype === 'int32', `indices must be int32, they are ${indices!.dtype}`);
    axisOf(x!.shape, axis);
    return { shape: [...x!.shape.slice(0, axis), ...indices!.shape, ...x!.shape.slice(axis + 1)], dtype: x!.dtype };
  },
  scatterAdd: ([updates, indices], { axis, size }) => {
    expect(indices!.dtype === 'int32', `indices must be int32, they are ${indices!.dtype}`);
    const held = updates!.shape.slice(axis, axis + indices!.shape.length);
    expect(
      showShape(held) === showShape(indices!.shape),
      `updates ${showShape(updates!.shape)} must hold ${showShape(indices!.shape)} at axis ${axis}`,
    );
    return [...updates!.shape.slice(0, axis), size, ...updates!.shape.slice(axis + indices!.shape.length)];
  },
  slice: ([x], { starts, sizes }) => {
    expect(
      starts.length === x!.shape.length && sizes.length === x!.shape.length,
      `needs one start and size per axis of ${showShape(x!.shape)}`,
    );
    sizes.forEach((n, i) =>
      expect(
        starts[i]! >= 0 && n >= 0 && starts[i]! + n <= x!.shape[i]!,
        `${starts[i]}..${starts[i]! + n} is outside axis ${i} of ${showShape(x!.shape)}`,
      ),
    );
    return { shape: sizes, dtype: x!.dtype };
  },
  pad: ([x], { before, after }) => {
    expect(
      before.length === x!.shape.length && after.length === x!.shape.length,
      `needs one width per axis of ${showShape(x!.shape)}`,
    );
    return { shape: x!.shape.map((d, i) => d + before[i]! + after[i]!), dtype: x!.dtype };
  },
  concat: (inputs, { axis }) => {
    const [first] = inputs;
    expect(first !== undefined, 'needs at least one value');
    axisOf(first.shape, axis);
    for (const v of inputs)
      expect(
        v.dtype === first.dtype &&
          v.shape.length === first.shape.length &&
          v.shape.every((d, i) => i === axis || d === first.shape[i]),
        `${showShape(v.shape)} cannot follow ${showShape(first.shape)} along axis ${axis}`,
      );
    return {
      shape: first.shape.map((d, i) => (i === axis ? inputs.reduce((n, v) => n + v.shape[i]!, 0) : d)),
      dtype: first.dtype,
    };
  },
  transpose: ([x], { permutation }) => {
    expect(
      permutation.length === x!.shape.length && x!.shape.every((_, i) => permutation.includes(i)),
      `[${permutation}] is no permutation of the axes of ${showShape(x!.shape)}`,
    );
    return { shape: permutation.map((p) => x!.shape[p]!), dtype: x!.dtype };
  },
  reshape: ([x], { shape }) => {
    expect(
      sizeOf(shape) === sizeOf(x!.shape),
      `${showShape(x!.shape)} has ${sizeOf(x!.shape)} elements, ${showShape(shape)} has ${sizeOf(shape)}`,
    );
    return { shape, dtype: x!.dtype };
  },
  broadcastTo: ([x], { shape }) => {
    expect(
      showShape(broadcastShapes(x!.shape, shape)) === showShape(shape),
      `${showShape(x!.shape)} does not broadcast to ${showShape(shape)}`,
    );
    return { shape, dtype: x!.dtype };
  },
};

/** The first line of a stack outside this folder (and outside the runtime's own, as in Array.map): the author's own code. */
function lineOf(site: { readonly stack?: string }): string {
  const frames = (site.stack ?? '').split('\n').slice(1);
  const inside =
    /[\\/](graph[\\/](ir|ops|shape|gradient|einsum|resize|spectrum)|features[\\/](spectrogram|picture))\.[jt]s|\(<anonymous>\)$/;
  const own = frames.find((f) => !inside.test(f)) ?? frames[0];
  return own?.trim().replace(/^at /, '') ?? 'an unknown place';
}

/** The line of user code that built a value, for messages. */
export const builtAt = (value: Pick<Value, 'site'>): string => lineOf(value.site);

export function inferShape<K extends Op>(
  op: K,
  inputs: readonly Value[],
  attributes: Attributes[K],
  origin: { label: string; site: { readonly stack?: string } },
): TypeOf {
  try {
    const result = rules[op](inputs, attributes);
    const { shape, dtype } = 'shape' in result ? (result as TypeOf) : { shape: result as Shape, dtype: 'float32' as const };
    expect(
      shape.every((d) => Number.isInteger(d) && d >= 0),
      `the result would have shape ${showShape(shape)}`,
    );
    return { shape, dtype };
  } catch (error) {
    if (!(error instanceof Misfit)) throw error;
    throw misfit(op, error.message, inputs, origin);
  }
}

/** The error of something that cannot be built from these inputs; also for functions that are made of several operations. */
export function misfit(
  name: string,
  message: string,
  inputs: readonly Value[],
  origin: { label?: string; site: { readonly stack?: string } } = { site: new Error() },
): GraphError {
  const given = inputs.map((v) => `${v.op}${v.label ? ` '${v.label}'` : ''} ${v.dtype}[${v.shape.join(', ')}]`).join(', ');
  const where = origin.label ? ` in '${origin.label}'` : '';
  return new GraphError(`${name}${where}: ${message}\n  inputs: ${given || 'none'}\n  built at ${lineOf(origin.site)}`);
}
