/** Convolution on rows as a matrix product over gathered taps, and the choice between that and Winograd. */
import type { ConvAttributes, Op, Pair, Value } from '../../ir.js';
import type { Form, RowsContext, RowsRule } from './context.js';
import { canonical, forEachPixel, type Geometry, phased, phaseLength, tiled } from './geometry.js';
import { F2, F4, type Winograd } from './winograd.js';
import { winogradForward, winogradInputGrad, winogradWeightGrad } from './winogradConvolution.js';

export interface Layer extends ConvAttributes {
  readonly kernel: Pair;
  readonly batch: number;
  readonly channels: number;
  readonly filters: number;
  readonly input: Pair;
  readonly output: Pair;
}

const size = (v: Value): Pair => [v.shape[2]!, v.shape[3]!];

/** Description of the layer behind a convolution or one of its gradients. */
function layer(a: ConvAttributes, x: { batch: number; channels: number; size: Pair }, filters: number, kernel: Pair, output: Pair): Layer {
  return { ...a, kernel, batch: x.batch, channels: x.channels, filters, input: x.size, output };
}

/**
 * The filter for a layer. Winograd needs 3 x 3, stride 1, padding 1. F4 does a quarter of the products but transforms every activation, and
 * every filter bank at every step: on maps so small that there are fewer tiles than channels the filter transforms cost more than they save.
 */
export function algorithm(c: RowsContext, l: Layer): Winograd | undefined {
  const { convolution } = c.options;
  const fits = [...l.kernel].every((k) => k === 3) && [...l.stride, ...l.dilation, ...l.padding].every((n) => n === 1);
  if (!fits || convolution === 'direct') return undefined;
  if (convolution !== 'auto') return convolution === 'F2' ? F2 : F4;
  const tiles = l.batch * Math.ceil(l.output[0] / 4) * Math.ceil(l.output[1] / 4);
  return tiles * 8 < Math.min(l.channels, l.filters) ? undefined : F4;
}

/** The row order a layer's output is made in. */
function outputGeometry(l: Layer, filter: Winograd | undefined): Geometry {
  const exact = filter && l.output[0] % filter.m === 0 && l.output[1] % filter.m === 0;
  return exact ? tiled(l.batch, l.output, filter.m) : canonical(l.batch, l.output);
}

const layerKey = (l: Layer) => `k${l.kernel} s${l.stride} p${l.padding} d${l.dilation}`;

/** Index of the taps under every output pixel: [rows of the output, kh * kw] into the input's rows, its row count where outside. */
function tapIndex(l: Layer, from: Geometry, to: Geometry): Int32Array {
  const [kh, kw] = l.kernel;
  const index = new Int32Array(to.rows * kh * kw);
  forEachPixel(to, (b, y, x) => {
    let at = to.at(b, y, x) * kh * kw;
    for (let i = 0; i < kh; i++)
      for (let j = 0; j < kw; j++) {
        const [iy, ix] = [y * l.stride[0] + i * l.dilation[0] - l.padding[0], x * l.stride[1] + j * l.dilation[1] - l.padding[1]];
        const inside = iy >= 0 && ix >= 0 && iy < from.height && ix < from.width;
        index[at++] = inside ? from.at(b, iy, ix) : from.rows;
      }
  });
  return index;
}

/** The input's taps under every output pixel, [rows, kh * kw * C] (im2col). */
function columns(c: RowsContext, l: Layer, x: Value, to: Geometry): string {
  const rows = c.rows(x);
  const taps = l.kernel[0] * l.kernel[1];
  const isIdentity = taps === 1 && rows.geometry.key === to.key && l.padding.every((p) => p === 0);
  if (isIdentity && l.stride.every((s) => s === 1)) return rows.name;
  return c.once(`columns ${rows.name} ${layerKey(l)} ${to.key}`, () => {
    const index = c.index(`columns ${rows.geometry.key} -> ${to.key} ${layerKey(l)}`, () => tapIndex(l, rows.geometry, to));
    return c.reshape(c.pick(c.withRow(rows.name, l.channels), index), [to.rows, taps * l.channels]);
  });
}

const conv2d: RowsRule<'conv2d'> = (node, c) => {
  const [x, weight] = node.inputs as [Value, Value];
  const [filters, , kh, kw] = weight.shape as [number, number, number, number];
  const [batch, channels] = x.shape as [number, number];
  if (node.attributes.groups !== 1) return undefined;
  const l = layer(node.attributes, { batch, channels, size: size(x) }, filters, [kh, kw], size(node));
  const filter = algorithm(c, l);
  const geometry = outputGeometry(l, filter);
  if (filter) return { kind: 'rows', name: winogradForward(c, l, filter, x, weight, geometry), geometry };
  const w = c.reshape(c.taps(weight), [kh * kw * channels, filters]);
  return { kind: 'rows', name: c.product(columns(c, l, x, geometry), w), geometry };
};

const conv2dWeightGrad: RowsRule<'conv2dWeightGrad'> = (node, c) => {
  const [x, dy] = node.inputs as [Value, Value];
  const [filters, , kh, kw] = node.shape as [number, number, number, number];
  const [batch, channels] = x.shape as [number, number];
  if (node.attributes.groups !== 1) return undefined;
  const l = layer(node.attributes, { batch, channels, size: size(x) }, filters, [kh, kw], size(dy));
  const filter = algorithm(c, l);
  const name = filter
    ? winogradWeightGrad(c, l, filter, x, dy)
    : c.product(columns(c, l, x, c.rows(dy).geometry), c.rows(dy).name, { transA: true });
  return { kind: 'taps', name: c.reshape(name, [kh, kw, channels, filters]) };
};

