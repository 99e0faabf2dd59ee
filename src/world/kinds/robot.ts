import { drawWithin } from '../../features/augment/draw.js';
import type { Kind } from '../kind.js';
import { circle, roundedBox } from '../path.js';
import { add, held, oscillate, shape, silence, wave } from '../synth.js';

/** A robot's head with an antenna: hollow beeps that jump from pitch to pitch. */
export const robot: Kind = {
  name: 'robot',
  draw(pen) {
    const { main, second, accent, dark, light } = pen.palette;
    const [wide, top, bottom] = [pen.between(0.62, 0.76), pen.between(-0.5, -0.4), pen.between(0.6, 0.7)];
    pen.rod(
      [
        [0, top],
        [0, -0.8],
      ],
      0.08,
      dark,
    );
    pen.solid(circle(0, -0.88, pen.between(0.12, 0.16)), accent);
    for (const side of [-1, 1]) {
      const [x0, x1] = [side * (wide - 0.05), side * (wide + 0.22)];
      pen.solid(roundedBox(Math.min(x0, x1), -0.14, Math.max(x0, x1), 0.3, 0.06), second);
    }
    pen.solid(roundedBox(-0.3, bottom - 0.05, 0.3, bottom + 0.28, 0.04), second);
    pen.solid(roundedBox(-wide, top, wide, bottom, pen.between(0.06, 0.2)), main);
    const eye = pen.between(0.15, 0.19);
    for (const side of [-1, 1]) {
      pen.solid(roundedBox(side * 0.32 - eye, -0.22 - eye, side * 0.32 + eye, -0.22 + eye, 0.05), light);
      pen.flat(circle(side * 0.32, -0.22, eye * 0.5), dark);
    }
    pen.solid(roundedBox(-0.42, 0.22, 0.42, 0.46, 0.04), dark);
    for (const x of [-0.2, 0, 0.2])
      pen.line(
        [
          [x, 0.24],
          [x, 0.44],
        ],
        0.06,
        light,
      );
  },
  sound(random, seconds) {
    const x = silence(seconds);
    const base = drawWithin([330, 480], random);
    const lasts = drawWithin([0.06, 0.11], random);
    const hollow = wave(1, 0, 0.5, 0, 0.3, 0, 0.15);
    for (let t = drawWithin([0, 0.1], random); t < seconds; t += lasts) {
      const hz = base * 2 ** (random.below(8) / 4);
      const [ratio, depth] = [drawWithin([0.1, 0.3], random), drawWithin([0, 0.15], random)];
      const beep = oscillate(lasts, (s) => hz * (1 + depth * Math.sin(2 * Math.PI * hz * ratio * s)), hollow);
      if (random.uniform() < 0.85) add(x, shape(beep, held(lasts, 0.004, 0.012)), t, drawWithin([0.7, 1], random));
    }
    return x;
  },
};
