import { drawWithin } from '../../features/augment/draw.js';
import type { Kind } from '../kind.js';
import { curve, ellipse, polygon, symmetric } from '../path.js';
import { add, buzz, held, oscillate, shape, silence, throughMouth } from '../synth.js';

/** A cat's face: meows, a voice that rises and falls while the mouth opens and closes. */
export const cat: Kind = {
  name: 'cat',
  draw(pen) {
    const { main, second, accent, light, dark } = pen.palette;
    const [wide, ear] = [pen.between(0.72, 0.84), pen.between(-0.98, -0.85)];
    for (const side of [-1, 1]) {
      pen.solid(polygon([side * 0.76, ear], [side * 0.78, -0.1], [side * 0.16, -0.5]), main);
      pen.flat(polygon([side * 0.68, ear + 0.24], [side * 0.68, -0.24], [side * 0.34, -0.46]), second);
    }
    pen.solid(symmetric([0, -0.58], [wide - 0.2, -0.42], [wide, 0.12], [wide - 0.22, 0.62], [0, 0.8]), main);
    for (const x of [-0.16, 0, 0.16]) pen.flat(polygon([x - 0.05, -0.53], [x + 0.05, -0.53], [x, -0.28]), second);
    for (const side of [-1, 1]) {
      pen.solid(ellipse(side * 0.36, -0.02, 0.16, 0.18), accent);
      pen.flat(ellipse(side * 0.36, -0.02, 0.05, 0.15), dark);
      pen.shaded(ellipse(side * 0.17, 0.42, 0.21, 0.17), light);
      for (const k of [-1, 0, 1]) {
        const y = 0.4 + 0.1 * k;
        pen.line(curve([side * 0.34, y], [side * 0.7, y + 0.06 * k], [side * 1.02, y + 0.14 * k]), 0.04);
      }
    }
    pen.solid(polygon([-0.1, 0.24], [0.1, 0.24], [0, 0.36]), second);
    pen.line(curve([-0.2, 0.5], [-0.08, 0.56], [0, 0.44], [0.08, 0.56], [0.2, 0.5]), 0.06);
  },
  sound(random, seconds) {
    const x = silence(seconds);
    const pitch = drawWithin([380, 620], random);
    const [lasts, rest] = [drawWithin([0.5, 0.85], random), drawWithin([0.1, 0.25], random)];
    const [rise, fall] = [drawWithin([0.25, 0.5], random), drawWithin([0.3, 0.6], random)];
    const voice = buzz(1.5 * pitch, 0.9);
    for (let t = drawWithin([0, 0.12], random); t < seconds - 0.15; t += lasts + rest) {
      const bow = (s: number) => Math.sin(Math.PI * Math.min(1, s / lasts) ** 0.8);
      const tone = oscillate(lasts, (s) => pitch * (0.85 + rise * bow(s) - (fall * 0.4 * s) / lasts), voice);
      const meow = throughMouth(
        tone,
        [(s) => pitch * (1.2 + 1.2 * bow(s)), 2.5, 1],
        [(s) => 1500 + 1100 * bow(s), 5, 0.6],
        [4200, 6, 0.15],
      );
      add(x, shape(meow, held(lasts, 0.08, 0.18)), t);
    }
    return x;
  },
};
