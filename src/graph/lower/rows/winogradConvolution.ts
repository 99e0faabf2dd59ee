/**
 * 3 x 3 convolution of stride 1 and its two gradients by Winograd filtering. With V = B^T d B the transformed input tiles, U the transformed
 * filters and E = A dY A^T the transformed output gradient, all [a^2, tiles or Ci, C]:
 *   forward  Y = A^T (V U) A        filters' gradient  dg = G^T (V^T E) G        input's gradient: the forward on dY with the filters turned.
 */
import type { Value } from '../../ir.js';
import type { FeatureMap, RowsContext } from './context.js';
import { cellsOf, cellsPerPixel, type Geometry, type Layout } from './geometry.js';
import type { Layer } from './layer.js';
import { tiling, transposed, type Winograd } from './winograd.js';

/** Cells under every position of every tile: [positions, tiles] cells of the layout, their count where outside. */
function tileIndex(layout: Layout, f: Winograd, side: number, offset: number, per: number): Int32Array {
  const { tiles, pixel } = tiling(layout, f.m);
  const cells = cellsOf(layout, per);
  const index = new Int32Array(side * side * tiles * per);
  for (let i = 0, at = 0; i < side; i++)
    for (let j = 0; j < side; j++)
      for (let t = 0; t < tiles; t++) {
        const p = pixel(t, i + offset, j + offset);
        for (let k = 0; k < per; k++) index[at++] = p ? cells.at(...p, k) : cells.count;
      }
  return index;
}

/** The pixels of every tile, [side^2, tiles * C]: with their border of one for the input, without for the output. */
function tilePixels(c: RowsContext, map: FeatureMap, channels: number, f: Winograd, side: number): string {
  const per = cellsPerPixel(map.layout);
  const { tiles, exact } = tiling(map.layout, f.m);
  const index = c.index(`tiles${f.m} ${side} ${map.layout.key}`, () => tileIndex(map.layout, f, side, (f.m - side) / 2, per));
  const cells = c.cells(map, per, channels);
  const isInside = exact && side === f.m;
  return c.reshape(c.pick(isInside ? cells : c.withRow(cells, channels / per), index), [side ** 2, tiles * channels]);
}

/** B^T d B of a map's overlapping tiles: [a^2, tiles, C]. */
function inputTransform(
  c: RowsContext,
  x: Value,
  channels: number,
  f: Winograd,
  which: 'input' | 'turnedInput' = 'input',
): string {
  const map = c.map(x);
  return c.once(`${which} F${f.m} ${map.name}`, () => {
    const transform = c.matrix(`${which} F${f.m}`, () => f[which], [f.a ** 2, f.a ** 2]);
    const v = c.product(transform, tilePixels(c, map, channels, f, f.a));
    return c.reshape(v, [f.a ** 2, tiling(map.layout, f.m).tiles, channels]);
  });
}

/** A^T m A, then the pixels in the wanted order. */
function outputTransform(
  c: RowsContext,
  m: string,
  channels: number,
  f: Winograd,
  geometry: Geometry,
  which: 'output' | 'turnedOutput' = 'output',
): string {
  const { tiles, exact, pixel } = tiling(geometry, f.m);
  const transform = c.matrix(`${which} F${f.m}`, () => f[which], [f.m ** 2, f.a ** 2]);
  const y = c.product(transform, c.reshape(m, [f.a ** 2, tiles * channels]));
  const rows = c.reshape(y, [f.m ** 2 * tiles, channels]);
  if (exact && isTiled(geometry, f)) return rows;
  const index = c.index(`crop${f.m} ${geometry.key}`, () => {
    const values = new Int32Array(geometry.rows);
    for (let i = 0; i < f.m; i++)
      for (let j = 0; j < f.m; j++)
        for (let t = 0; t < tiles; t++) {
          const p = pixel(t, i, j);
          if (p) values[geometry.at(...p)] = (i * f.m + j) * tiles + t;
        }
    return values;
  });
  return c.pick(rows, index);
}

/** The order in which the output transform leaves the rows. */
const isTiled = (layout: Layout, f: Winograd) => layout.key.startsWith(`tiled${f.m} `);

/** G g G^T of a filter bank: [a^2, Ci, Co]. */
function filterTransform(c: RowsContext, weight: Value, l: Layer, f: Winograd): string {
  const taps = c.taps(weight);
  return c.once(`filters F${f.m} ${taps}`, () => {
    const transform = c.matrix(`filter F${f.m}`, () => f.filter, [f.a ** 2, 9]);
    const u = c.product(transform, c.reshape(taps, [9, l.channels * l.filters]));
    return c.reshape(u, [f.a ** 2, l.channels, l.filters]);
  });
}

export function winogradForward(c: RowsContext, l: Layer, f: Winograd, x: Value, weight: Value, geometry: Geometry): string {
  const m = c.product(inputTransform(c, x, l.channels, f), filterTransform(c, weight, l, f));
  return outputTransform(c, m, l.filters, f, geometry);
}

export function winogradInputGrad(c: RowsContext, l: Layer, f: Winograd, weight: Value, dy: Value, geometry: Geometry): string {
  const v = inputTransform(c, dy, l.filters, f, 'turnedInput');
  return outputTransform(
    c,
    c.product(v, filterTransform(c, weight, l, f), { transB: true }),
    l.channels,
    f,
    geometry,
    'turnedOutput',
  );
}

export function winogradWeightGrad(c: RowsContext, l: Layer, f: Winograd, x: Value, dy: Value): string {
  const v = inputTransform(c, x, l.channels, f);
  const map = c.map(dy);
  const { tiles, exact } = tiling(map.layout, f.m);
  const pixels =
    exact && isTiled(map.layout, f) ? c.reshape(map.name, [f.m ** 2, tiles * l.filters]) : tilePixels(c, map, l.filters, f, f.m);
  const adjoint = c.matrix(`adjoint output F${f.m}`, () => transposed(f.output, f.m ** 2, f.a ** 2), [f.a ** 2, f.m ** 2]);
  const e = c.reshape(c.product(adjoint, pixels), [f.a ** 2, tiles, l.filters]);
  const du = c.reshape(c.product(v, e, { transA: true }), [f.a ** 2, l.channels * l.filters]);
  const adjointFilter = c.matrix(`adjoint filter F${f.m}`, () => transposed(f.filter, f.a ** 2, 9), [9, f.a ** 2]);
  return c.product(adjointFilter, du);
}
