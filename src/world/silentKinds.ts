/** Things that stand in the pictures and never sound. */
import type { SilentKind } from './kind.js';
import {
  blob,
  circle,
  curve,
  ellipse,
  grown,
  type Path,
  type Point,
  polygon,
  ring,
  roundedBox,
  star,
  stroke,
  turned,
} from './path.js';
import type { Pen } from './pen.js';

/** Points around the middle at about the given radii, with so much unevenness. */
const uneven = (pen: Pen, [rx, ry]: Point, count: number, unevenness: number): Path =>
  blob(
    ...Array.from({ length: count }, (_, i): Point => {
      const [angle, r] = [(2 * Math.PI * i) / count, pen.between(1 - unevenness, 1 + unevenness)];
      return [r * rx * Math.cos(angle), r * ry * Math.sin(angle)];
    }),
  );

/** The outline of a leaf from one point to another. */
export function leafOutline([x0, y0]: Point, [x1, y1]: Point, width: number): Path {
  const [dx, dy] = [x1 - x0, y1 - y0];
  const at = (along: number, across: number): Point => [
    x0 + along * dx - across * width * dy,
    y0 + along * dy + across * width * dx,
  ];
  return polygon(
    ...curve([x0, y0], at(0.35, 1), at(0.7, 0.7), [x1, y1]),
    ...curve([x1, y1], at(0.7, -0.7), at(0.35, -1), [x0, y0]),
  );
}

const stone: SilentKind = {
  name: 'stone',
  draw(pen) {
    const { main, second } = pen.palette;
    pen.solid(uneven(pen, [0.95, pen.between(0.55, 0.75)], 8, 0.13), main);
    for (let i = 0; i < 3; i++)
      pen.flat(circle(pen.between(-0.5, 0.5), pen.between(-0.3, 0.3), pen.between(0.05, 0.12)), second, 0.6);
  },
};

const leaf: SilentKind = {
  name: 'leaf',
  draw(pen) {
    const { main, ink } = pen.palette;
    const bend = pen.between(-0.15, 0.15);
    pen.solid(leafOutline([0, -0.95], [0, 0.7], pen.between(0.28, 0.42)), main);
    pen.line(curve([0, -0.7], [bend * 0.3, 0], [0, 0.7], [bend, 1]), 0.07);
    for (const y of [-0.3, 0.05, 0.4])
      for (const side of [-1, 1])
        pen.line(
          [
            [0, y],
            [side * 0.24, y - 0.18],
          ],
          0.045,
          ink,
        );
  },
};

const cup: SilentKind = {
  name: 'cup',
  draw(pen) {
    const { main, second, dark } = pen.palette;
    const foot = pen.between(0.36, 0.52);
    pen.solid(ring(0.68, 0.02, 0.34, 0.19), main);
    pen.solid(polygon([-0.72, -0.55], [0.6, -0.55], [foot, 0.75], [-foot - 0.12, 0.75]), main);
    const y = pen.between(-0.1, 0.1);
    pen.flat(polygon([-0.66, y], [0.54, y], [0.52, y + 0.22], [-0.63, y + 0.22]), second);
    pen.solid(ellipse(-0.06, -0.55, 0.66, 0.17), dark);
  },
};

const box: SilentKind = {
  name: 'box',
  draw(pen) {
    const { main, second, light } = pen.palette;
    const [depth, rise] = [pen.between(0.25, 0.45), pen.between(0.22, 0.38)];
    pen.solid(polygon([-0.9, -0.4], [-0.9 + depth, -0.4 - rise], [0.95, -0.4 - rise], [0.95 - depth, -0.4]), light);
    pen.solid(polygon([0.95 - depth, -0.4], [0.95, -0.4 - rise], [0.95, 0.8 - rise], [0.95 - depth, 0.8]), second);
    pen.solid(polygon([-0.9, -0.4], [0.95 - depth, -0.4], [0.95 - depth, 0.8], [-0.9, 0.8]), main);
    const x = (0.05 - depth) / 2;
    pen.flat(polygon([x - 0.12, -0.4], [x + 0.12, -0.4], [x + 0.12, 0.8], [x - 0.12, 0.8]), second, 0.8);
  },
};

