/**
 * The gradient of a stem's filters, a phase of its map at a time, as a blocked convolution in which pictures take the place of channels.
 * From the pixels X of the pictures and dX, the gradient at a phase's pixels,
 *
 *     dW[co, ci, i, j] = sum over n, y, x of X[n, ci, 4 y + i - t, 4 x + j - l] * dX[n, co, y, x]
 *
 * is a convolution of X, ci its batch and n its channels, with the filters dX and a dilation of 4. It reads the pictures where they lie:
 * gathering the taps of every pixel for a matrix product moves 50 times as much.
 */
import { blockedDomain, type RowsContext } from './context.js';
import { type Blocked, cellsOf, forEachPixel } from './geometry.js';

export interface StemShape {
  readonly kernel: readonly [number, number];
  /** Of the pictures. */
  readonly channels: number;
  readonly height: number;
  readonly width: number;
  /** Above and to the left of the pictures. */
  readonly padding: readonly [top: number, left: number];
  readonly filters: number;
}

/** The pictures of one block as channels, [Ci, block, H, W'], padded so that every tap of every phase of at most `phaseWidth` lies inside. */
function picturesAsChannels(c: RowsContext, x: string, s: StemShape, at: number, block: number, phaseWidth: number): string {
  const { channels, height, width, kernel, padding } = s;
  const right = 2 + kernel[1] + 4 * (phaseWidth - 1) - width - padding[1];
  return c.once(`pictures ${x} ${at} ${right}`, () => {
    const part = c.op('Slice', [x, c.builder.ints([at * block]), c.builder.ints([(at + 1) * block]), c.builder.ints([0])]);
    const turned = c.op('Transpose', [c.reshape(part, [block, channels * height * width])], { perm: [1, 0] });
    const lines = c.reshape(turned, [channels * height, width * block]);
    const padded = c.op('Pad', [lines, c.builder.ints([0, padding[1] * block, 0, right * block])]);
    return c.reshape(padded, [channels, block, height, width + padding[1] + right]);
  });
}

/** The part of one phase, [Ci, C, kh, kw]: of the map's lines 2 y + line and columns 2 x + column; the batch must fill blocks. */
export function stemWeightPart(
  c: RowsContext,
  x: string,
  s: StemShape,
  phase: { readonly dx: string; readonly layout: Blocked; readonly line: number; readonly column: number; readonly widest: number },
): string {
  const { dx, layout, line, column, widest } = phase;
  const { batch, height, width, block, blocks } = layout;
  const [kh, kw] = s.kernel;
  const cells = c.cells({ name: dx, layout }, blocks, s.filters);
  // Lines outside the pictures cost the kernel nothing, columns do: only those are padded.
  const top = s.padding[0] - 2 * line;
  const bottom = Math.max(0, kh + 4 * (height - 1) - s.height - top);
  const parts = Array.from({ length: batch / block }, (_, at) => {
    // [C / block, h, w, block (of pictures), block (of C)]
    const index = c.index(`pictures inside ${layout.key} ${at}`, () => {
      const values = new Int32Array(blocks * height * width * block);
      const { at: cell } = cellsOf(layout, blocks);
      forEachPixel({ batch: block, height, width }, (n, y, xx) => {
        for (let k = 0; k < blocks; k++) values[((k * height + y) * width + xx) * block + n] = cell(at * block + n, y, xx, k);
      });
      return values;
    });
    const filters = c.reshape(c.pick(cells, index), [s.filters, block, height, width]);
    const pictures = picturesAsChannels(c, x, s, at, block, widest);
    const attributes = { kernel_shape: [height, width], strides: [1, 1], dilations: [4, 4], pads: [top, 0, bottom, 0] };
    return c.op('Conv', [pictures, filters], attributes, blockedDomain);
  });
  const sum = c.op('ReorderOutput', [c.op('Sum', parts)], { channels: s.filters }, blockedDomain);
  const [first, end] = [
    [0, 2 * column],
    [kh, 2 * column + kw],
  ];
  return c.op('Slice', [sum, c.builder.ints(first), c.builder.ints(end), c.builder.ints([2, 3])]);
}
