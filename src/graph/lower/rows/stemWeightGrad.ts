/** The gradient of a stem's filters from that of the convolution's output, which comes in four phases: even and odd lines and columns. */
import { type FeatureMap, type RowsContext, shapeOf } from './context.js';
import { type Blocked, canonical, forEachPixel, phaseLength } from './geometry.js';
import { weightGradByPictures } from './picturesAsChannels.js';
import type { StemValues } from './stem.js';

export interface PhaseGradient extends FeatureMap<Blocked> {
  /** Of the map, lines 2 y + line and columns 2 x + column. */
  readonly line: number;
  readonly column: number;
}

type Part = (c: RowsContext, stem: StemValues, phase: PhaseGradient) => string;

/** [kh, kw, Ci, C] */
export function stemWeightGrad(c: RowsContext, stem: StemValues, phases: readonly PhaseGradient[]): string {
  const total = (part: Part) => phases.map((phase) => part(c, stem, phase)).reduce((a, b) => c.op('Add', [a, b]));
  if (shapeOf(stem.conv)[0] % c.options.channelBlock === 0) return c.op('Transpose', [total(byPictures)], { perm: [2, 3, 0, 1] });
  const [filters, inChannels, kh, kw] = shapeOf(stem.weight);
  const lines = c.reshape(total(byProduct), [kh, lineTaps(kw), inChannels, filters]);
  return c.op('Slice', [lines, c.builder.ints([0]), c.builder.ints([kw]), c.builder.ints([1])]);
}

/** [Ci, C, kh, kw], for batches that fill blocks: a quarter of the other way's time. */
const byPictures: Part = (c, { x, weight, conv }, { line, column, ...dx }) => {
  const [, groups, height, width] = shapeOf(x);
  const [, , kh, kw] = shapeOf(weight);
  const [top, left] = conv.attributes.padding;
  const pictures = { name: c.plain(x), groups, height, width, channelsPerPixel: 1 };
  // As many as make all phases look at the same columns of the pictures; those of odd ones begin at the third.
  const columns = 2 + kw + 4 * (phaseLength(conv.shape[3]!, 2, 0) - dx.layout.width);
  const taps = { lines: kh, columns, stride: [4, 4], top: top - 2 * line, left } as const;
  const part = weightGradByPictures(c, pictures, dx, taps);
  const ints = (...values: number[]) => c.builder.ints(values);
  return c.op('Slice', [part, ints(0, 2 * column), ints(kh, 2 * column + kw), ints(2, 3)]);
};

/**
 * (taps of the picture)^T dx, [kh * lineTaps * Ci, C]. Pixels are gathered a kernel line at a time from a table of overlapping lines, since
 * short copies are slow.
 */
const byProduct: Part = (c, { x, weight, conv }, { line, column, ...dx }) => {
  const [batch, inChannels, height, width] = shapeOf(x);
  const [filters, , kh, kw] = shapeOf(weight);
  const [top, left] = conv.attributes.padding;
  const [, , outHeight, outWidth] = shapeOf(conv);
  const perLine = lineTaps(kw) / 2;
  // Padded so that every window lies inside; columns are kept in pairs, the step of the convolution.
  const lines = (outHeight - 1) * 2 + kh;
  const pairs = outWidth - 1 + perLine;
  const table = c.once(`lines of ${c.plain(x)} ${top} ${left} ${kh} ${kw} ${outHeight} ${outWidth}`, () => {
    const pixels = c.op('Transpose', [c.plain(x)], { perm: [0, 2, 3, 1] });
    const pads = [0, top, left, 0, 0, lines - height - top, 2 * pairs - width - left, 0];
    const padded = c.reshape(c.op('Pad', [pixels, c.builder.ints(pads)]), [batch * lines * pairs, 2 * inChannels]);
    const index = c.index(`pairs ${batch} ${lines} ${pairs} ${outWidth} ${perLine}`, () => {
      const at = (i: number) =>
        Math.floor(i / (outWidth * perLine)) * pairs + (Math.floor(i / perLine) % outWidth) + (i % perLine);
      return Int32Array.from({ length: batch * lines * outWidth * perLine }, (_, i) => at(i));
    });
    return c.reshape(c.pick(padded, index), [batch * lines * outWidth, lineTaps(kw) * inChannels]);
  });
  const rows = canonical(batch, [dx.layout.height, dx.layout.width]);
  const index = c.index(`lines ${rows.key} ${line}${column} ${kh} ${lines} ${outWidth}`, () => {
    const values = new Int32Array(rows.rows * kh);
    forEachPixel(rows, (b, y, xx) => {
      for (let i = 0; i < kh; i++)
        values[rows.at(b, y, xx) * kh + i] = (b * lines + 2 * (2 * y + line) + i) * outWidth + 2 * xx + column;
    });
    return values;
  });
  const columns = c.reshape(c.pick(table, index), [rows.rows, kh * lineTaps(kw) * inChannels]);
  return c.product(columns, c.reorder(dx, rows, filters), { transA: true });
};

/** Taps of a line of the kernel, rounded up to whole pairs of pixels. */
const lineTaps = (kw: number): number => 2 * Math.ceil(kw / 2);
