/**
 * Winograd's minimal filtering F(m x m, 3 x 3) (Lavin and Gray, arXiv 1509.09308): an m x m tile of outputs from an (m + 2)^2 tile of inputs
 * with (m + 2)^2 products instead of 9 m^2.  Y = A^T [ (G g G^T) . (B^T d B) ] A, written here on flattened tiles with Kronecker
 * products, so that each transform is one matrix product over all tiles and channels at once.
 */
import type { Layout } from './geometry.js';

export interface Winograd {
  readonly m: number;
  /** Side of an input tile: m + 2. */
  readonly a: number;
  /** Flattened transforms, row-major: input [a^2, a^2], filter [a^2, 9], output [m^2, a^2]. */
  readonly input: Float32Array;
  readonly filter: Float32Array;
  readonly output: Float32Array;
  /**
   * Input and output transforms for the kernel turned by 180 degrees, with the filter's own transform: filtering a tile read backwards
   * with the kernel gives the turned kernel's outputs backwards.
   */
  readonly turnedInput: Float32Array;
  readonly turnedOutput: Float32Array;
}

/** Kronecker product of a matrix with itself. */
const kroneckerSquare = (m: readonly (readonly number[])[]): Float32Array =>
  Float32Array.from(m.flatMap((r1) => m.flatMap((r2) => r1.flatMap((x) => r2.map((y) => x * y)))));

/** Coefficients, from the constant up, of the product of (x - root). */
function polynomial(roots: readonly number[]): number[] {
  let p = [1];
  for (const root of roots) p = Array.from({ length: p.length + 1 }, (_, i) => (p[i - 1] ?? 0) - root * (p[i] ?? 0));
  return p;
}

/**
 * The transforms of F(m, 3) by interpolation at m + 1 points and infinity (Toom-Cook): A evaluates powers of the points, G the filter
 * at the points over N_j = prod (p_j - p_l), and the rows of B are the coefficients of prod (x - p_l), l != j.
 */
function interpolating(m: number, points: readonly number[]): Winograd {
  const a = m + 2;
  const others = points.map((_, j) => points.filter((_, l) => l !== j));
  const bT = [...others.map((rest) => [...polynomial(rest), 0]), polynomial(points)];
  const g = points.map((p, j) => {
    const n = others[j]!.reduce((product, q) => product * (p - q), 1);
    return [1 / n, p / n, (p * p) / n];
  });
  const aT = Array.from({ length: m }, (_, i) => [...points.map((p) => p ** i), i === m - 1 ? 1 : 0]);
  return {
    m,
    a,
    input: kroneckerSquare(bT),
    filter: kroneckerSquare([...g, [0, 0, 1]]),
    output: kroneckerSquare(aT),
    turnedInput: kroneckerSquare(bT.map((row) => row.toReversed())),
    turnedOutput: kroneckerSquare(aT.toReversed()),
  };
}

export const F2: Winograd = interpolating(2, [0, 1, -1]);
/** 1/2 and -2 beside 0 and +-1: a third less rounding error than the usual +-2. */
export const F4: Winograd = interpolating(4, [0, 1, -1, 1 / 2, -2]);

/** Transpose of a row-major matrix. */
export function transposed(matrix: Float32Array, rows: number, columns: number): Float32Array {
  const out = new Float32Array(matrix.length);
  for (let i = 0; i < rows; i++) for (let j = 0; j < columns; j++) out[j * rows + i] = matrix[i * columns + j]!;
  return out;
}

/**
 * How tiles cover the pictures. Where the sides are multiples of m each picture is tiled by itself. Elsewhere the pictures of a batch may
 * be laid out on one canvas, R rows of Q pictures with one line of zeros between them, which wastes less at the edges.
 */
export interface Tiling {
  readonly tiles: number;
  /** True when every tile is full and no pixel lies outside a picture. */
  readonly exact: boolean;
  /** The pixel at offset (i, j) of tile t (offsets reach from -1 to m), or undefined outside every picture. */
  pixel(t: number, i: number, j: number): readonly [b: number, y: number, x: number] | undefined;
}

export function tiling(g: Layout, m: number): Tiling {
  const { batch, height, width } = g;
  const [th, tw] = [Math.ceil(height / m), Math.ceil(width / m)];
  const exact = height % m === 0 && width % m === 0;
  let best = { tiles: batch * th * tw, perRow: tw, across: 0 };
  if (!exact)
    for (let down = 1; down <= batch; down++) {
      if (batch % down) continue;
      const across = batch / down;
      const perRow = Math.ceil((across * (width + 1) - 1) / m);
      const tiles = Math.ceil((down * (height + 1) - 1) / m) * perRow;
      if (tiles < best.tiles) best = { tiles, perRow, across };
    }
  const { tiles, perRow, across } = best;
  const inside = (b: number, y: number, x: number) =>
    b >= 0 && b < batch && y >= 0 && x >= 0 && y < height && x < width ? ([b, y, x] as const) : undefined;
  if (!across)
    return {
      tiles,
      exact,
      pixel: (t, i, j) => inside(Math.floor(t / (th * tw)), (Math.floor(t / tw) % th) * m + i, (t % tw) * m + j),
    };
  return {
    tiles,
    exact,
    pixel: (t, i, j) => {
      const [y, x] = [Math.floor(t / perRow) * m + i, (t % perRow) * m + j];
      const [row, column] = [Math.floor(y / (height + 1)), Math.floor(x / (width + 1))];
      if (y < 0 || x < 0 || column >= across) return undefined;
      return inside(row * across + column, y - row * (height + 1), x - column * (width + 1));
    },
  };
}
