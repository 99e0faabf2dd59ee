/**
 * Residual networks of basic blocks (He et al., "Deep Residual Learning for Image Recognition", 2016, table 1), without the
 * pooling and classifier at the end: the feature map is what localization needs. Parameter names are torchvision's.
 */
import type { Value } from '../graph/ir.js';
import * as ops from '../graph/ops.js';
import { batchNorm, conv2d } from '../nn/layers.js';
import type { Scope } from '../nn/scope.js';

export interface ResNetOptions {
  /** Channels of each stage; the stem has those of the first. */
  widths?: readonly number[];
  /** Basic blocks in each stage. */
  blocks?: readonly number[];
  /** Stride of the last of several stages: with four, 2 (default) gives a map 32 times smaller than the input, 1 one 16 times. */
  lastStride?: 1 | 2;
  /**
   * Pads the stem and its pooling less above and to the left, so that position i of a map of stride s looks at the middle of the s pixels that it
   * stands for (s i + s / 2 - 1, where the middle is s i + s / 2 - 1 / 2) and not at their corner (s i): a heatmap then lies on the object and not beside it.
   * Sizes and weights are the same. Default false, as in torchvision.
   */
  centred?: boolean;
}

/** conv - bn - relu - conv - bn, added to x (through a 1x1 convolution where the shape changes), then relu. */
function basicBlock(scope: Scope, x: Value, channels: number, stride: number): Value {
  return scope.within(() => {
    const conv = (name: string, input: Value, s: number) =>
      conv2d(scope.child(name), input, { channels, kernel: 3, stride: s, padding: 1, bias: false });
    const inner = ops.relu(batchNorm(scope.child('bn1'), conv('conv1', x, stride)));
    const y = batchNorm(scope.child('bn2'), conv('conv2', inner, 1));
    if (stride === 1 && x.shape[1] === channels) return ops.relu(ops.add(y, x));
    const downsample = scope.child('downsample');
    const narrowed = conv2d(downsample.child('0'), x, { channels, kernel: 1, stride, bias: false });
    return ops.relu(ops.add(y, batchNorm(downsample.child('1'), narrowed)));
  });
}

/**
 * x [B, C, H, W] -> [B, widths.at(-1), h, w]; C may be anything (3 for pictures, 1 for spectrograms). With four stages h is H / 32,
 * or H / 16 with `lastStride: 1`, rounded up. The defaults are ResNet-18's. Throws RangeError when widths and blocks differ in
 * length, and when a single stage, whose stride is always 1, is given a `lastStride`.
 */
export function resnet(
  scope: Scope,
  x: Value,
  { widths = [64, 128, 256, 512], blocks = [2, 2, 2, 2], lastStride, centred = false }: ResNetOptions = {},
): Value {
  if (widths.length !== blocks.length || widths.length === 0)
    throw new RangeError(`resnet: needs as many widths as block counts, got widths [${widths}] and blocks [${blocks}]`);
  if (widths.length === 1 && lastStride !== undefined)
    throw new RangeError(`resnet: the stride of a single stage is always 1; leave lastStride (${lastStride}) out`);
  return scope.within(() => {
    const [stemPadding, poolPadding] = centred
      ? ([
          [2, 2, 3, 3],
          [0, 0, 1, 1],
        ] as const)
      : ([3, 1] as const);
    const stem = conv2d(scope.child('conv1'), x, {
      channels: widths[0]!,
      kernel: 7,
      stride: 2,
      padding: stemPadding,
      bias: false,
    });
    let y: Value = ops.maxPool2d(ops.relu(batchNorm(scope.child('bn1'), stem)), 3, { stride: 2, padding: poolPadding });
    widths.forEach((channels, stage) => {
      const last = stage === widths.length - 1;
      const stride = stage === 0 ? 1 : last ? (lastStride ?? 2) : 2;
      for (let i = 0; i < blocks[stage]!; i++)
        y = basicBlock(scope.child(`layer${stage + 1}.${i}`), y, channels, i === 0 ? stride : 1);
    });
    return y;
  });
}

export type ResNetPresetOptions = Pick<ResNetOptions, 'lastStride'>;

/** 11.2 million weights. */
export const resnet18 = (scope: Scope, x: Value, options: ResNetPresetOptions = {}): Value => resnet(scope, x, options);

/** One block a stage at half the width, 1.2 million weights: for laptops and for trying things out. */
export const resnet10 = (scope: Scope, x: Value, options: ResNetPresetOptions = {}): Value =>
  resnet(scope, x, { ...options, widths: [32, 64, 128, 256], blocks: [1, 1, 1, 1] });
