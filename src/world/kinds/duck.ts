import { drawWithin } from '../../features/augment/draw.js';
import type { Kind } from '../kind.js';
import { blob, curve } from '../path.js';
import { add, buzz, held, oscillate, shape, silence, throughMouth } from '../synth.js';

/** A duck on the water with its neck up: quacks, a reedy voice that falls. */
export const duck: Kind = {
  name: 'duck',
  draw(pen) {
    const { main, second, accent, light } = pen.palette;
    const [neck, head] = [pen.between(0.3, 0.42), pen.between(-0.66, -0.55)];
    pen.solid(
      blob([neck + 0.2, head - 0.12], [neck + 0.6, head + 0.02], [neck + 0.64, head + 0.14], [neck + 0.2, head + 0.16]),
      accent,
    );
    pen.solid(
      blob(
        [neck + 0.05, head - 0.32],
        [neck + 0.3, head - 0.14],
        [neck + 0.28, head + 0.18],
        [neck + 0.12, head + 0.5],
        [0.72, 0.25],
        [0.5, 0.75],
        [-0.5, 0.75],
        [-0.85, 0.3],
        [-1.02, -0.22],
        [-0.5, 0.02],
        [neck - 0.25, 0.02],
        [neck - 0.14, head + 0.3],
        [neck - 0.26, head - 0.08],
      ),
      main,
    );
    pen.flat(
      blob([neck + 0.24, head + 0.26], [neck + 0.16, head + 0.42], [neck - 0.14, head + 0.42], [neck - 0.14, head + 0.28]),
      light,
    );
    const wing = pen.between(-0.06, 0.1);
    pen.solid(blob([0.3, 0.2], [0.15, 0.52], [-0.35, 0.5], [-0.72, 0.12 + wing], [-0.2, 0.12]), second);
    pen.eye(neck + 0.06, head - 0.05, pen.between(0.08, 0.11));
    pen.line(curve([-0.95, 0.86], [-0.5, 0.78], [0, 0.86], [0.5, 0.78], [0.95, 0.86]), 0.08, light);
  },
  sound(random, seconds) {
    const x = silence(seconds);
    const [pitch, nose] = [drawWithin([170, 270], random), drawWithin([950, 1350], random)];
    const [lasts, rest] = [drawWithin([0.13, 0.22], random), drawWithin([0.06, 0.2], random)];
    const voice = buzz(1.3 * pitch, 0.5);
    for (let t = drawWithin([0, 0.12], random); t < seconds; t += lasts + rest) {
      const fall = drawWithin([0.15, 0.35], random);
      const reed = oscillate(lasts, (s) => pitch * (1.1 - (fall * s) / lasts), voice);
      const open = (s: number) => nose * (0.8 + 0.4 * Math.sin((Math.PI * s) / lasts));
      const quack = throughMouth(reed, [open, 5, 1], [2.2 * nose, 7, 0.7], [3.2 * nose, 8, 0.25]);
      add(x, shape(quack, held(lasts, 0.015, 0.06)), t, drawWithin([0.7, 1], random));
    }
    return x;
  },
};
