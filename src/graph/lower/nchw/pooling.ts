/** Pooling on pictures [B, C, H, W] and its adjoints from standard ONNX operations. */
import { lowestFloat, sizeOf } from '../../../tensor.js';
import type { AveragePoolAttributes, Pair, PoolAttributes } from '../../ir.js';
import type { OnnxBuilder } from '../../onnx/builder.js';
import { convTranspose } from './convolution.js';
import type { NchwRule } from './rule.js';

const windowOf = ({ kernel, stride, padding }: PoolAttributes) => ({ kernel_shape: kernel, strides: stride, pads: padding });

export const maxPool2d: NchwRule<'maxPool2d'> = ({ attributes }, inputs, b) => b.op('MaxPool', inputs, windowOf(attributes));

export const averagePool2d: NchwRule<'averagePool2d'> = ({ attributes }, inputs, b) =>
  b.op('AveragePool', inputs, { ...windowOf(attributes), count_include_pad: attributes.countPadding ? 1 : 0 });

/**
 * dx[p] = sum of dy[w] / ties[w] over the windows w with x[p] = y[w]. The picture is cut into kh kw strided slices, one per place in the
 * window, as channels: [B C, kh kw, h, w]; what equals the maximum takes dy and a transposed convolution by the identity puts
 * the slices back. (Slices rather than a convolution by the identity, because the comparison must see the exact values.)
 */
export const maxPool2dGrad: NchwRule<'maxPool2dGrad'> = ({ attributes: a, shape, inputs: [, yValue] }, [x, y, dy], b) => {
  const [batch, channels, height, width] = shape as [number, number, number, number];
  const [h, w] = yValue!.shape.slice(2) as [number, number];
  const [kh, kw] = a.kernel;
  const [top, left, bottom, right] = a.padding;
  const alone = (value: string, size: readonly number[]) => b.op('Reshape', [value, b.ints([batch * channels, 1, ...size])]);

  const picture = alone(x!, [height, width]);
  // The padding ties with nothing.
  const pads = b.ints([0, 0, top, left, 0, 0, bottom, right]);
  const padded = a.padding.some((p) => p > 0) ? b.op('Pad', [picture, pads, b.scalar(lowestFloat)]) : picture;
  const slices: string[] = [];
  for (let i = 0; i < kh; i++)
    for (let j = 0; j < kw; j++) {
      const ends = [i + (h - 1) * a.stride[0] + 1, j + (w - 1) * a.stride[1] + 1];
      slices.push(b.op('Slice', [padded, b.ints([i, j]), b.ints(ends), b.ints([2, 3]), b.ints(a.stride)]));
    }
  const windows = slices.length === 1 ? slices[0]! : b.op('Concat', slices, { axis: 1 });
  const isMaximum = b.op('Equal', [windows, alone(y!, [h, w])]);
  const ones = b.op('Where', [isMaximum, b.scalar(1), b.scalar(0)]);
  const ties = b.op('ReduceSum', [ones, b.ints([1])], { keepdims: 1 });
  const routed = b.op('Mul', [ones, b.op('Div', [alone(dy!, [h, w]), ties])]);

  const taps = kh * kw;
  const identity = Float32Array.from({ length: taps * taps }, (_, i) => (i % (taps + 1) === 0 ? 1 : 0));
  const dx = convTranspose(b, [routed, b.constant(identity, [taps, 1, kh, kw])], a, [height, width]);
  return b.op('Reshape', [dx, b.ints(shape)]);
};

/** How many positions each output of a window averages over, along one axis. */
const counts = (size: number, out: number, kernel: number, stride: number, before: number): number[] =>
  Array.from({ length: out }, (_, o) => {
    const start = o * stride - before;
    return Math.min(start + kernel, size) - Math.max(start, 0);
  });

/** dx[p] = sum over the windows around p of dy[w] / count[w]: a transposed convolution by ones. */
export const averagePool2dGrad: NchwRule<'averagePool2dGrad'> = ({ attributes: a, shape, inputs: [dyValue] }, [dy], b) => {
  const [batch, channels] = shape as [number, number];
  const [h, w] = dyValue!.shape.slice(2) as [number, number];
  const spread = b.op('Reshape', [b.op('Div', [dy!, divisor(a, [h, w], b)]), b.ints([batch * channels, 1, h, w])]);
  const ones = b.constant(new Float32Array(sizeOf(a.kernel)).fill(1), [1, 1, ...a.kernel]);
  return b.op('Reshape', [convTranspose(b, [spread, ones], a, a.inputSize), b.ints(shape)]);
};

/** kh kw, or without padding the number of real positions in each window [h, w]. */
function divisor(a: AveragePoolAttributes & { inputSize: Pair }, [h, w]: Pair, b: OnnxBuilder): string {
  if (a.countPadding) return b.scalar(a.kernel[0] * a.kernel[1]);
  const rows = counts(a.inputSize[0], h, a.kernel[0], a.stride[0], a.padding[0]);
  const columns = counts(a.inputSize[1], w, a.kernel[1], a.stride[1], a.padding[1]);
  return b.constant(Float32Array.from(rows.flatMap((r) => columns.map((c) => r * c))), [h, w]);
}
