/** Convolution and its gradients: which way each layer goes, and the way that is a matrix product over gathered taps. */
import type { Op, Pair, Value } from '../../ir.js';
import { blockedForward, blockedInputGrad } from './blockedConvolution.js';
import type { FeatureMap, Form, RowsContext, RowsRule } from './context.js';
import type { Epilogue } from './epilogue.js';
import { canonical, cellsOf, cellsPerPixel, forEachPixel, type Geometry, type Layout, phased, tiled } from './geometry.js';
import { all, isPlain3x3, isPointwise, type Layer, layerKey, layerOf, phasesOf, tapsReaching } from './layer.js';
import { layerWeightGradByPictures } from './picturesAsChannels.js';
import { F2, F4, type Winograd } from './winograd.js';
import { winogradForward, winogradInputGrad, winogradWeightGrad } from './winogradConvolution.js';

type Way = { kind: 'direct' } | { kind: 'blocked' } | { kind: 'winograd'; filter: Winograd };

/** So few channels that Winograd's transforms cost as much as they save. */
const isNarrow = (l: Layer): boolean => Math.max(l.channels, l.filters) <= 64;

/** Fewer tiles than this and a Winograd layer spends its time reading transformed filters. */
const fewestTiles = 40;

/**
 * How a layer is computed. F4 does a quarter of the products of a 3 x 3 layer but transforms every activation and, at every step, every
 * filter: it pays from some channels on, and not where there are hardly any tiles. The blocked convolution runs closest to the machine's
 * peak; it is best where Winograd cannot go and for few channels.
 */
function wayOf(c: RowsContext, l: Layer): Way {
  const { convolution, channelBlock, inference } = c.options;
  const winogradFits = isPlain3x3(l);
  if (convolution === 'F2' || convolution === 'F4')
    return winogradFits ? { kind: 'winograd', filter: convolution === 'F2' ? F2 : F4 } : { kind: 'direct' };
  if (convolution === 'direct') return { kind: 'direct' };
  const blocksFit = channelBlock > 0 && l.channels % channelBlock === 0 && l.filters % channelBlock === 0 && all(l.dilation, 1);
  const tiles = l.batch * Math.ceil(l.output[0] / 4) * Math.ceil(l.output[1] / 4);
  const pays = inference ? tiles >= fewestTiles : tiles * 16 >= Math.min(l.channels, l.filters);
  if (winogradFits && !(blocksFit && isNarrow(l)) && (pays || !blocksFit))
    return pays ? { kind: 'winograd', filter: F4 } : { kind: 'direct' };
  if (blocksFit && (inference || winogradFits)) return { kind: 'blocked' };
  const isStrided = all(l.stride, 2) && all(l.kernel, 3) && all(l.padding, 1);
  // Bringing filters into blocks must not cost more than using them.
  const isWorthBlocks = l.batch * l.output[0] * l.output[1] >= 2 * l.filters;
  return blocksFit && isStrided && isWorthBlocks ? { kind: 'blocked' } : { kind: 'direct' };
}

/** The row order a Winograd output comes in by itself, when its tiles are exact; else line by line. */
function geometryFor(batch: number, size: Pair, way: Way): Geometry {
  const exact = way.kind === 'winograd' && size.every((n) => n % way.filter.m === 0);
  return exact ? tiled(batch, size, way.filter.m) : canonical(batch, size);
}

/** Index of the taps under every output pixel: [rows of the output, kh * kw] in cells of the input, their count where outside. */
function tapIndex(l: Layer, from: Layout, to: Geometry, per: number): Int32Array {
  const [kh, kw] = l.kernel;
  const cells = cellsOf(from, per);
  const index = new Int32Array(to.rows * kh * kw * per);
  forEachPixel(to, (b, y, x) => {
    let at = to.at(b, y, x) * kh * kw * per;
    for (let i = 0; i < kh; i++)
      for (let j = 0; j < kw; j++) {
        const [iy, ix] = [y * l.stride[0] + i * l.dilation[0] - l.padding[0], x * l.stride[1] + j * l.dilation[1] - l.padding[1]];
        const inside = iy >= 0 && ix >= 0 && iy < from.height && ix < from.width;
        for (let k = 0; k < per; k++) index[at++] = inside ? cells.at(b, iy, ix, k) : cells.count;
      }
  });
  return index;
}

