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
  /** The filter transform of the kernel turned by 180 degrees, as the gradient with respect to the input needs. */
  readonly turnedFilter: Float32Array;
  readonly output: Float32Array;
}

/** Kronecker product of a matrix with itself. */
const kroneckerSquare = (m: readonly (readonly number[])[]): Float32Array =>
  Float32Array.from(m.flatMap((r1) => m.flatMap((r2) => r1.flatMap((x) => r2.map((y) => x * y)))));

const winograd = (m: number, bT: number[][], g: number[][], aT: number[][]): Winograd => ({
  m,
  a: m + 2,
  input: kroneckerSquare(bT),
  filter: kroneckerSquare(g),
  turnedFilter: kroneckerSquare(g.map((row) => [...row].reverse())),
  output: kroneckerSquare(aT),
});

export const F2: Winograd = winograd(
  2,
  [
    [1, 0, -1, 0],
    [0, 1, 1, 0],
    [0, -1, 1, 0],
    [0, 1, 0, -1],
  ],
  [
    [1, 0, 0],
    [1 / 2, 1 / 2, 1 / 2],
    [1 / 2, -1 / 2, 1 / 2],
    [0, 0, 1],
  ],
  [
    [1, 1, 1, 0],
    [0, 1, -1, -1],
  ],
);

export const F4: Winograd = winograd(
  4,
  [
    [4, 0, -5, 0, 1, 0],
    [0, -4, -4, 1, 1, 0],
    [0, 4, -4, -1, 1, 0],
    [0, -2, -1, 2, 1, 0],
    [0, 2, -1, -2, 1, 0],
    [0, 4, 0, -5, 0, 1],
  ],
  [
    [1 / 4, 0, 0],
    [-1 / 6, -1 / 6, -1 / 6],
    [-1 / 6, 1 / 6, -1 / 6],
    [1 / 24, 1 / 12, 1 / 6],
    [1 / 24, -1 / 12, 1 / 6],
    [0, 0, 1],
  ],
  [
    [1, 1, 1, 1, 1, 0],
    [0, 1, -1, 2, -2, 0],
    [0, 1, 1, 4, 4, 0],
    [0, 1, -1, 8, -8, 1],
  ],
);

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
