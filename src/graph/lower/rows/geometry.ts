/**
 * Where the pixels of a feature map lie. In the rows layout a map [B, C, H, W] is a matrix [B * H * W, C], one row a pixel, and the
 * order of the rows is free: only index constants know it. An order that suits the next Winograd transform saves a copy.
 */
import type { Pair } from '../../ir.js';

export interface Geometry {
  /** Equal keys mean equal row orders. */
  readonly key: string;
  readonly batch: number;
  readonly height: number;
  readonly width: number;
  /** Number of rows: batch * height * width. */
  readonly rows: number;
  /** Row of pixel (y, x) of picture b. */
  at(b: number, y: number, x: number): number;
}

const geometry = (kind: string, batch: number, [height, width]: Pair, at: Geometry['at']): Geometry => ({
  key: `${kind} ${batch}x${height}x${width}`,
  batch,
  height,
  width,
  rows: batch * height * width,
  at,
});

/** Pictures one after another, each line by line. */
export const canonical = (batch: number, size: Pair): Geometry =>
  geometry('canonical', batch, size, (b, y, x) => (b * size[0] + y) * size[1] + x);

/**
 * All pixels at position (0, 0) of an m x m tile, then all at (0, 1), ...: the order in which a Winograd output transform produces
 * them, when the tiles cover the pictures exactly.
 */
export function tiled(batch: number, size: Pair, m: number): Geometry {
  const [th, tw] = [size[0] / m, size[1] / m];
  const tiles = batch * th * tw;
  const tile = (b: number, y: number, x: number) => (b * th + Math.floor(y / m)) * tw + Math.floor(x / m);
  return geometry(`tiled${m}`, batch, size, (b, y, x) => ((y % m) * m + (x % m)) * tiles + tile(b, y, x));
}

/** By residue of (y, x) modulo the stride: the order in which the gradient of a strided convolution is made. */
export function phased(batch: number, size: Pair, stride: Pair): Geometry & { offsets: readonly number[] } {
  const lengths = [0, 1].map((axis) =>
    Array.from({ length: stride[axis]! }, (_, p) => phaseLength(size[axis]!, stride[axis]!, p)),
  );
  const offsets: number[] = [];
  let next = 0;
  for (const h of lengths[0]!)
    for (const w of lengths[1]!) {
      offsets.push(next);
      next += batch * h * w;
    }
  const at = (b: number, y: number, x: number) => {
    const [p, q] = [y % stride[0], x % stride[1]];
    const [h, w] = [lengths[0]![p]!, lengths[1]![q]!];
    return offsets[p * stride[1] + q]! + (b * h + Math.floor(y / stride[0])) * w + Math.floor(x / stride[1]);
  };
  return { ...geometry(`phased${stride.join('x')}`, batch, size, at), offsets };
}

/** How many of 0 .. size - 1 leave the given remainder. */
export const phaseLength = (size: number, stride: number, remainder: number): number => Math.ceil((size - remainder) / stride);

/**
 * The layout of ONNX Runtime's blocked convolutions: [B, C / block, H, W, block], `block` being what one vector register holds. Its
 * operators keep the logical shape [B, C, H, W] in the model; only the order in memory differs.
 */
export interface Blocked {
  readonly key: string;
  readonly batch: number;
  readonly height: number;
  readonly width: number;
  readonly block: number;
  /** Blocks a pixel. */
  readonly blocks: number;
}

export const blockedLayout = (
  [batch, channels, height, width]: readonly [number, number, number, number],
  block: number,
): Blocked => ({
  key: `blocked${block} ${batch}x${channels}x${height}x${width}`,
  batch,
  height,
  width,
  block,
  blocks: channels / block,
});

export type Layout = Geometry | Blocked;
export const isBlocked = (layout: Layout): layout is Blocked => 'block' in layout;

/**
 * A map seen as a matrix of cells, a cell being the part of a pixel that lies together in memory: the whole pixel in rows, one block
 * otherwise. `per` cells a pixel; rows can be cut into as many.
 */
export function cellsOf(layout: Layout, per: number): { count: number; at(b: number, y: number, x: number, k: number): number } {
  const count = layout.batch * layout.height * layout.width * per;
  if (!isBlocked(layout)) return { count, at: (b, y, x, k) => layout.at(b, y, x) * per + k };
  if (per !== layout.blocks) throw new Error(`${layout.key} has ${layout.blocks} cells a pixel, not ${per}`);
  const { blocks, height, width } = layout;
  return { count, at: (b, y, x, k) => ((b * blocks + k) * height + y) * width + x };
}
/** Cells a pixel at which a layout can be read or written. */
export const cellsPerPixel = (...layouts: readonly Layout[]): number =>
  layouts.reduce((per, layout) => (isBlocked(layout) ? layout.blocks : per), 1);

/** Calls `visit` for every pixel, in the order pictures, lines, columns. */
export function forEachPixel(
  g: { batch: number; height: number; width: number },
  visit: (b: number, y: number, x: number) => void,
): void {
  for (let b = 0; b < g.batch; b++) for (let y = 0; y < g.height; y++) for (let x = 0; x < g.width; x++) visit(b, y, x);
}

/** Index that brings the cells of one layout into the order of another. */
export function reorderIndex(from: Layout, to: Layout): Int32Array {
  const per = cellsPerPixel(from, to);
  const [source, target] = [cellsOf(from, per), cellsOf(to, per)];
  const index = new Int32Array(target.count);
  forEachPixel(to, (b, y, x) => {
    for (let k = 0; k < per; k++) index[target.at(b, y, x, k)] = source.at(b, y, x, k);
  });
  return index;
}
