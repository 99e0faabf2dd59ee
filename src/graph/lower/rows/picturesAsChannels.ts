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

/** The pictures of block `at` as channels, [groups, block, H, (left + W + right) * inner]. */
function turned(c: RowsContext, x: Pictures, block: number, { left, right }: Taps, at: number): string {
  const { batch, groups, height, inner } = x;
  const blocks = batch / block;
  const width = left + x.width + right;
  const all = c.once(`turned ${x.name} ${left} ${right}`, () => {
    const maps = c.reshape(x.name, [blocks, block, groups * height, x.width * inner]);
    const lines = c.reshape(c.op('ReorderInput', [maps], {}, blockedDomain), [blocks * groups * height, x.width * inner * block]);
    const padded = c.op('Pad', [lines, c.builder.ints([0, left * inner * block, 0, right * inner * block])]);
    return c.reshape(padded, [blocks * groups, block, height, width * inner]);
  });
  if (blocks === 1) return all;
  const [from, to] = [c.builder.ints([at * groups]), c.builder.ints([(at + 1) * groups])];
  return c.once(`${all} ${at}`, () => c.op('Slice', [all, from, to, c.builder.ints([0])]));
}

/**
 * [groups, C, lines, columns * inner], where columns are all those that the padded width has room for. The batch must fill blocks;
 * `dy` is a map of C channels in blocks.
 */
export function weightGradByPictures(c: RowsContext, x: Pictures, dy: { name: string; layout: Blocked }, taps: Taps): string {
  const { batch, height, width, block, blocks } = dy.layout;
  const filters = blocks * block;
  const cells = c.cells(dy, blocks, filters);
  const { stride, lines, top } = taps;
  // Lines outside the pictures cost the kernel nothing, columns do.
  const pads = [top, 0, Math.max(0, lines + stride * (height - 1) - x.height - top), 0];
  const dilations = [stride, stride * x.inner];
  const parts = Array.from({ length: batch / block }, (_, at) => {
    // [C / block, h, w, block (of pictures), block (of C)]
    const index = c.index(`pictures inside ${dy.layout.key} ${at}`, () => {
      const values = new Int32Array(blocks * height * width * block);
      const cell = cellsOf(dy.layout, blocks);
      forEachPixel({ batch: block, height, width }, (n, y, xx) => {
        for (let k = 0; k < blocks; k++) values[((k * height + y) * width + xx) * block + n] = cell.at(at * block + n, y, xx, k);
      });
      return values;
    });
    const bank = c.reshape(c.pick(cells, index), [filters, block, height, width]);
    const attributes = { kernel_shape: [height, width], strides: [1, 1], dilations, pads };
    return c.op('Conv', [turned(c, x, block, taps, at), bank], attributes, blockedDomain);
  });
  return c.op('ReorderOutput', [c.op('Sum', parts)], { channels: filters }, blockedDomain);
}
