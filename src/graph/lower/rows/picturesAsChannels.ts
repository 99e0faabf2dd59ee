/**
 * The gradient of filters as a blocked convolution in which pictures take the place of channels. From a layer's input X and the gradient
 * dY of its output,
 *
 *     dW[co, ci, i, j] = sum over n, y, x of X[n, ci, s y + i - top, s x + j - left] * dY[n, co, y, x]
 *
 * is a convolution of X with the filters dY and a dilation of s: ci is its batch, n its channels, (i, j) its pixels. It reads the input
 * where it lies; a matrix product over gathered taps first writes every pixel kh * kw times.
 *
 * A layer's input in blocks has the channels of a block inside a pixel: they count as columns, `inner` to a pixel, and the filters' taps
 * stand `inner` times as far apart.
 */
import { blockedDomain, type RowsContext } from './context.js';
import { type Blocked, cellsOf, forEachPixel } from './geometry.js';

/** A batch of pictures, [B, groups, height, width, inner] in memory; an ordinary one has `inner` 1, one in blocks the block. */
export interface Pictures {
  readonly name: string;
  readonly batch: number;
  readonly groups: number;
  readonly height: number;
  readonly width: number;
  readonly inner: number;
}

export interface Taps {
  /** Lines of taps that are wanted, and how many pixels apart the output's pixels lie. */
  readonly lines: number;
  readonly stride: number;
  readonly top: number;
  /** Columns of zeros; the padded width must hold every tap. */
  readonly left: number;
  readonly right: number;
}

/** Bytes of filters that a convolution reads again and again: what stays in a core's cache. */
const bankBytes = 1.25 * 2 ** 20;

/** All pictures as channels, a block after another, [B / block * groups, H, (left + W + right) * inner * block]. */
function turned(c: RowsContext, x: Pictures, block: number, { left, right }: Taps): string {
  const { batch, groups, height, width, inner } = x;
  return c.once(`turned ${x.name} ${left} ${right}`, () => {
    const lines = (batch / block) * groups * height;
    const maps = c.reshape(x.name, [batch / block, block, groups * height, width * inner]);
    const pixels = c.reshape(c.op('ReorderInput', [maps], {}, blockedDomain), [lines, width * inner * block]);
    const padded = c.op('Pad', [pixels, c.builder.ints([0, left * inner * block, 0, right * inner * block])]);
    return c.reshape(padded, [(batch / block) * groups, height, (left + width + right) * inner * block]);
  });
}

/**
 * [groups, C, lines, columns * inner], where columns are all those that the padded width has room for. The batch must fill blocks;
 * `dy` is a map of C channels in blocks.
 */
export function weightGradByPictures(c: RowsContext, x: Pictures, dy: { name: string; layout: Blocked }, taps: Taps): string {
  const { batch, height, width, block, blocks } = dy.layout;
  const perLine = 4 * block * block * blocks * width;
  const sections = Math.min(height, Math.ceil((height * perLine) / bankBytes));
  const cut = (i: number) => Math.round((i * height) / sections);
  const pictures = turned(c, x, block, taps);
  const parts = Array.from({ length: batch / block }, (_, at) =>
    Array.from({ length: sections }, (_, i) => part(c, x, dy, taps, { pictures, at, from: cut(i), to: cut(i + 1) })),
  ).flat();
  return c.op('ReorderOutput', [c.op('Sum', parts)], { channels: blocks * block }, blockedDomain);
}

/** What block `at` of the pictures and the lines from .. to - 1 of dY give. */
function part(
  c: RowsContext,
  x: Pictures,
  dy: { name: string; layout: Blocked },
  { stride, lines, top, left, right }: Taps,
  { pictures, at, from, to }: { pictures: string; at: number; from: number; to: number },
): string {
  const { layout } = dy;
  const { width, block, blocks } = layout;
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
  // Lines outside the pictures cost the kernel nothing, columns do: those are there as zeros.
  const [first, end] = [stride * from - top, stride * (to - 1) + lines - top];
  const [begin, stop] = [Math.max(0, first), Math.min(x.height, end)];
  const ints = (...values: number[]) => c.builder.ints(values);
  const source = c.once(`${pictures} ${at} ${begin} ${stop}`, () => {
    const cut = c.op('Slice', [pictures, ints(at * x.groups, begin), ints((at + 1) * x.groups, stop), ints(0, 1)]);
    return c.reshape(cut, [x.groups, block, stop - begin, (left + x.width + right) * x.inner]);
  });
  const attributes = {
    kernel_shape: [to - from, width],
    strides: [1, 1],
    dilations: [stride, stride * x.inner],
    pads: [begin - first, 0, end - stop, 0],
  };
  return c.op('Conv', [source, filters], attributes, blockedDomain);
}
