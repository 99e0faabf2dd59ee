/** What is behind everything: gradients, patterns and noise of random colours. */
import { drawChance, drawWithin } from '../features/augment/draw.js';
import type { Random } from '../random.js';
import { drawColour, mixed, type Rgb } from './colour.js';
import { blob, circle, type Outline, type Path, type Point, polygon } from './path.js';
import { fill, type Layer } from './raster.js';

/** An opaque layer of `size` x `size` pixels. */
export function drawBackground(random: Random, size: number): Layer {
  const layer: Layer = { x: 0, y: 0, width: size, height: size, rgba: new Float32Array(4 * size * size) };
  const first = drawColour(random, [0.05, 0.6], [0.25, 0.85]);
  const second = mixed(first, drawColour(random, [0.05, 0.6], [0.2, 0.9]), drawWithin([0.2, 0.8], random));
  const angle = drawWithin([0, 2 * Math.PI], random);
  const [dx, dy] = [(size / 2) * Math.cos(angle), (size / 2) * Math.sin(angle)];
  const to = { colour: second, from: [size / 2 - dx, size / 2 - dy] as const, until: [size / 2 + dx, size / 2 + dy] as const };
  const whole = polygon([0, 0], [size, 0], [size, size], [0, size]);
  fillWithin(layer, whole, first, 1, to);
  const pattern = patterns[random.below(patterns.length)]!;
  pattern(layer, random, size, mixed(first, drawColour(random, [0.05, 0.7], [0.15, 0.9]), drawWithin([0.15, 0.55], random)));
  if (drawChance(0.7, random)) cloudy(layer, random, size);
  return layer;
}

/** Fills what lies on the layer, which holds the whole picture and no more. */
function fillWithin(
  layer: Layer,
  path: Path,
  colour: Rgb,
  opacity: number,
  to?: { colour: Rgb; from: Point; until: Point },
): void {
  const clipped = path.map((outline) =>
    clip(clip(clip(clip(outline, 0, 0, 1), 0, layer.width, -1), 1, 0, 1), 1, layer.height, -1),
  );
  fill(
    layer,
    clipped.filter((outline) => outline.length > 2),
    { colour, opacity, to },
  );
}

/** The part of an outline where the coordinate is at least (sign 1) or at most (sign -1) `limit` (Sutherland and Hodgman). */
function clip(outline: readonly Point[], axis: 0 | 1, limit: number, sign: 1 | -1): readonly Point[] {
  const inside = (p: Point) => sign * (p[axis] - limit) >= 0;
  return outline.flatMap((p, i): Point[] => {
    const q = outline[(i + 1) % outline.length]!;
    const kept = inside(p) ? [p] : [];
    if (inside(p) === inside(q)) return kept;
    const t = (limit - p[axis]) / (q[axis] - p[axis]);
    return [...kept, [p[0] + t * (q[0] - p[0]), p[1] + t * (q[1] - p[1])]];
  });
}

type Pattern = (layer: Layer, random: Random, size: number, colour: Rgb) => void;

const plain: Pattern = () => {};

const stripes: Pattern = (layer, random, size, colour) => {
  const [angle, period] = [drawWithin([0, Math.PI], random), size * drawWithin([0.06, 0.3], random)];
  const [width, opacity] = [period * drawWithin([0.25, 0.6], random), drawWithin([0.3, 0.9], random)];
  const [dx, dy] = [Math.cos(angle), Math.sin(angle)];
  const at = (along: number, across: number): Point => [size / 2 + along * dx - across * dy, size / 2 + along * dy + across * dx];
  const path: Outline[] = [];
  for (let across = -size; across < size; across += period)
    path.push(...polygon(at(-size, across), at(size, across), at(size, across + width), at(-size, across + width)));
  fillWithin(layer, path, colour, opacity);
};

const blobs: Pattern = (layer, random, size, colour) => {
  const count = 3 + random.below(6);
  for (let i = 0; i < count; i++) {
    const [x, y, r] = [size * random.uniform(), size * random.uniform(), size * drawWithin([0.06, 0.3], random)];
    const points = Array.from({ length: 7 }, (_, k): Point => {
      const radius = r * drawWithin([0.7, 1.3], random);
      return [x + radius * Math.cos((2 * Math.PI * k) / 7), y + radius * Math.sin((2 * Math.PI * k) / 7)];
    });
    fillWithin(layer, blob(...points), colour, drawWithin([0.25, 0.7], random));
  }
};

const dots: Pattern = (layer, random, size, colour) => {
  const period = size * drawWithin([0.1, 0.25], random);
  const [radius, opacity] = [period * drawWithin([0.12, 0.3], random), drawWithin([0.3, 0.9], random)];
  const path: Outline[] = [];
  for (let row = 0; row * period < size + period; row++)
    for (let x = ((row % 2) * period) / 2; x < size + period; x += period) path.push(...circle(x, row * period, radius));
  fillWithin(layer, path, colour, opacity);
};

/** A wall and a floor, or a meadow and the sky. */
const horizon: Pattern = (layer, random, size, colour) => {
  const height = size * drawWithin([0.35, 0.75], random);
  const hills = Array.from({ length: 7 }, (_, i): Point => [(size * i) / 6, height + size * drawWithin([-0.05, 0.05], random)]);
  const edge = drawChance(0.5, random)
    ? hills
    : ([
        [0, height],
        [size, height],
      ] as const);
  fillWithin(layer, polygon([0, size], ...edge, [size, size]), colour, drawWithin([0.6, 1], random));
};

const patterns: readonly Pattern[] = [plain, stripes, blobs, dots, horizon, horizon];

/** Makes the picture lighter and darker in spots of random size: value noise of two scales. */
function cloudy(layer: Layer, random: Random, size: number): void {
  const [cells, amount] = [drawWithin([2, 9], random), drawWithin([10, 60], random)];
  addNoise(layer, random, size / cells, amount);
  addNoise(layer, random, size / (2.3 * cells), amount / 2);
}

function addNoise({ rgba, width, height }: Layer, random: Random, cell: number, amount: number): void {
  const columns = Math.ceil(width / cell) + 2;
  const values = Float32Array.from({ length: columns * (Math.ceil(height / cell) + 2) }, () => random.uniform() - 0.5);
  const [offsetX, offsetY] = [random.uniform(), random.uniform()];
  const smooth = (t: number) => t * t * (3 - 2 * t);
  for (let y = 0, o = 0; y < height; y++) {
    const row = Math.floor(y / cell + offsetY);
    const v = smooth(y / cell + offsetY - row);
    for (let x = 0; x < width; x++, o += 4) {
      const column = Math.floor(x / cell + offsetX);
      const u = smooth(x / cell + offsetX - column);
      const at = row * columns + column;
      const upper = values[at]! + u * (values[at + 1]! - values[at]!);
      const lower = values[at + columns]! + u * (values[at + columns + 1]! - values[at + columns]!);
      const change = amount * (upper + v * (lower - upper));
      rgba[o]! += change;
      rgba[o + 1]! += change;
      rgba[o + 2]! += change;
    }
  }
}
