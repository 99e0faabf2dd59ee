import { drawWithin } from '../../features/augment/draw.js';
import type { Kind } from '../kind.js';
import { circle, polygon, ring, roundedBox } from '../path.js';
import { add, filter, held, noise, oscillate, shape, silence, wave } from '../synth.js';

/** A referee's whistle: a high tone that a pea makes tremble. */
export const whistle: Kind = {
  name: 'whistle',
  draw(pen) {
    const { main, second, dark, light } = pen.palette;
    const [radius, mouth] = [pen.between(0.55, 0.66), pen.between(0.3, 0.42)];
    const middle = radius - 0.3;
    pen.solid(ring(-0.35 - radius * 0.75, middle - radius * 0.75, 0.17, 0.08), second);
    pen.solid(roundedBox(-0.35, middle - radius, 1, middle - radius + mouth, 0.06), main);
    pen.solid(circle(-0.35, middle, radius), main);
    pen.shaded(polygon([-0.35, middle - radius], [0.5, middle - radius], [0.5, middle - radius + mouth], [-0.1, middle]), main);
    pen.flat(roundedBox(0.74, middle - radius, 1, middle - radius + mouth, 0.05), second);
    const slot = pen.between(0.1, 0.25);
    pen.solid(
      polygon([slot, middle - radius - 0.03], [slot + 0.3, middle - radius - 0.03], [slot + 0.05, middle - radius + 0.2]),
      dark,
    );
    pen.shaded(ring(-0.35, middle, radius * 0.72, radius * 0.6), light);
    pen.shaded(ring(-0.35, middle, radius * 0.36, radius * 0.26), light);
  },
  sound(random, seconds) {
    const x = silence(seconds);
    const pitch = drawWithin([2100, 3100], random);
    const [trill, depth] = [drawWithin([22, 40], random), drawWithin([0.02, 0.05], random)];
    const blast = drawWithin([0.3, 0.8], random);
    for (let t = drawWithin([0, 0.1], random); t < seconds; t += blast + drawWithin([0.06, 0.15], random)) {
      const length = Math.min(blast, seconds - t);
      const tremble = (s: number) => Math.sin(2 * Math.PI * trill * s);
      const tone = oscillate(length, (s) => pitch * (1 + depth * tremble(s)), wave(1, 0.15));
      const breath = filter(noise(random, length), 'band', pitch, 2);
      add(tone, breath, 0, drawWithin([0.15, 0.4], random));
      add(
        x,
        shape(tone, (s) => held(length, 0.02, 0.04)(s) * (0.65 + 0.35 * tremble(s))),
        t,
      );
    }
    return x;
  },
};
