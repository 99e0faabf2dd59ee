import { drawWithin } from '../../features/augment/draw.js';
import type { Kind } from '../kind.js';
import { circle, curve, ellipse, polygon, turned } from '../path.js';
import { add, buzz, filter, oscillate, shape } from '../synth.js';

/** A bee with stripes and two wings: a hum whose pitch wanders. */
export const bee: Kind = {
  name: 'bee',
  draw(pen) {
    const { main, second, dark, light } = pen.palette;
    const [long, plump, lift] = [pen.between(0.62, 0.7), pen.between(0.4, 0.48), pen.between(0.25, 0.6)];
    pen.solid(polygon([-long + 0.02, 0.12], [-long - 0.32, 0.25], [-long + 0.02, 0.38]), dark);
    for (const [x, angle] of [
      [-0.28, -lift],
      [0.12, lift * 0.6],
    ] as const)
      pen.solid(turned(ellipse(x, -0.5, 0.24, 0.44), angle, [x, 0]), light);
    pen.solid(ellipse(-0.08, 0.25, long, plump), main);
    for (const x of [-0.44, -0.12, 0.2]) {
      const y = plump * Math.sqrt(1 - ((x + 0.08) / long) ** 2) * 0.96;
      pen.line(curve([x, 0.25 - y], [x - 0.07, 0.25], [x, 0.25 + y]), 0.17, dark);
    }
    pen.solid(circle(0.6, 0.18, pen.between(0.3, 0.35)), second);
    for (const x of [0.56, 0.78]) pen.line(curve([x, -0.1], [x + 0.04, -0.32], [x + 0.16, -0.42]), 0.065);
    pen.eye(0.7, 0.12, 0.1);
  },
  sound(random, seconds) {
    const pitch = drawWithin([170, 260], random);
    const [slow, fast] = [drawWithin([0.8, 2], random), drawWithin([4, 8], random)];
    const [sway, phase] = [drawWithin([0.04, 0.1], random), drawWithin([0, 6.3], random)];
    const hz = (s: number) =>
      pitch * (1 + sway * Math.sin(2 * Math.PI * slow * s + phase) + 0.02 * Math.sin(2 * Math.PI * fast * s));
    const wings = oscillate(seconds, hz, buzz(1.15 * pitch, drawWithin([0.6, 0.9], random)));
    const hum = add(filter(wings, 'low', drawWithin([1200, 2200], random)), filter(wings, 'band', 3800, 3), 0, 0.6);
    return shape(hum, (s) => Math.min(1, s / 0.05) * (0.75 + 0.25 * Math.sin(2 * Math.PI * slow * s + 2 * phase)));
  },
};
