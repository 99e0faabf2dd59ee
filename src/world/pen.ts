/** What objects are drawn with: shapes with shading and outlines, kept until the object's place and size are known. */
import { drawWithin } from '../features/augment/draw.js';
import type { Random } from '../random.js';
import { darker, drawPalette, lighter, type Palette, type Rgb } from './colour.js';
import { circle, grown, type Path, type Point, stroke } from './path.js';
import { fill, type Layer, layerAround, type Paint } from './raster.js';

interface Shape {
  path: Path;
  paint: Paint;
}

/** Where an object stands on a picture. */
export interface Placement {
  /** Of the middle of its extent, in pixels. */
  x: number;
  y: number;
  /** Its longer side in pixels. */
  size: number;
  /** Radians, from x towards y. */
  angle: number;
  mirrored: boolean;
}

/**
 * Collects the shapes of an object, later ones over earlier ones, in coordinates of its own: x to the right, y down, everything within
 * about [-1, 1]. Shading, the outline's width and how wide it is are the object's own.
 */
export class Pen {
  readonly palette: Palette;
  readonly random: Random;
  readonly #shapes: Shape[] = [];
  readonly #shade: number;
  readonly #light: Point;
  readonly #outline: number;
  readonly #stretch: number;

  constructor(random: Random) {
    this.random = random;
    this.palette = drawPalette(random);
    this.#shade = drawWithin([0.1, 0.35], random);
    this.#light = [drawWithin([-0.8, 0.8], random), -1];
    this.#outline = drawWithin([0.03, 0.075], random);
    this.#stretch = drawWithin([0.85, 1.18], random);
  }

  /** Uniform between two numbers. */
  between(lowest: number, highest: number): number {
    return drawWithin([lowest, highest], this.random);
  }

  /** A solid part: lit from above, with a line around it. */
  solid(path: Path, colour: Rgb): void {
    this.flat(grown(path, this.#outline), this.palette.ink);
    this.shaded(path, colour);
  }

  /** A part that is lit from above, without a line around it. */
  shaded(path: Path, colour: Rgb): void {
    const points = path.flat();
    const ys = points.map(([, y]) => y);
    const xs = points.map(([x]) => x);
    const [x, y] = [(Math.min(...xs) + Math.max(...xs)) / 2, (Math.min(...ys) + Math.max(...ys)) / 2];
    const reach = (Math.max(...ys) - Math.min(...ys)) / 2;
    const [dx, dy] = [reach * this.#light[0], reach * this.#light[1]];
    const to = { colour: darker(colour, this.#shade), from: [x + dx, y + dy] as const, until: [x - dx, y - dy] as const };
    this.#shapes.push({ path, paint: { colour: lighter(colour, this.#shade), to, opacity: 1 } });
  }

  /** One colour, no line around it. */
  flat(path: Path, colour: Rgb, opacity = 1): void {
    this.#shapes.push({ path, paint: { colour, opacity } });
  }

  /** A line; of the outline's colour when none is given. */
  line(points: readonly Point[], width: number, colour: Rgb = this.palette.ink): void {
    this.flat(stroke(points, width), colour);
  }

  /** A thick line with a line around it: a leg, a handle, a cable. */
  rod(points: readonly Point[], width: number, colour: Rgb): void {
    this.solid(stroke(points, width), colour);
  }

  /** An eye that looks somewhere. */
  eye(x: number, y: number, radius: number): void {
    const { light, dark } = this.palette;
    this.flat(circle(x, y, radius + 0.4 * this.#outline), this.palette.ink);
    this.flat(circle(x, y, radius), lighter(light, 0.7));
    const [dx, dy] = [this.between(-0.3, 0.3) * radius, this.between(-0.2, 0.3) * radius];
    this.flat(circle(x + dx, y + dy, 0.55 * radius), darker(dark, 0.5));
  }

  /** The drawing at its place on the picture. */
  draw({ x, y, size, angle, mirrored }: Placement): Layer {
    const [c, s] = [Math.cos(angle), Math.sin(angle)];
    const flip = mirrored ? -this.#stretch : this.#stretch;
    const turn = ([px, py]: Point): Point => [c * flip * px - s * py, s * flip * px + c * py];
    const turnedPoints = this.#shapes.flatMap(({ path }) => path.flatMap((outline) => outline.map(turn)));
    const [xs, ys] = [turnedPoints.map(([px]) => px), turnedPoints.map(([, py]) => py)];
    const [x0, x1, y0, y1] = [Math.min(...xs), Math.max(...xs), Math.min(...ys), Math.max(...ys)];
    const scale = size / Math.max(x1 - x0, y1 - y0);
    const place = (point: Point): Point => {
      const [px, py] = turn(point);
      return [x + scale * (px - (x0 + x1) / 2), y + scale * (py - (y0 + y1) / 2)];
    };
    const placed = this.#shapes.map(({ path, paint: { to, ...paint } }) => ({
      path: path.map((outline) => outline.map(place)),
      paint: to ? { ...paint, to: { ...to, from: place(to.from), until: place(to.until) } } : paint,
    }));
    const layer = layerAround(placed.map(({ path }) => path));
    for (const { path, paint } of placed) fill(layer, path, paint);
    return layer;
  }
}
