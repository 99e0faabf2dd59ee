/**
 * Convolution by ONNX Runtime's blocked kernels (com.microsoft.nchwc), the ones its optimizer puts in place of a `Conv` with constant weights.
 * Here the weights change at every step and are brought into the kernels' order inside the model, which costs next to nothing.
 */
import type { Value } from '../../ir.js';
import { blockedDomain, type RowsContext } from './context.js';
import type { Epilogue } from './epilogue.js';
import { blockedLayout, cellsOf, forEachPixel } from './geometry.js';
import { type Layer, phasesOf, tapsReaching } from './layer.js';

/** Filters [kh, kw, Ci, Co] in the kernels' order [Co / b, Ci / b, kh, kw, b (of Ci), b (of Co)], under their logical shape. */
function filterBlocks(
  c: RowsContext,
  taps: string,
  [kh, kw, channels, filters]: readonly [number, number, number, number],
): string {
  const b = c.options.channelBlock;
  const split = c.reshape(taps, [kh, kw, channels / b, b, filters / b, b]);
  return c.reshape(c.op('Transpose', [split], { perm: [4, 2, 0, 1, 3, 5] }), [filters, channels, kh, kw]);
}

/** The filters of a layer on a plain picture of fewer channels than a block, [Co / b, Ci, kh, kw, b (of Co)], under their logical shape. */
export function pictureFilters(c: RowsContext, taps: string, l: Pick<Layer, 'kernel' | 'channels' | 'filters'>): string {
  const [kh, kw] = l.kernel;
  const b = c.options.channelBlock;
  const split = c.reshape(taps, [kh, kw, l.channels, l.filters / b, b]);
  return c.reshape(c.op('Transpose', [split], { perm: [3, 2, 0, 1, 4] }), [l.filters, l.channels, kh, kw]);
}

/** relu(conv(x) + bias + plus), each part but the convolution optional. */
export function blockedForward(
  c: RowsContext,
  l: Layer,
  x: Value,
  weight: Value,
  { bias, plus, relu }: Partial<Epilogue> = {},
): string {
  const taps = c.taps(weight);
  const isPicture = l.channels < c.options.channelBlock;
  const filters = isPicture ? pictureFilters(c, taps, l) : filterBlocks(c, taps, [...l.kernel, l.channels, l.filters]);
  const inputs = [isPicture ? c.plain(x) : c.blocked(x).name, filters];
  if (bias) inputs.push(c.plain(bias));
  if (plus) {
    // The kernel finds the sum in fourth place only.
    if (!bias) inputs.push(c.matrix(`0 x ${l.filters}`, () => new Float32Array(l.filters), [l.filters]));
    inputs.push(c.blocked(plus).name);
  }
  const attributes = { kernel_shape: l.kernel, strides: l.stride, pads: l.padding, ...(relu && { activation: 'Relu' }) };
  return c.op('Conv', inputs, attributes, blockedDomain);
}

/**
 * The gradient with respect to the input is a convolution of dY with the filters turned by 180 degrees and their channels exchanged; for
 * a stride of two, four of them, one for each residue of (y, x), each with the taps that reach it.
 */
export function blockedInputGrad(c: RowsContext, l: Layer, weight: Value, dy: Value): string {
  const b = c.options.channelBlock;
  const [kh, kw] = l.kernel;
  const flat = c.reshape(c.taps(weight), [kh * kw, l.channels / b, b, l.filters / b, b]);
  const from = c.blocked(dy).name;
  const parts = phasesOf(l).map(({ p, q, height, width }) => {
    // Descending taps: the kernel turned.
    const [rows, columns] = [tapsReaching(l, 0, p).reverse(), tapsReaching(l, 1, q).reverse()];
    const taps = rows.flatMap((i) => columns.map((j) => i * kw + j));
    const chosen = c.pick(
      flat,
      c.index(`taps ${taps}`, () => Int32Array.from(taps)),
    );
    const filters = c.reshape(c.op('Transpose', [chosen], { perm: [1, 3, 0, 4, 2] }), [
      l.channels,
      l.filters,
      rows.length,
      columns.length,
    ]);
    // Output line oy sees input line oy * stride + i - padding: the first tap i of a phase starts at (remainder + padding - i) / stride.
    const start = (axis: 0 | 1, remainder: number, first: number) => (remainder + l.padding[axis]! - first) / l.stride[axis];
    const [top, left] = [-start(0, p, rows[0]!), -start(1, q, columns[0]!)];
    const bottom = height - 1 + rows.length - l.output[0] - top;
    const right = width - 1 + columns.length - l.output[1] - left;
    const pads = [top, left, bottom, right];
    return c.op('Conv', [from, filters], { kernel_shape: [rows.length, columns.length], strides: [1, 1], pads }, blockedDomain);
  });
  return parts.length === 1 ? parts[0]! : interleaved(c, l, parts);
}

/** The four phases woven into one map. */
function interleaved(c: RowsContext, l: Layer, parts: readonly string[]): string {
  const layout = blockedLayout([l.batch, l.channels, ...l.input], c.options.channelBlock);
  const { block, blocks } = layout;
  const phases = phasesOf(l);
  const sizes = phases.map((f) => l.batch * blocks * f.height * f.width);
  const all = c.op(
    'Concat',
    parts.map((name, i) => c.reshape(name, [sizes[i]!, block])),
    { axis: 0 },
  );
  const index = c.index(`weave ${layout.key} ${l.stride}`, () => {
    const target = cellsOf(layout, blocks);
    const values = new Int32Array(target.count);
    let offset = 0;
    phases.forEach((f, i) => {
      const source = cellsOf(blockedLayout([l.batch, l.channels, f.height, f.width], block), blocks);
      forEachPixel({ batch: l.batch, height: f.height, width: f.width }, (b, y, x) => {
        for (let k = 0; k < blocks; k++)
          values[target.at(b, y * l.stride[0] + f.p, x * l.stride[1] + f.q, k)] = offset + source.at(b, y, x, k);
      });
      offset += sizes[i]!;
    });
    return values;
  });
  return c.shaped(c.pick(all, index), layout, l.channels);
}
