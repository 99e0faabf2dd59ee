/** What per-channel work on feature maps is made of - sums, dot products, affine maps - in each layout. */
import type { Value } from '../../ir.js';
import { blockedDomain, type FeatureMap, type RowsContext, shapeOf } from './context.js';
import { isBlocked } from './geometry.js';

/** Vectors are [C]. Operands must share one layout. */
export interface MapAlgebra {
  /** Sum over pictures and pixels. */
  sum(x: string): string;
  /** Sum of a * b over pictures and pixels. */
  dot(a: string, b: string): string;
  /** x * scale */
  scale(x: string, scale: string): string;
  /** x * scale + shift (+ plus) */
  affine(x: string, scale: string, shift: string, plus?: string): string;
}

/** The algebra for maps like `value`, in the layout of `map`. */
export function algebra(c: RowsContext, value: Value, { layout }: FeatureMap): MapAlgebra {
  return isBlocked(layout) ? blockedAlgebra(c, shapeOf(value)) : rowsAlgebra(c, shapeOf(value));
}

/** Sums are products with ones: the fastest reduction over rows that ONNX Runtime has. */
function rowsAlgebra(c: RowsContext, [batch, channels, height, width]: ReturnType<typeof shapeOf>): MapAlgebra {
  const n = batch * height * width;
  const w = c.widened(n, channels);
  const sum = (x: string) =>
    c.once(`sum ${x}`, () => {
      // A product with one row runs on one thread: a batch of several is shared among them.
      const parts = n % 8 === 0 ? 8 : 1;
      const ones = c.matrix(`ones ${n}`, () => new Float32Array(n).fill(1), [parts, 1, n / parts]);
      const each = c.product(ones, c.reshape(x, [parts, n / parts, channels]));
      return c.op('ReduceSum', [each, c.builder.ints([0, 1])], { keepdims: 0 });
    });
  return {
    sum,
    dot: (a, b) => sum(c.op('Mul', [a, b])),
    scale: (x, scale) => w.back(c.op('Mul', [w.matrix(x), w.vector(scale)])),
    affine: (x, scale, shift, plus) => {
      const scaled = c.op('Mul', [w.matrix(x), w.vector(scale)]);
      return w.back(c.op('Add', [plus ? c.op('Add', [scaled, w.matrix(plus)]) : scaled, w.vector(shift)]));
    },
  };
}

/** One pass each: a dot product is a depthwise convolution with the other map as the filter, an affine map one with a 1 x 1 filter. */
export function blockedAlgebra(c: RowsContext, [batch, channels, height, width]: ReturnType<typeof shapeOf>): MapAlgebra {
  const groups = batch * channels;
  const perChannel = (vector: string) => c.reshape(vector, [channels, 1, 1, 1]);
  const depthwise = { kernel_shape: [1, 1], group: channels };
  const overBatch = (name: string, factor: number) => {
    const weights = c.matrix(`${factor} x ${batch}`, () => new Float32Array(batch).fill(factor), [1, batch]);
    return c.reshape(c.product(weights, c.reshape(name, [batch, channels])), [channels]);
  };
  return {
    sum: (x) => c.once(`sum ${x}`, () => overBatch(c.op('GlobalAveragePool', [x], {}, blockedDomain), height * width)),
    dot: (a, b) => {
      const [map, filter] = [c.reshape(a, [1, groups, height, width]), c.reshape(b, [groups, 1, height, width])];
      return overBatch(c.op('Conv', [map, filter], { kernel_shape: [height, width], group: groups }, blockedDomain), 1);
    },
    scale: (x, scale) => c.op('Conv', [x, perChannel(scale)], depthwise, blockedDomain),
    affine: (x, scale, shift, plus) =>
      c.op('Conv', [x, perChannel(scale), shift, ...(plus ? [plus] : [])], depthwise, blockedDomain),
  };
}
