/** The residual networks that the methods share, and their settings. */
import { z } from 'zod';
import type { Value } from '../graph/ir.js';
import * as ops from '../graph/ops.js';
import { resnet } from '../models/resnet.js';
import type { Scope } from '../nn/scope.js';

const stride = z.union([z.literal(1), z.literal(2)]);

/** For a method's schema. */
export const encoderSettings = {
  /** Channels of each stage of both encoders. */
  widths: z.array(z.int().min(1).max(4096)).min(2).max(6).readonly(),
  /** Residual blocks of each stage. */
  blocks: z.array(z.int().min(1).max(32)).min(2).max(6).readonly(),
  /** Stride of the last stage: 1 gives a map twice as fine as 2. */
  pictureStride: stride,
  soundStride: stride,
  /** Positions of the map in the middle of the pixels that they stand for; see `ResNetOptions`. */
  centred: z.boolean(),
};

export type EncoderSettings = z.infer<z.ZodObject<typeof encoderSettings>>;

/** For a method's schema: every stage has a width and a number of blocks. */
export const sameLengths = {
  check: ({ widths, blocks }: { widths: readonly number[]; blocks: readonly number[] }): boolean =>
    widths.length === blocks.length,
  options: { error: 'expected as many numbers of blocks as widths: one for each stage', path: ['blocks'] },
};

/** ResNet-18. */
export const paperEncoders = { widths: [64, 128, 256, 512], blocks: [2, 2, 2, 2], centred: false } as const;
/** 0.4 million weights each; a map position for every 8 pixels. */
export const laptopEncoders = {
  widths: [32, 64, 128],
  blocks: [1, 1, 1],
  pictureStride: 1,
  soundStride: 2,
  centred: true,
} as const;

/** frames [B, 3, H, W] -> feature map [B, C, h, w]. */
export const pictureEncoder = (scope: Scope, frames: Value, { widths, blocks, pictureStride, centred }: EncoderSettings): Value =>
  resnet(scope, frames, { widths, blocks, lastStride: pictureStride, centred });

/** spectrograms [B, 1, F, T] -> [B, C]: the maximum over time and frequency, as in LVS and all that came from it. */
export const soundEncoder = (scope: Scope, spectrograms: Value, { widths, blocks, soundStride }: EncoderSettings): Value =>
  ops.globalMaxPool(resnet(scope, spectrograms, { widths, blocks, lastStride: soundStride }));

/** cos(v^xy, a): unit features [B, D, h, w] of pictures and [B, D] of sounds -> [B, h, w], in [-1, 1]. */
export function correspondence(pictures: Value, sounds: Value): Value {
  const [b, d] = sounds.shape as [number, number];
  return ops.sum(ops.mul(pictures, ops.reshape(sounds, [b, d, 1, 1])), 1);
}
