/**
 * The gradient of filters as a blocked convolution in which pictures take the place of channels. From a layer's input X and the gradient
 * dY of its output,
 *
 *     dW[co, ci, i, j] = sum over n, y, x of X[n, ci, s y + i - top, s x + j - left] * dY[n, co, y, x]
 *
 * is a convolution of X with the filters dY and a dilation of s: ci is its batch, n its channels, (i, j) its pixels. The input is copied
 * twice for it, where a matrix product over gathered taps first writes every pixel kh * kw times.
 *
 * A layer's input in blocks has the channels of a block inside a pixel: they count as columns, and the filters' taps stand as many times
 * further apart.
 */
import type { Pair, Value } from '../../ir.js';
import { blockedDomain, type FeatureMap, type RowsContext } from './context.js';
import { type Blocked, cellsOf, forEachPixel } from './geometry.js';
import type { Layer } from './layer.js';

/** A batch of pictures, [B, groups, height, width, channelsPerPixel] in memory: those of NCHW have one channel in a pixel, blocks a block. */
export interface Pictures {
  readonly name: string;
  readonly groups: number;
  readonly height: number;
  readonly width: number;
  readonly channelsPerPixel: number;
}

export interface WantedTaps {
  readonly lines: number;
  readonly columns: number;
  /** Pixels of the input from one of the output's to the next. */
  readonly stride: Pair;
  /** Lines and columns of zeros before the pictures. */
  readonly top: number;
  readonly left: number;
}

/** Bytes of filters to a convolution, which reads them once for every line of taps; measured with 1 MB of second-level cache to a core. */
const sectionBytes = 1.25 * 2 ** 20;
/** The kernels compute so many blocks of filters at a time. */
const filterBlocksAtOnce = 4;

/** [groups, C, lines, columns * channelsPerPixel] of the filters' gradient, dY being in blocks. The batch must fill blocks. */
export function weightGradByPictures(c: RowsContext, x: Pictures, dy: FeatureMap<Blocked>, taps: WantedTaps): string {
  const { batch, height, width, block, blocks } = dy.layout;
  const perLine = 4 * block * block * Math.min(blocks, filterBlocksAtOnce) * width;
  const section = Math.max(1, Math.floor(sectionBytes / perLine));
  const parts: string[] = [];
  for (let at = 0; at < batch / block; at++)
    for (let from = 0; from < height; from += section) {
      const part = sectionOf(c, x, dy, taps, { at, from, to: Math.min(height, from + section) });
      if (part) parts.push(part);
    }
  return c.op('ReorderOutput', [c.op('Sum', parts)], { channels: blocks * block }, blockedDomain);
}

/** What block `at` of the pictures and the lines from .. to - 1 of dY give; nothing where all that these look at is padding. */
function sectionOf(
  c: RowsContext,
  x: Pictures,
  dy: FeatureMap<Blocked>,
  taps: WantedTaps,
  { at, from, to }: { at: number; from: number; to: number },
): string | undefined {
  const { layout } = dy;
  const { width, block, blocks } = layout;
  const [down, across] = taps.stride;
  // Lines of the input that are looked at, and those of them that there are. Lines outside cost the kernel nothing.
  const [first, end] = [down * from - taps.top, down * (to - 1) + taps.lines - taps.top];
  const [firstInside, endInside] = [Math.max(0, first), Math.min(x.height, end)];
  if (firstInside >= endInside) return undefined;
  const ints = (...values: number[]) => c.builder.ints(values);
  const { name: pictures, width: paddedWidth } = asChannels(c, x, layout, taps);
  const source = c.once(`lines of pictures ${pictures} ${at} ${firstInside} ${endInside}`, () => {
    const [start, stop] = [ints(at * x.groups, firstInside), ints((at + 1) * x.groups, endInside)];
    const lines = c.op('Slice', [pictures, start, stop, ints(0, 1)]);
    return c.reshape(lines, [x.groups, block, endInside - firstInside, paddedWidth * x.channelsPerPixel]);
  });
  // [C / block, lines, w, block (of pictures), block (of C)]
  const index = c.index(`pictures inside ${layout.key} ${at} ${from} ${to}`, () => {
    const values = new Int32Array(blocks * (to - from) * width * block);
    const cell = cellsOf(layout, blocks);
    forEachPixel({ batch: block, height: to - from, width }, (n, y, xx) => {
      for (let k = 0; k < blocks; k++)
        values[((k * (to - from) + y) * width + xx) * block + n] = cell.at(at * block + n, from + y, xx, k);
    });
    return values;
  });
  const filters = c.reshape(c.pick(c.cells(dy, blocks, blocks * block), index), [blocks * block, block, to - from, width]);
  const attributes = {
    kernel_shape: [to - from, width],
    strides: [1, 1],
    dilations: [down, across * x.channelsPerPixel],
    pads: [firstInside - first, 0, end - endInside, 0],
  };
  return c.op('Conv', [source, filters], attributes, blockedDomain);
}

/**
 * The pictures as channels, a block after another, [B / block * groups, H, W' * channelsPerPixel * block]: the columns padded (or cut) to
 * those that are looked at, since columns outside would cost the kernel much.
 */
function asChannels(c: RowsContext, x: Pictures, { batch, block, width }: Blocked, { columns, stride, left }: WantedTaps) {
  const { groups, height, channelsPerPixel } = x;
  const paddedWidth = columns + stride[1] * (width - 1);
  const name = c.once(`pictures as channels ${x.name} ${left} ${paddedWidth}`, () => {
    const maps = c.reshape(x.name, [batch / block, block, groups * height, x.width * channelsPerPixel]);
    const pixel = channelsPerPixel * block;
    const turned = c.op('ReorderInput', [maps], {}, blockedDomain);
    const lines = c.reshape(turned, [(batch / block) * groups * height, x.width * pixel]);
    const padded = c.op('Pad', [lines, c.builder.ints([0, left * pixel, 0, (paddedWidth - x.width - left) * pixel])]);
    return c.reshape(padded, [(batch / block) * groups, height, paddedWidth * pixel]);
  });
  return { name, width: paddedWidth };
}

/** The gradient of a layer's filters, [kh, kw, Ci / block, block, Co]; its input and output fill blocks. */
export function layerWeightGradByPictures(c: RowsContext, l: Layer, x: Value, dy: Value): string {
  const { name, layout } = c.blocked(x);
  const { block, blocks: groups, height, width } = layout;
  const [lines, columns] = l.kernel;
  const [top, left] = l.padding;
  const pictures = { name, groups, height, width, channelsPerPixel: block };
  const gradient = weightGradByPictures(c, pictures, c.blocked(dy), { lines, columns, stride: l.stride, top, left });
  return c.op('Transpose', [c.reshape(gradient, [groups, l.filters, lines, columns, block])], { perm: [2, 3, 0, 4, 1] });
}
