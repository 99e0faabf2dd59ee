import { drawWithin } from '../../features/augment/draw.js';
import type { Kind } from '../kind.js';
import { arc, circle, polygon, roundedBox, turned } from '../path.js';
import { add, oscillate, silence, struck } from '../synth.js';

/** A telephone with a dial: two small bells struck in turn, many times a second. */
export const phone: Kind = {
  name: 'phone',
  draw(pen) {
    const { main, second, dark, light } = pen.palette;
    const [foot, shoulder] = [pen.between(0.78, 0.9), pen.between(0.4, 0.5)];
    for (const side of [-1, 1]) pen.solid(roundedBox(side * 0.3 - 0.08, -0.45, side * 0.3 + 0.08, -0.1, 0.03), dark);
    pen.solid(polygon([-shoulder, -0.25], [shoulder, -0.25], [foot, 0.8], [-foot, 0.8]), main);
    pen.solid(circle(0, 0.3, 0.38), second);
    for (let hole = 0; hole < 8; hole++) {
      const angle = (hole * Math.PI) / 4;
      pen.flat(circle(0.26 * Math.cos(angle), 0.3 + 0.26 * Math.sin(angle), 0.06), dark);
    }
    pen.flat(circle(0, 0.3, 0.14), light);
    pen.rod(arc(0, -0.2, [0.78, pen.between(0.4, 0.5)], Math.PI * 1.14, Math.PI * 1.86), 0.2, main);
    for (const side of [-1, 1])
      pen.solid(
        turned(roundedBox(side * 0.75 - 0.23, -0.56, side * 0.75 + 0.23, -0.26, 0.12), side * 0.4, [side * 0.75, -0.4]),
        main,
      );
  },
  sound(random, seconds) {
    const x = silence(seconds);
    const low = drawWithin([1050, 1500], random);
    const bells = [low, low * drawWithin([1.12, 1.3], random)];
    const [rate, lasts] = [drawWithin([17, 25], random), drawWithin([0.35, 0.55], random)];
    const rest = drawWithin([0.15, 0.3], random);
    const ringing = drawWithin([0.05, 0.12], random);
    const strikes = bells.map((hz) => {
      const strike = struck(oscillate(0.4, hz), 0.001, ringing);
      add(strike, struck(oscillate(0.4, hz * 2.76), 0.001, ringing * 0.6), 0, 0.6);
      return add(strike, struck(oscillate(0.4, Math.min(hz * 5.4, 7500)), 0.001, ringing * 0.3), 0, 0.3);
    });
    let strike = 0;
    for (let t = drawWithin([0, 0.12], random), until = t + lasts; t < seconds; strike++) {
      add(x, strikes[strike % 2]!, t, drawWithin([0.8, 1], random));
      t += 1 / rate;
      if (t > until) [t, until] = [t + rest, t + rest + lasts];
    }
    return x;
  },
};
