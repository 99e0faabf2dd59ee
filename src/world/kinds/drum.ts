import { drawChance, drawWithin } from '../../features/augment/draw.js';
import type { Kind } from '../kind.js';
import { ellipse, polygon, roundedBox } from '../path.js';
import { add, filter, noise, oscillate, silence, struck } from '../synth.js';

/** A drum: thumps that fall in pitch, with some rattle. */
export const drum: Kind = {
  name: 'drum',
  draw(pen) {
    const { main, second, light, accent } = pen.palette;
    const [top, bottom, tilt] = [pen.between(-0.4, -0.25), pen.between(0.6, 0.8), pen.between(0.2, 0.28)];
    pen.solid([...ellipse(0, bottom, 0.85, tilt)], second);
    pen.solid(polygon([-0.85, top], [0.85, top], [0.85, bottom], [-0.85, bottom]), main);
    pen.shaded(ellipse(0, bottom, 0.85, tilt), main);
    const laces = 4;
    for (let i = 0; i < laces; i++) {
      const x = (k: number) => -0.85 + (1.7 * k) / laces;
      const drop = (k: number) => tilt * Math.sqrt(Math.max(0, 1 - (x(k) / 0.85) ** 2));
      pen.line(
        [
          [x(i), top + drop(i)],
          [x(i + 0.5), bottom + drop(i + 0.5)],
          [x(i + 1), top + drop(i + 1)],
        ],
        0.07,
        light,
      );
    }
    pen.solid(ellipse(0, top, 0.88, tilt), second);
    pen.solid(ellipse(0, top, 0.74, tilt * 0.76), light);
    for (const side of [-1, 1]) {
      const [x, y] = [side * pen.between(0.7, 0.95), pen.between(-1, -0.85)];
      pen.rod(
        [
          [x, y],
          [side * 0.16, top - 0.03],
        ],
        0.09,
        accent,
      );
      pen.solid(roundedBox(side * 0.16 - 0.09, top - 0.1, side * 0.16 + 0.09, top + 0.06, 0.08), accent);
    }
  },
  sound(random, seconds) {
    const x = silence(seconds);
    const pitch = drawWithin([55, 110], random);
    const beat = drawWithin([0.14, 0.26], random);
    const rattle = drawWithin([0.1, 0.5], random);
    const [bend, body] = [drawWithin([1, 2.5], random), drawWithin([0.06, 0.14], random)];
    for (let t = drawWithin([0, 0.1], random); t < seconds; t += beat * (drawChance(0.25, random) ? 2 : 1)) {
      const gain = drawWithin([0.6, 1], random);
      const thump = oscillate(0.4, (s) => pitch * (1 + bend * Math.exp(-s / 0.025)));
      add(x, struck(thump, 0.002, body), t, gain);
      const skin = filter(noise(random, 0.2), 'low', drawWithin([900, 2500], random));
      add(x, struck(skin, 0.001, 0.04), t, gain * rattle);
    }
    return x;
  },
};