/** The input's taps under every output pixel, [rows, kh * kw * C] (im2col). */
function columns(c: RowsContext, l: Layer, x: FeatureMap, to: Geometry): string {
  const taps = l.kernel[0] * l.kernel[1];
  if (isPointwise(l) && x.layout.key === to.key && all(l.stride, 1)) return x.name;
  return c.once(`columns ${x.name} ${layerKey(l)} ${to.key}`, () => {
    const per = cellsPerPixel(x.layout);
    const index = c.index(`columns ${x.layout.key} -> ${to.key} ${layerKey(l)}`, () => tapIndex(l, x.layout, to, per));
    const cells = c.cells(x, per, l.channels);
    // Without padding no tap lies outside.
    const source = isPointwise(l) ? cells : c.withRow(cells, l.channels / per);
    return c.reshape(c.pick(source, index), [to.rows, taps * l.channels]);
  });
}

/** True for a layer on a plain picture of a few channels, which the blocked kernels read as it is. */
const isOnPicture = (c: RowsContext, l: Layer, x: Value) =>
  l.channels < c.options.channelBlock &&
  l.filters % c.options.channelBlock === 0 &&
  all(l.dilation, 1) &&
  c.options.convolution === 'auto' &&
  c.form(x).kind === 'plain';

/** A convolution with what follows it, where the blocked kernels do both at once. */
export function convolveAtOnce(c: RowsContext, epilogue: Epilogue): Form | undefined {
  const node = epilogue.convolution;
  const [x, weight] = node.inputs as [Value, Value];
  if (node.attributes.groups !== 1) return undefined;
  const l = layerOf(node.attributes, x, weight, node);
  if (!isOnPicture(c, l, x) && wayOf(c, l).kind !== 'blocked') return undefined;
  return { kind: 'blocked', name: blockedForward(c, l, x, weight, epilogue) };
}

const conv2d: RowsRule<'conv2d'> = (node, c) => {
  const [x, weight] = node.inputs as [Value, Value];
  if (node.attributes.groups !== 1) return undefined;
  const l = layerOf(node.attributes, x, weight, node);
  const way = wayOf(c, l);
  if (way.kind === 'blocked' || isOnPicture(c, l, x)) return { kind: 'blocked', name: blockedForward(c, l, x, weight) };
  const geometry = geometryFor(l.batch, l.output, way);
  if (way.kind === 'winograd') return { kind: 'rows', name: winogradForward(c, l, way.filter, x, weight, geometry), geometry };
  const w = c.reshape(c.taps(weight), [l.kernel[0] * l.kernel[1] * l.channels, l.filters]);
  return { kind: 'rows', name: c.product(columns(c, l, c.map(x), geometry), w), geometry };
};

const conv2dWeightGrad: RowsRule<'conv2dWeightGrad'> = (node, c) => {
  const [x, dy] = node.inputs as [Value, Value];
  if (node.attributes.groups !== 1) return undefined;
  const l = layerOf(node.attributes, x, node, dy);
  const way = wayOf(c, l);
  const winogradFilter = way.kind === 'winograd' ? way.filter : weightFilter(l, way);
  let name: string;
  if (isByPictures(c, l, way)) name = layerWeightGradByPictures(c, l, x, dy);
  else if (winogradFilter) name = winogradWeightGrad(c, l, winogradFilter, x, dy);
  else {
    const rows = c.rows(dy);
    name = c.product(columns(c, l, c.map(x), rows.geometry), rows.name, { transA: true });
  }
  return { kind: 'taps', name: c.reshape(name, [...l.kernel, l.channels, l.filters]) };
};

/**
 * With few channels Winograd's transforms take longer than the products they save, and gathered taps longer than the products they are
 * for; pictures as channels need neither.
 */
const isByPictures = (c: RowsContext, l: Layer, way: Way): boolean =>
  way.kind === 'blocked' && isNarrow(l) && l.batch % c.options.channelBlock === 0;

