/**
 * 3 x 3 convolution of stride 1 and its two gradients by Winograd filtering. With V = B^T d B the transformed input tiles, U the transformed
 * filters and E = A dY A^T the transformed output gradient, all [a^2, tiles or Ci, C]:
 *   forward  Y = A^T (V U) A        filters' gradient  dg = G^T (V^T E) G        input's gradient: the forward on dY with turned filters.
 */
import type { Value } from '../../ir.js';
import type { RowsContext } from './context.js';
import type { Layer } from './convolution.js';
import { canonical, type Geometry } from './geometry.js';
import { tiling, transposed, type Winograd } from './winograd.js';

/** Rows under every position of every tile: [positions, tiles] into the rows of `g`, its row count where outside. */
function tileIndex(g: Geometry, f: Winograd, side: number, offset: number): Int32Array {
  const { tiles, pixel } = tiling(g, f.m);
  const index = new Int32Array(side * side * tiles);
  for (let i = 0, at = 0; i < side; i++)
    for (let j = 0; j < side; j++)
      for (let t = 0; t < tiles; t++) {
        const p = pixel(t, i + offset, j + offset);
        index[at++] = p ? g.at(...p) : g.rows;
      }
  return index;
}

/** B^T d B of a map's overlapping tiles: [a^2, tiles, C]. */
function inputTransform(c: RowsContext, x: Value, channels: number, f: Winograd): string {
  const { name, geometry } = c.rows(x);
  return c.once(`tiles${f.m} ${name}`, () => {
    const { tiles } = tiling(geometry, f.m);
    const index = c.index(`tiles${f.m} ${geometry.key}`, () => tileIndex(geometry, f, f.a, -1));
    const d = c.reshape(c.pick(c.withRow(name, channels), index), [f.a ** 2, tiles * channels]);
    const transform = c.matrix(`input F${f.m}`, () => f.input, [f.a ** 2, f.a ** 2]);
    return c.reshape(c.product(transform, d), [f.a ** 2, tiles, channels]);
  });
}

/** A^T m A, then the pixels in the wanted order. */
function outputTransform(c: RowsContext, m: string, channels: number, f: Winograd, geometry: Geometry): string {
  const { tiles, exact, pixel } = tiling(geometry, f.m);
  const transform = c.matrix(`output F${f.m}`, () => f.output, [f.m ** 2, f.a ** 2]);
  const y = c.product(transform, c.reshape(m, [f.a ** 2, tiles * channels]));
  const rows = c.reshape(y, [f.m ** 2 * tiles, channels]);
  // The transform leaves the rows in the `tiled` order.
  if (exact && geometry.key.startsWith(`tiled${f.m} `)) return rows;
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

/** G g G^T of a filter bank: [a^2, Ci, Co]; turned by 180 degrees for the gradient of the input. */
function filterTransform(c: RowsContext, weight: Value, l: Layer, f: Winograd, turned: boolean): string {
  const taps = c.taps(weight);
  return c.once(`filters${f.m} ${turned} ${taps}`, () => {
    const key = turned ? 'turned' : 'filter';
    const transform = c.matrix(`${key} F${f.m}`, () => (turned ? f.turnedFilter : f.filter), [f.a ** 2, 9]);
    const u = c.product(transform, c.reshape(taps, [9, l.channels * l.filters]));
    return c.reshape(u, [f.a ** 2, l.channels, l.filters]);
  });
}

export function winogradForward(c: RowsContext, l: Layer, f: Winograd, x: Value, weight: Value, geometry: Geometry): string {
  const m = c.product(inputTransform(c, x, l.channels, f), filterTransform(c, weight, l, f, false));
  return outputTransform(c, m, l.filters, f, geometry);
}

export function winogradInputGrad(c: RowsContext, l: Layer, f: Winograd, weight: Value, dy: Value, geometry: Geometry): string {
  const m = c.product(inputTransform(c, dy, l.filters, f), filterTransform(c, weight, l, f, true), { transB: true });
  return outputTransform(c, m, l.channels, f, geometry);
}

export function winogradWeightGrad(c: RowsContext, l: Layer, f: Winograd, x: Value, dy: Value): string {
  const v = inputTransform(c, x, l.channels, f);
  const rows = c.rows(dy);
  // Tiles must be the same as the input's: they depend on the picture's size only, not on the order of rows.
  const { tiles, exact } = tiling(canonical(l.batch, l.output), f.m);
  const inOrder = exact && rows.geometry.key.startsWith(`tiled${f.m} `);
  const pixels = inOrder
    ? rows.name
    : c.pick(
        c.withRow(rows.name, l.filters),
        c.index(`outputs${f.m} ${rows.geometry.key}`, () => tileIndex(rows.geometry, f, f.m, 0)),
      );
  const adjoint = c.matrix(`adjoint output F${f.m}`, () => transposed(f.output, f.m ** 2, f.a ** 2), [f.a ** 2, f.m ** 2]);
  const e = c.reshape(c.product(adjoint, c.reshape(pixels, [f.m ** 2, tiles * l.filters])), [f.a ** 2, tiles, l.filters]);
  const du = c.reshape(c.product(v, e, { transA: true }), [f.a ** 2, l.channels * l.filters]);
  const adjointFilter = c.matrix(`adjoint filter F${f.m}`, () => transposed(f.filter, f.a ** 2, 9), [9, f.a ** 2]);
  return c.product(adjointFilter, du);
}
