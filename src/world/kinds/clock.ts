import { drawWithin } from '../../features/augment/draw.js';
import type { Kind } from '../kind.js';
import { circle, type Point } from '../path.js';
import { add, filter, noise, silence, struck } from '../synth.js';

/** An alarm clock: ticks, of which every second is lower. */
export const clock: Kind = {
  name: 'clock',
  draw(pen) {
    const { main, second, accent, light, dark } = pen.palette;
    const around = (angle: number, radius: number): Point => [radius * Math.sin(angle), 0.05 - radius * Math.cos(angle)];
    for (const side of [-1, 1]) {
      pen.rod(
        [
          [side * 0.5, 0.6],
          [side * 0.68, 0.92],
        ],
        0.15,
        dark,
      );
      pen.solid(circle(side * 0.52, -0.68, pen.between(0.25, 0.31)), second);
    }
    pen.rod(
      [
        [0, -0.7],
        [0, -0.95],
      ],
      0.12,
      dark,
    );
    pen.solid(circle(0, 0.05, 0.8), main);
    pen.solid(circle(0, 0.05, pen.between(0.58, 0.66)), light);
    for (let hour = 0; hour < 12; hour += 3) {
      const angle = (hour * Math.PI) / 6;
      pen.line([around(angle, 0.44), around(angle, 0.54)], 0.07, dark);
    }
    const [long, short] = [pen.between(0, 2 * Math.PI), pen.between(0, 2 * Math.PI)];
    pen.line([[0, 0.05], around(long, 0.46)], 0.075, dark);
    pen.line([[0, 0.05], around(short, 0.3)], 0.1, dark);
    pen.flat(circle(0, 0.05, 0.09), accent);
  },
  sound(random, seconds) {
    const x = silence(seconds);
    const [between, pitch] = [drawWithin([0.16, 0.3], random), drawWithin([2200, 3800], random)];
    const lower = drawWithin([0.6, 0.85], random);
    let beat = 0;
    for (let t = drawWithin([0, 0.15], random); t < seconds; t += between, beat++) {
      const hz = pitch * (beat % 2 === 0 ? 1 : lower);
      const click = struck(noise(random, 0.03), 0.0005, 0.004);
      add(x, filter(click, 'band', hz, 3), t, drawWithin([0.85, 1], random));
      // The escapement falls back a moment later.
      add(x, filter(click, 'band', hz * 1.5, 4), t + 0.018, 0.4);
    }
    return x;
  },
};
