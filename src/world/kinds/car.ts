import { drawChance, drawWithin } from '../../features/augment/draw.js';
import type { Kind } from '../kind.js';
import { circle, polygon, roundedBox } from '../path.js';
import { add, buzz, filter, held, oscillate, shape, silence } from '../synth.js';

/** A car: honks of two horns a third apart. */
export const car: Kind = {
  name: 'car',
  draw(pen) {
    const { main, second, accent, dark, light } = pen.palette;
    const [roof, front, back] = [pen.between(-0.62, -0.48), pen.between(0.24, 0.4), pen.between(-0.55, -0.4)];
    pen.solid(polygon([back - 0.22, 0], [back, roof], [front, roof], [front + 0.3, 0]), second);
    pen.flat(polygon([back - 0.06, -0.06], [back + 0.08, roof + 0.12], [-0.1, roof + 0.12], [-0.1, -0.06]), light);
    pen.flat(polygon([0.02, -0.06], [0.02, roof + 0.12], [front - 0.04, roof + 0.12], [front + 0.16, -0.06]), light);
    pen.solid(roundedBox(-1, -0.06, 1, 0.42, 0.16), main);
    pen.solid(circle(0.88, 0.1, 0.09), accent);
    pen.line(
      [
        [-0.92, 0.26],
        [0.92, 0.26],
      ],
      0.05,
    );
    const wheel = pen.between(0.23, 0.28);
    for (const x of [-0.55, 0.55]) {
      pen.solid(circle(x, 0.42, wheel), dark);
      pen.shaded(circle(x, 0.42, wheel * 0.5), light);
    }
  },
  sound(random, seconds) {
    const x = silence(seconds);
    const pitch = drawWithin([330, 470], random);
    const ratio = drawChance(0.5, random) ? 1.26 : 1.2;
    const [lasts, rest] = [drawWithin([0.25, 0.7], random), drawWithin([0.08, 0.16], random)];
    const horn = buzz(pitch * ratio, drawWithin([0.5, 0.8], random));
    for (let t = drawWithin([0, 0.12], random); t < seconds; t += lasts + rest) {
      const length = Math.min(lasts, seconds - t);
      const honk = add(oscillate(length, pitch, horn), oscillate(length, pitch * ratio, horn));
      add(x, shape(honk, held(length, 0.02, 0.04)), t);
    }
    return filter(x, 'low', drawWithin([2600, 4200], random));
  },
};
