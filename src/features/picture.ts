/** Pictures as networks see them: on the host, and as a graph fragment. */
import type { Value } from '../graph/ir.js';
import { add, constant, mul, slice } from '../graph/ops.js';
import { resize } from '../graph/resize.js';
import { misfit } from '../graph/shape.js';
import type { Frame } from '../media/types.js';
import { float32 } from '../tensor.js';
import { cutFrame } from './augment/crop.js';
import { type Fit, fitOf, placementOf } from './fit.js';
import { normalizeFrame, resizeFrame, resizeTensor } from './kernels/index.js';
import { resizeLevels } from './resizeLevels.js';
import type { PictureSpec, Placement } from './spec.js';

/** Writes the crop of planes [3, fit.height, fit.width] in [0, 1], normalized, to [3, size, size]. */
function normalizePlanes(
  planes: Float32Array,
  { width, height, crop }: Fit,
  { mean, std, size }: PictureSpec,
  out: Float32Array,
) {
  const [left, top] = crop;
  for (let c = 0, to = 0; c < 3; c++) {
    const [shift, scale] = [mean[c]!, 1 / std[c]!];
    for (let y = 0; y < size; y++) {
      const row = (c * height + top + y) * width + left;
      for (let x = 0; x < size; x++) out[to++] = (planes[row + x]! - shift) * scale;
    }
  }
}

/**
 * Writes a picture to `out` as [3, size, size], channels red, green, blue: resized, cut and normalized as the spec says. Returns where its
 * pixels went, for boxes to follow. Throws RangeError when `out` has another length, and as `fitOf`.
 */
export function pictureTensor(frame: Frame, spec: PictureSpec, out: Float32Array): Placement {
  const { size, resize: how, kernel, mean, std, name } = spec;
  if (out.length !== 3 * size * size)
    throw new RangeError(`pictureTensor: '${name}' makes 3 x ${size} x ${size} values, the array holds ${out.length}`);
  const fit = fitOf(frame.width, frame.height, spec);
  if (how === 'pillow') {
    const resized = resizeFrame(frame, fit.width, fit.height, kernel);
    const whole = fit.width === size && fit.height === size;
    normalizeFrame(whole ? resized : cutFrame(resized, fit.crop), mean, std, out);
  } else normalizePlanes(resizeTensor(frame, fit.width, fit.height, kernel), fit, spec, out);
  return placementOf(frame.width, frame.height, spec);
}

/** A value a channel, to be broadcast over pictures. */
const perChannel = (value: (channel: number) => number) => constant(float32([1, 3, 1, 1], [0, 1, 2].map(value)));

/**
 * `pictureTensor` as a graph fragment: x [B, 3, H, W], whole levels 0 .. 255, -> [B, 3, size, size]. For exported models: Pillow's
 * rounding is a cast, which no gradient passes. Throws GraphError when x is no batch of colour pictures, and as `fitOf`.
 */
export function normalizedPicture(x: Value, spec: PictureSpec): Value {
  if (x.shape.length !== 4 || x.shape[1] !== 3)
    throw misfit('normalizedPicture', 'the pictures must be [batch, 3, height, width]', [x]);
  const { resize: how, kernel, mean, std, size } = spec;
  const [batch, , height, width] = x.shape as [number, number, number, number];
  const fit = fitOf(width, height, spec);
  const resized =
    how === 'pillow'
      ? resizeLevels(resizeLevels(x, fit.width, kernel, 'width'), fit.height, kernel, 'height')
      : resize(x, [fit.height, fit.width], kernel, 'halfPixel');
  const [left, top] = fit.crop;
  const square = fit.width === size && fit.height === size ? resized : slice(resized, [0, 0, top, left], [batch, 3, size, size]);
  const scaled = mul(
    square,
    perChannel((c) => 1 / (255 * std[c]!)),
  );
  return add(
    scaled,
    perChannel((c) => -mean[c]! / std[c]!),
  );
}