const cloud: SilentKind = {
  name: 'cloud',
  draw(pen) {
    const puffs = [
      [-0.55, 0.15, 0.36],
      [-0.15, -0.15, pen.between(0.4, 0.5)],
      [0.35, -0.02, pen.between(0.36, 0.44)],
      [0.68, 0.2, 0.3],
    ] as const;
    const path = [...puffs.flatMap(([x, y, r]) => circle(x, y, r)), ...roundedBox(-0.75, 0.1, 0.85, 0.5, 0.2)];
    pen.flat(grown(path, 0.07), pen.palette.ink);
    pen.shaded(path, pen.palette.light);
  },
};

const mushroom: SilentKind = {
  name: 'mushroom',
  draw(pen) {
    const { main, light, second } = pen.palette;
    const cap = pen.between(0.75, 0.92);
    pen.solid(blob([0.18, -0.1], [0.2, 0.5], [0.3, 0.85], [-0.3, 0.85], [-0.2, 0.5], [-0.18, -0.1]), light);
    pen.solid(blob([0, -0.85], [cap * 0.7, -0.6], [cap, -0.05], [0, 0.08], [-cap, -0.05], [-cap * 0.7, -0.6]), main);
    for (const [x, y] of [
      [-0.4, -0.35],
      [0.05, -0.58],
      [0.42, -0.25],
      [-0.02, -0.16],
    ] as const)
      pen.flat(circle(x, y, pen.between(0.08, 0.14)), second);
  },
};

const flower: SilentKind = {
  name: 'flower',
  draw(pen) {
    const { main, accent, second } = pen.palette;
    const petals = 5 + pen.random.below(3);
    pen.rod(curve([0, -0.2], [0.06, 0.4], [0, 1]), 0.09, second);
    pen.solid(leafOutline([0.03, 0.75], [pen.between(0.45, 0.6), 0.4], 0.28), second);
    for (let i = 0; i < petals; i++) {
      const angle = (2 * Math.PI * i) / petals;
      pen.solid(turned(ellipse(0, -0.72, 0.2, 0.3), angle, [0, -0.38]), main);
    }
    pen.solid(circle(0, -0.38, pen.between(0.17, 0.24)), accent);
  },
};

const ball: SilentKind = {
  name: 'ball',
  draw(pen) {
    const { main, second, light } = pen.palette;
    pen.solid(circle(0, 0, 0.92), main);
    if (pen.random.uniform() < 0.5) pen.shaded(star(0, 0, 0.6, 0.26, 5), light);
    else for (const bend of [-0.5, 0.5]) pen.line(curve([bend * 1.1, -0.8], [bend * 0.4, 0], [bend * 1.1, 0.8]), 0.16, second);
  },
};

const bottle: SilentKind = {
  name: 'bottle',
  draw(pen) {
    const { main, second, accent, light } = pen.palette;
    const [wide, shoulder] = [pen.between(0.3, 0.4), pen.between(-0.3, -0.1)];
    pen.solid(roundedBox(-0.13, -1, 0.13, -0.8, 0.04), accent);
    pen.solid(
      polygon(
        [-0.1, -0.8],
        [0.1, -0.8],
        [0.12, shoulder - 0.15],
        [wide, shoulder + 0.1],
        [wide, 0.95],
        [-wide, 0.95],
        [-wide, shoulder + 0.1],
        [-0.12, shoulder - 0.15],
      ),
      main,
    );
    pen.flat(roundedBox(-wide, 0.2, wide, 0.65, 0.02), second);
    pen.flat(
      stroke(
        [
          [-wide + 0.12, shoulder + 0.2],
          [-wide + 0.12, 0.1],
        ],
        0.08,
      ),
      light,
      0.6,
    );
  },
};

export const silentKinds: readonly SilentKind[] = [ball, bottle, box, cloud, cup, flower, leaf, mushroom, stone];

/** A twig with leaves, which stands in front of other things. */
export const foliage: SilentKind = {
  name: 'foliage',
  draw(pen) {
    const { second } = pen.palette;
    const bend = pen.between(-0.35, 0.35);
    const twig = curve([0, 1], [bend * 0.3, 0.2], [bend, -0.8]);
    pen.rod(twig, 0.06, second);
    const count = 5 + pen.random.below(3);
    for (let i = 0; i < count; i++) {
      const [x, y] = twig[Math.floor(((i + 0.5) / count) * twig.length)]!;
      const [side, length] = [i % 2 === 0 ? 1 : -1, pen.between(0.4, 0.62)];
      pen.solid(leafOutline([x, y], [x + side * length, y - pen.between(0.05, 0.4)], pen.between(0.24, 0.36)), pen.palette.main);
    }
  },
};
