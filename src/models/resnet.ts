/**
 * Residual networks of basic blocks (He et al., "Deep Residual Learning for Image Recognition", 2016, table 1), without the
 * pooling and classifier at the end: the feature map is what localization needs. Parameter names are torchvision's.
 */
import type { Padding, Value } from '../graph/ir.js';
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
   * Moves every layer of stride 2 but the last by one to the right and down, so that position i of a map of stride s looks at the middle of the s
   * pixels that it stands for (s i + s / 2 - 1, where the middle is s i + s / 2 - 1 / 2) and not at their corner (s i): a heatmap then lies on the
   * object and not beside it. Sizes and weights are the same. Default false, as in torchvision.
   */
  centred?: boolean;
}

/** Padding of a window of stride 2 that is moved by one to the right and down; as many results as with `padding` on all sides. */
const movedPadding = ({ shape }: Value, padding: number): Padding => {
  // Of an even number of pixels the last one of the padding is never seen.
  const after = (axis: number) => padding + (shape[axis]! % 2);
  return [padding - 1, padding - 1, after(2), after(3)];
};

/** x moved by one to the left and up. */
function movedPicture(x: Value): Value {
  const [b, c, h, w] = x.shape as [number, number, number, number];
  return ops.pad(ops.slice(x, [0, 0, 1, 1], [b, c, h - 1, w - 1]), [0, 0, 0, 0], [0, 0, 1, 1]);
}

/**
 * conv - bn - relu - conv - bn, added to x (through a 1x1 convolution where the shape changes), then relu. A `moved` one looks one to the
 * right and down.
 */
function basicBlock(scope: Scope, x: Value, channels: number, stride: number, moved: boolean): Value {
  return scope.within(() => {
    const conv = (name: string, input: Value, s: number, padding: Padding | 1) =>
      conv2d(scope.child(name), input, { channels, kernel: 3, stride: s, padding, bias: false });
    const inner = ops.relu(batchNorm(scope.child('bn1'), conv('conv1', x, stride, moved ? movedPadding(x, 1) : 1)));
    const y = batchNorm(scope.child('bn2'), conv('conv2', inner, 1, 1));
    if (stride === 1 && x.shape[1] === channels) return ops.relu(ops.add(y, x));
    const downsample = scope.child('downsample');
    const seen = moved ? movedPicture(x) : x;
    const narrowed = conv2d(downsample.child('0'), seen, { channels, kernel: 1, stride, bias: false });
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
    const strides = widths.map((_, stage) => (stage === 0 ? 1 : stage === widths.length - 1 ? (lastStride ?? 2) : 2));
    const lastStrided = strides.lastIndexOf(2);
    const stem = conv2d(scope.child('conv1'), x, {
      channels: widths[0]!,
      kernel: 7,
      stride: 2,
      padding: centred ? movedPadding(x, 3) : 3,
      bias: false,
    });
    const poolPadding = centred && lastStrided >= 0 ? movedPadding(stem, 1) : 1;
    let y: Value = ops.maxPool2d(ops.relu(batchNorm(scope.child('bn1'), stem)), 3, { stride: 2, padding: poolPadding });
    widths.forEach((channels, stage) => {
      const moved = centred && strides[stage] === 2 && stage < lastStrided;
      for (let i = 0; i < blocks[stage]!; i++)
        y = basicBlock(scope.child(`layer${stage + 1}.${i}`), y, channels, i === 0 ? strides[stage]! : 1, moved && i === 0);
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