const conv2dInputGrad: RowsRule<'conv2dInputGrad'> = (node, c): Form | undefined => {
  const [weight, dy] = node.inputs as [Value, Value];
  const [filters, , kh, kw] = weight.shape as [number, number, number, number];
  const [batch, channels] = node.shape as [number, number];
  if (node.attributes.groups !== 1) return undefined;
  const l = layer(node.attributes, { batch, channels, size: size(node) }, filters, [kh, kw], size(dy));
  const filter = algorithm(c, l);
  if (filter) {
    const geometry = outputGeometry({ ...l, output: l.input }, filter);
    return { kind: 'rows', name: winogradInputGrad(c, l, filter, weight, dy, geometry), geometry };
  }
  if (kh * kw === 1 && l.padding.every((p) => p === 0)) return pointwiseInputGrad(c, l, weight, dy);
  return directInputGrad(c, l, weight, dy);
};

/** 1 x 1: one product at the output's size, spread to the pixels the stride visits. */
function pointwiseInputGrad(c: RowsContext, l: Layer, weight: Value, dy: Value): Form {
  const rows = c.rows(dy);
  const d = c.product(rows.name, c.reshape(c.taps(weight), [l.channels, l.filters]), { transB: true });
  const geometry = canonical(l.batch, l.input);
  if (l.stride.every((s) => s === 1)) return { ...rows, name: d };
  const index = c.index(`spread ${rows.geometry.key} -> ${geometry.key} ${layerKey(l)}`, () => {
    const spread = new Int32Array(geometry.rows).fill(rows.geometry.rows);
    forEachPixel(rows.geometry, (b, y, x) => {
      spread[geometry.at(b, y * l.stride[0], x * l.stride[1])] = rows.geometry.at(b, y, x);
    });
    return spread;
  });
  return { kind: 'rows', name: c.pick(c.withRow(d, l.channels), index), geometry };
}

/**
 * An input pixel is reached by the taps of one residue class modulo the stride, so the gradient splits into stride^2 phases, each a
 * dense product over its own taps: none is spent on the zeros that a transposed convolution would insert.
 */
function directInputGrad(c: RowsContext, l: Layer, weight: Value, dy: Value): Form {
  const [sh, sw] = l.stride;
  const from = c.rows(dy);
  const padded = c.withRow(from.name, l.filters);
  const order = sh * sw === 1 ? { ...canonical(l.batch, l.input) } : phased(l.batch, l.input, l.stride);
  const bank = c.once(`turned ${c.taps(weight)}`, () => {
    const flat = c.reshape(c.taps(weight), [l.kernel[0] * l.kernel[1], l.channels, l.filters]);
    return c.op('Transpose', [flat], { perm: [0, 2, 1] });
  });
  const parts: string[] = [];
  for (let p = 0; p < sh; p++)
    for (let q = 0; q < sw; q++) {
      const [h, w] = [phaseLength(l.input[0], sh, p), phaseLength(l.input[1], sw, q)];
      const rows = l.batch * h * w;
      if (!rows) continue;
      const reaching = (axis: 0 | 1, remainder: number) =>
        Array.from({ length: l.kernel[axis] }, (_, i) => i).filter((i) => (remainder + l.padding[axis]! - i * l.dilation[axis]) % l.stride[axis] === 0);
      const taps = reaching(0, p).flatMap((i) => reaching(1, q).map((j) => [i, j] as const));
      if (!taps.length) {
        parts.push(c.op('Expand', [c.scalar(0), c.builder.ints([rows, l.channels])]));
        continue;
      }
      const index = c.index(`back ${from.geometry.key} ${l.input} ${layerKey(l)} ${p} ${q}`, () => {
        const values = new Int32Array(rows * taps.length);
        forEachPixel({ batch: l.batch, height: h, width: w }, (b, y, x) => {
          taps.forEach(([i, j], t) => {
            const oy = (y * sh + p + l.padding[0] - i * l.dilation[0]) / sh;
            const ox = (x * sw + q + l.padding[1] - j * l.dilation[1]) / sw;
            const inside = oy >= 0 && ox >= 0 && oy < l.output[0] && ox < l.output[1];
            values[((b * h + y) * w + x) * taps.length + t] = inside ? from.geometry.at(b, oy, ox) : from.geometry.rows;
          });
        });
        return values;
      });
      const chosen = c.pick(bank, c.index(`taps ${l.kernel} ${taps.join(' ')}`, () => Int32Array.from(taps, ([i, j]) => i * l.kernel[1] + j)));
      const filters = c.reshape(chosen, [taps.length * l.filters, l.channels]);
      parts.push(c.product(c.reshape(c.pick(padded, index), [rows, taps.length * l.filters]), filters));
    }
  const name = parts.length === 1 ? parts[0]! : c.op('Concat', parts, { axis: 0 });
  const geometry = canonical(l.batch, l.input);
  return { kind: 'rows', name: c.reorder(name, order, geometry), geometry };
}

export const convolutionRules = { conv2d, conv2dInputGrad, conv2dWeightGrad } satisfies { [K in Op]?: RowsRule<K> };
