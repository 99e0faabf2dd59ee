/** Outlines to be filled: points on the page, x to the right and y down. */

export type Point = readonly [number, number];
/** A closed polygon. Seen with y down, clockwise ones add and counter-clockwise ones cut holes. */
export type Outline = readonly Point[];
/** Outlines that are filled together: what several of them cover counts once. */
export type Path = readonly Outline[];

const segments = 28;

const area = (outline: Outline): number =>
  outline.reduce((sum, [x, y], i) => {
    const [nextX, nextY] = outline[(i + 1) % outline.length]!;
    return sum + x * nextY - nextX * y;
  }, 0) / 2;

/** The outline such that it adds. */
const adding = (outline: Outline): Outline => (area(outline) < 0 ? outline.toReversed() : outline);

/** The points of an arc of an ellipse; angles in radians, from x towards y. */
export function arc(x: number, y: number, [rx, ry]: Point, from: number, to: number): Point[] {
  const count = Math.max(2, Math.ceil((segments * Math.abs(to - from)) / (2 * Math.PI)));
  return Array.from({ length: count + 1 }, (_, i) => {
    const angle = from + ((to - from) * i) / count;
    return [x + rx * Math.cos(angle), y + ry * Math.sin(angle)] as const;
  });
}

export const ellipse = (x: number, y: number, rx: number, ry: number): Path => [arc(x, y, [rx, ry], 0, 2 * Math.PI).slice(0, -1)];

export const circle = (x: number, y: number, radius: number): Path => ellipse(x, y, radius, radius);

/** A disk with a round hole in its middle. */
export const ring = (x: number, y: number, outer: number, inner: number): Path => [
  ...circle(x, y, outer),
  ...circle(x, y, inner).map((outline) => outline.toReversed()),
];

export const polygon = (...points: Point[]): Path => [adding(points)];

/** A rectangle from (x0, y0) to (x1, y1) with rounded corners. */
export function roundedBox(x0: number, y0: number, x1: number, y1: number, radius: number): Path {
  const r = Math.min(radius, (x1 - x0) / 2, (y1 - y0) / 2);
  const corner = (x: number, y: number, quarter: number) =>
    arc(x, y, [r, r], (quarter * Math.PI) / 2, ((quarter + 1) * Math.PI) / 2);
  return [
    [...corner(x1 - r, y1 - r, 0), ...corner(x0 + r, y1 - r, 1), ...corner(x0 + r, y0 + r, 2), ...corner(x1 - r, y0 + r, 3)],
  ];
}

/** A star of so many points. */
export const star = (x: number, y: number, outer: number, inner: number, points: number): Path => [
  Array.from({ length: 2 * points }, (_, i) => {
    const [angle, r] = [(Math.PI * i) / points - Math.PI / 2, i % 2 === 0 ? outer : inner];
    return [x + r * Math.cos(angle), y + r * Math.sin(angle)] as const;
  }),
];

/** A point of the Catmull-Rom spline between b and c. */
function between(a: Point, b: Point, c: Point, d: Point, t: number): Point {
  const at = (k: 0 | 1) =>
    b[k] + 0.5 * t * (c[k] - a[k] + t * (2 * a[k] - 5 * b[k] + 4 * c[k] - d[k] + t * (3 * (b[k] - c[k]) + d[k] - a[k])));
  return [at(0), at(1)];
}

const perSpan = 5;

/** A smooth line through the points. */
export function curve(...points: Point[]): Point[] {
  const at = (i: number) => points[Math.min(Math.max(i, 0), points.length - 1)]!;
  const line = points
    .slice(1)
    .flatMap((_, i) => Array.from({ length: perSpan }, (_, k) => between(at(i - 1), at(i), at(i + 1), at(i + 2), k / perSpan)));
  return [...line, points.at(-1)!];
}

/** A smooth closed outline through the points. */
export function blob(...points: Point[]): Path {
  const at = (i: number) => points[(i + points.length) % points.length]!;
  const outline = points.flatMap((_, i) =>
    Array.from({ length: perSpan }, (_, k) => between(at(i - 1), at(i), at(i + 1), at(i + 2), k / perSpan)),
  );
  return [adding(outline)];
}

/** The right half's points, from top to bottom, and the same mirrored, as a smooth closed outline. */
export const symmetric = (...right: Point[]): Path =>
  blob(
    ...right,
    ...right
      .filter(([x]) => x !== 0)
      .map(([x, y]) => [-x, y] as const)
      .toReversed(),
  );

/** Unit normals of a line of points, to the right of its direction with y down; averaged where it bends. */
function normals(points: readonly Point[], closed: boolean): Point[] {
  const count = points.length;
  const direction = (i: number): Point => {
    const wrapped = closed ? (i + count) % count : Math.min(Math.max(i, 0), count - 2);
    const [[x0, y0], [x1, y1]] = [points[wrapped]!, points[(wrapped + 1) % count]!];
    const length = Math.hypot(x1 - x0, y1 - y0) || 1;
    return [(x1 - x0) / length, (y1 - y0) / length];
  };
  return points.map((_, i) => {
    const [[ax, ay], [bx, by]] = [direction(i - 1), direction(i)];
    const [x, y] = [-(ay + by), ax + bx];
    // |a + b|^2 / 2: mitres of sharp corners end before they get long.
    const scale = 1 / Math.max(0.6, (x * x + y * y) / 2);
    return [x * scale, y * scale];
  });
}

/** A line of some width with round ends. */
export function stroke(points: readonly Point[], width: number): Path {
  const r = width / 2;
  const sides = normals(points, false);
  const side = (sign: number) => points.map(([x, y], i): Point => [x + sign * r * sides[i]![0], y + sign * r * sides[i]![1]]);
  const cap = (end: Point, normal: Point) => {
    const angle = Math.atan2(normal[1], normal[0]);
    return arc(end[0], end[1], [r, r], angle, angle - Math.PI);
  };
  const outline = [
    ...side(1),
    ...cap(points.at(-1)!, sides.at(-1)!),
    ...side(-1).toReversed(),
    ...cap(points[0]!, [-sides[0]![0], -sides[0]![1]]),
  ];
  return [adding(outline)];
}

/** The path with a margin around it. */
export const grown = (path: Path, margin: number): Path =>
  path.map((outline) => {
    const sides = normals(outline, true);
    return outline.map(([x, y], i) => [x - margin * sides[i]![0], y - margin * sides[i]![1]] as const);
  });

/** Turned about (x, y) by an angle in radians, from x towards y. */
export function turned(path: Path, angle: number, [x, y]: Point = [0, 0]): Path {
  const [c, s] = [Math.cos(angle), Math.sin(angle)];
  return path.map((outline) =>
    outline.map(([px, py]) => [x + c * (px - x) - s * (py - y), y + s * (px - x) + c * (py - y)] as const),
  );
}

/** Left and right exchanged. */
export const mirrored = (path: Path): Path => path.map((outline) => outline.map(([x, y]) => [-x, y] as const).toReversed());
