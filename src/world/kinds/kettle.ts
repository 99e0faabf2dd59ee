import { drawWithin } from '../../features/augment/draw.js';
import type { Kind } from '../kind.js';
import { arc, circle, curve, ellipse, polygon, roundedBox, symmetric } from '../path.js';
import { add, filter, noise, oscillate, shape, wave } from '../synth.js';

/** A kettle on the boil: a hiss of steam and a tone that climbs. */
export const kettle: Kind = {
  name: 'kettle',
  draw(pen) {
    const { main, second, accent, dark, light } = pen.palette;
    const [wide, high] = [pen.between(0.62, 0.74), pen.between(-0.2, -0.05)];
    pen.rod(arc(0, high, [wide - 0.14, pen.between(0.62, 0.75)], Math.PI * 1.02, Math.PI * 1.98), 0.13, dark);
    pen.solid(polygon([wide - 0.2, 0.3], [wide + 0.22, -0.22], [wide + 0.42, -0.16], [wide - 0.05, 0.62]), main);
    for (const k of [0, 1]) {
      const x = wide + 0.32 + 0.16 * k;
      pen.line(curve([x, -0.36], [x + 0.08, -0.5], [x - 0.02, -0.66], [x + 0.07, -0.82]), 0.075, light);
    }
    pen.solid(symmetric([0, high - 0.1], [wide - 0.28, high], [wide, 0.42], [wide - 0.08, 0.8], [0, 0.86]), main);
    pen.solid(roundedBox(-wide * 0.5, high - 0.12, wide * 0.5, high + 0.04, 0.08), second);
    pen.solid(circle(0, high - 0.18, 0.1), accent);
    pen.solid(roundedBox(-wide * 0.96, 0.74, wide * 0.96, 0.88, 0.06), second);
    pen.flat(ellipse(-wide + 0.28, 0.3, 0.07, 0.16), light, 0.6);
  },
  sound(random, seconds) {
    const pitch = drawWithin([1300, 2000], random);
    const climb = drawWithin([0.15, 0.5], random);
    const flutter = drawWithin([5, 9], random);
    const hz = (s: number) =>
      pitch * (1 + climb * (1 - Math.exp((-2.5 * s) / seconds)) + 0.006 * Math.sin(2 * Math.PI * flutter * s));
    const tone = oscillate(seconds, hz, wave(1, 0.35, 0.12));
    shape(tone, (s) => Math.min(1, 0.2 + s / (0.4 * seconds)));
    const steam = filter(filter(noise(random, seconds), 'high', 2500), 'low', 6500);
    return add(tone, steam, 0, drawWithin([0.7, 1.3], random));
  },
};
