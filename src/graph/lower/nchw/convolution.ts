/** Convolution and its two adjoints on pictures [B, C, H, W] from ONNX's Conv and ConvTranspose. */
import type { Pair, Window } from '../../ir.js';
import type { OnnxBuilder } from '../../onnx/builder.js';
import type { NchwRule } from './rule.js';

/** Conv with an optional third input, the bias [Co]. */
export const conv2d: NchwRule<'conv2d'> = ({ attributes: a, inputs: [, weight] }, inputs, b) =>
  b.op('Conv', inputs, {
    kernel_shape: weight!.shape.slice(2),
    strides: a.stride,
    pads: a.padding,
    dilations: a.dilation,
    group: a.groups,
  });

export interface TransposedWindow extends Window {
  kernel: Pair;
  dilation?: Pair;
  groups?: number;
}

/**
 * The adjoint of a sliding window as ConvTranspose: size [h, w] -> inputSize [H, W]. Windows that do not reach the end of the
 * padded picture leave (H + padding - dilated kernel) mod stride rows over: ONNX's output_padding.
 */
export function convTranspose(
  b: OnnxBuilder,
  inputs: readonly string[],
  { kernel, stride, padding, dilation = [1, 1], groups = 1 }: TransposedWindow,
  inputSize: Pair,
): string {
  const leftOver = [0, 1].map(
    (i) => (inputSize[i]! + padding[i]! + padding[i + 2]! - (kernel[i]! - 1) * dilation[i]! - 1) % stride[i]!,
  );
  return b.op('ConvTranspose', inputs, {
    kernel_shape: kernel,
    strides: stride,
    pads: padding,
    dilations: dilation,
    group: groups,
    output_padding: leftOver,
  });
}

/** dx [B, C, H, W]: ConvTranspose reads the weight [Co, C / groups, kh, kw] as it stands. */
export const conv2dInputGrad: NchwRule<'conv2dInputGrad'> = ({ attributes: a, inputs: [weight] }, [w, dy], b) => {
  const kernel = weight!.shape.slice(2) as unknown as Pair;
  return convTranspose(b, [dy!, w!], { ...a, kernel }, a.inputSize);
};

/**
 * dw [Co, C / groups, kh, kw] = sum over b, y, x of x[b, c, s y + d i - p, ...] dy[b, o, y, x]: a convolution of x by dy in which
 * batch and channels, stride s and dilation d have changed places. Rows beyond the kernel, which appear when windows do not reach
 * the end of the padded picture, are cut off.
 */
export const conv2dWeightGrad: NchwRule<'conv2dWeightGrad'> = ({ attributes: a, inputs: [xValue, dyValue] }, [x, dy], b) => {
  const [batch, channels, height, width] = xValue!.shape as [number, number, number, number];
  const [h, w] = dyValue!.shape.slice(2) as [number, number];
  const { groups, kernel, stride, dilation, padding } = a;
  const perGroup = channels / groups;
  // [B, g C', H, W] -> [C', g B, H, W]: every group convolves its own B "channels".
  const split = groups === 1 ? x! : b.op('Reshape', [x!, b.ints([batch, groups, perGroup, height * width])]);
  const swapped = b.op('Transpose', [split], { perm: groups === 1 ? [1, 0, 2, 3] : [2, 1, 0, 3] });
  const picture = groups === 1 ? swapped : b.op('Reshape', [swapped, b.ints([perGroup, groups * batch, height, width])]);
  const filters = b.op('Transpose', [dy!], { perm: [1, 0, 2, 3] });
  const result = b.op('Conv', [picture, filters], {
    kernel_shape: [h, w],
    strides: dilation,
    pads: padding,
    dilations: stride,
    group: groups,
  });
  const size = [0, 1].map((i) => {
    const padded = [height, width][i]! + padding[i]! + padding[i + 2]!;
    return Math.floor((padded - ([h, w][i]! - 1) * stride[i]! - 1) / dilation[i]!) + 1;
  });
  const whole = size[0] === kernel[0] && size[1] === kernel[1];
  const cut = whole ? result : b.op('Slice', [result, b.ints([0, 0]), b.ints(kernel), b.ints([2, 3])]);
  return b.op('Transpose', [cut], { perm: [1, 0, 2, 3] });
};
