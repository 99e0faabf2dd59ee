/** Paths filled with colour on a layer of pixels, anti-aliased by the exact area that they cover of each pixel. */
import type { Rgb } from './colour.js';
import type { Path, Point } from './path.js';

/** Pixels with opacity somewhere on a picture; they may lie beyond its edges. */
export interface Layer {
  /** Of the top left pixel in the picture. */
  x: number;
  y: number;
  width: number;
  height: number;
  /** Red, green, blue from 0 to 255 times opacity, and opacity from 0 to 1, pixel by pixel. */
  rgba: Float32Array;
}

export interface Paint {
  colour: Rgb;
  /** A gradient: `colour` at the first point, this one from the second point on. */
  to?: { colour: Rgb; from: Point; until: Point };
  opacity: number;
}

/** A transparent layer that holds the paths. */
export function layerAround(paths: readonly Path[]): Layer {
  const extent = extentOf(paths);
  return { ...extent, rgba: new Float32Array(4 * extent.width * extent.height) };
}

/** The pixels that paths may cover. */
function extentOf(paths: readonly Path[]): Omit<Layer, 'rgba'> {
  let [x0, y0, x1, y1] = [Infinity, Infinity, -Infinity, -Infinity];
  for (const path of paths)
    for (const outline of path)
      for (const [x, y] of outline) {
        if (x < x0) x0 = x;
        if (x > x1) x1 = x;
        if (y < y0) y0 = y;
        if (y > y1) y1 = y;
      }
  const [x, y] = [Math.floor(x0), Math.floor(y0)];
  return { x, y, width: Math.ceil(x1) - x, height: Math.ceil(y1) - y };
}

/** Fills a path, in pixels of the picture, over what is on the layer. The layer must hold the whole path. */
export function fill(layer: Layer, path: Path, { colour, to, opacity }: Paint): void {
  if (path.length === 0) return;
  const { x, y, width, height } = extentOf([path]);
  const stride = width + 2;
  const deltas = new Float32Array(stride * height);
  for (const outline of path)
    for (let i = 0; i < outline.length; i++) {
      const [x0, y0] = outline[i]!;
      const [x1, y1] = outline[i + 1 < outline.length ? i + 1 : 0]!;
      addEdge(deltas, stride, x0 - x, y0 - y, x1 - x, y1 - y);
    }
  // Where on the gradient the pixel at (column, row) is: along[0] * column + along[1] * row + along[2].
  const along = to ? projection(to.from, to.until, x + 0.5, y + 0.5) : [0, 0, 0];
  const [r, g, b] = colour;
  const [dr, dg, db] = to ? [to.colour[0] - r, to.colour[1] - g, to.colour[2] - b] : [0, 0, 0];
  const { rgba } = layer;
  for (let row = 0; row < height; row++) {
    let covered = 0;
    let at = 4 * ((y - layer.y + row) * layer.width + x - layer.x);
    for (let column = 0; column < width; column++, at += 4) {
      covered += deltas[row * stride + column]!;
      const share = Math.min(Math.abs(covered), 1) * opacity;
      if (share < 1e-4) continue;
      const t = Math.min(Math.max(along[0]! * column + along[1]! * row + along[2]!, 0), 1);
      const rest = 1 - share;
      rgba[at] = rgba[at]! * rest + (r + t * dr) * share;
      rgba[at + 1] = rgba[at + 1]! * rest + (g + t * dg) * share;
      rgba[at + 2] = rgba[at + 2]! * rest + (b + t * db) * share;
      rgba[at + 3] = rgba[at + 3]! * rest + share;
    }
  }
}

/** How far (x, y) is from one point to another, 0 to 1: its slopes in x and y and its value at the given point. */
function projection([x0, y0]: Point, [x1, y1]: Point, x: number, y: number): number[] {
  const [dx, dy] = [x1 - x0, y1 - y0];
  const scale = 1 / Math.max(dx * dx + dy * dy, 1e-9);
  return [dx * scale, dy * scale, ((x - x0) * dx + (y - y0) * dy) * scale];
}

/**
 * Adds an edge to a picture of differences: summed from the left, they are the signed area that lies to the right of the edge in each
 * pixel, so that those of a closed outline's edges are what it covers.
 */
function addEdge(deltas: Float32Array, stride: number, x0: number, y0: number, x1: number, y1: number): void {
  if (y0 === y1) return;
  const sign = y0 < y1 ? 1 : -1;
  const [startX, startY, endY] = sign > 0 ? [x0, y0, y1] : [x1, y1, y0];
  const slope = (x1 - x0) / (y1 - y0);
  let x = startX;
  for (let y = Math.floor(startY); y < endY; y++) {
    const height = Math.min(y + 1, endY) - Math.max(y, startY);
    const next = x + slope * height;
    addRow(deltas, y * stride, Math.min(x, next), Math.max(x, next), sign * height);
    x = next;
  }
}

/** The part of an edge within one row: `area` to its right per pixel of width, between the columns `left` and `right`. */
function addRow(deltas: Float32Array, row: number, left: number, right: number, area: number): void {
  const first = Math.floor(left);
  if (right <= first + 1) {
    const beyond = area * ((left + right) / 2 - first);
    deltas[row + first]! += area - beyond;
    deltas[row + first + 1]! += beyond;
    return;
  }
  // Of a column at distance d from `left`, the edge has passed a share d / (right - left).
  const perColumn = area / (right - left);
  let before = 0;
  for (let column = first; column < right; column++) {
    const [from, to] = [Math.max(column, left), Math.min(column + 1, right)];
    // What lies to the right of the edge: the mean over the part that it crosses, and all of it behind that.
    const crossed = perColumn * (to - from) * (column + 1 - (from + to) / 2);
    const covered = crossed + perColumn * (from - left);
    deltas[row + column]! += covered - before;
    before = covered;
  }
  deltas[row + Math.ceil(right)]! += area - before;
}