/** The gradient of other blocked layers leaves the blocks; Winograd's is the cheapest way where it fits. */
const weightFilter = (l: Layer, way: Way): Winograd | undefined => (way.kind === 'blocked' && isPlain3x3(l) ? F4 : undefined);

const conv2dInputGrad: RowsRule<'conv2dInputGrad'> = (node, c): Form | undefined => {
  const [weight, dy] = node.inputs as [Value, Value];
  if (node.attributes.groups !== 1) return undefined;
  const l = layerOf(node.attributes, node, weight, dy);
  const way = wayOf(c, l);
  const hasBlockedGrad = all(l.kernel, 3) && all(l.padding, 1) && l.stride.every((s) => s <= 2);
  if (way.kind === 'blocked' && hasBlockedGrad) return { kind: 'blocked', name: blockedInputGrad(c, l, weight, dy) };
  if (way.kind === 'winograd') {
    const geometry = geometryFor(l.batch, l.input, way);
    return { kind: 'rows', name: winogradInputGrad(c, l, way.filter, weight, dy, geometry), geometry };
  }
  return isPointwise(l) ? pointwiseInputGrad(c, l, weight, dy) : directInputGrad(c, l, weight, dy);
};

/** 1 x 1: one product at the output's size, spread to the pixels the stride visits. */
function pointwiseInputGrad(c: RowsContext, l: Layer, weight: Value, dy: Value): Form {
  const rows = c.rows(dy);
  const d = c.product(rows.name, c.reshape(c.taps(weight), [l.channels, l.filters]), { transB: true });
  if (all(l.stride, 1)) return { ...rows, name: d };
  const geometry = canonical(l.batch, l.input);
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
  const bank = c.once(`turned ${c.taps(weight)}`, () => {
    const flat = c.reshape(c.taps(weight), [l.kernel[0] * l.kernel[1], l.channels, l.filters]);
    return c.op('Transpose', [flat], { perm: [0, 2, 1] });
  });
  const parts = phasesOf(l).map(({ p, q, height, width }) => {
    const rows = l.batch * height * width;
    const taps = tapsReaching(l, 0, p).flatMap((i) => tapsReaching(l, 1, q).map((j) => [i, j] as const));
    if (!taps.length) return c.op('Expand', [c.scalar(0), c.builder.ints([rows, l.channels])]);
    const index = c.index(`back ${from.geometry.key} ${l.input} ${layerKey(l)} ${p} ${q}`, () => {
      const values = new Int32Array(rows * taps.length);
      forEachPixel({ batch: l.batch, height, width }, (b, y, x) => {
        taps.forEach(([i, j], t) => {
          const oy = (y * sh + p + l.padding[0] - i * l.dilation[0]) / sh;
          const ox = (x * sw + q + l.padding[1] - j * l.dilation[1]) / sw;
          const inside = oy >= 0 && ox >= 0 && oy < l.output[0] && ox < l.output[1];
          values[((b * height + y) * width + x) * taps.length + t] = inside ? from.geometry.at(b, oy, ox) : from.geometry.rows;
        });
      });
      return values;
    });
    const chosen = c.pick(
      bank,
      c.index(`taps ${l.kernel} ${taps.join(' ')}`, () => Int32Array.from(taps, ([i, j]) => i * l.kernel[1] + j)),
    );
    const filters = c.reshape(chosen, [taps.length * l.filters, l.channels]);
    return c.product(c.reshape(c.pick(padded, index), [rows, taps.length * l.filters]), filters);
  });
  const name = parts.length === 1 ? parts[0]! : c.op('Concat', parts, { axis: 0 });
  const geometry = canonical(l.batch, l.input);
  if (sh * sw === 1) return { kind: 'rows', name, geometry };
  return { kind: 'rows', name: c.reorder({ name, layout: phased(l.batch, l.input, l.stride) }, geometry, l.channels), geometry };
}

export const convolutionRules = { conv2d, conv2dInputGrad, conv2dWeightGrad } satisfies { [K in Op]?: RowsRule<K> };
