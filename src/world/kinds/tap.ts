import { drawWithin } from '../../features/augment/draw.js';
import type { Kind } from '../kind.js';
import { blob, curve, roundedBox } from '../path.js';
import { add, oscillate, silence, struck } from '../synth.js';

/** A dripping tap: short blips that rise, one for each drop. */
export const tap: Kind = {
  name: 'tap',
  draw(pen) {
    const { main, second, accent } = pen.palette;
    const [reach, thick] = [pen.between(0.42, 0.56), pen.between(0.26, 0.34)];
    pen.solid(roundedBox(-0.14, -0.75, 0.14, -0.3, 0.05), second);
    pen.solid(roundedBox(-0.44, -0.92, 0.44, -0.7, 0.11), accent);
    pen.rod(curve([-0.8, -0.2], [0, -0.24], [reach - 0.08, -0.16], [reach, 0.22]), thick, main);
    pen.solid(roundedBox(reach - thick * 0.72, 0.16, reach + thick * 0.72, 0.3, 0.05), second);
    pen.solid(roundedBox(-1, -0.5, -0.78, 0.12, 0.06), second);
    const drop = (y: number, size: number) => {
      const sides = [0.09, 0.16, 0.12].map((side) => side * size);
      const [a, b, c] = sides as [number, number, number];
      const up = (share: number) => y + share * size;
      pen.solid(
        blob(
          [reach, up(-0.3)],
          [reach + a, up(-0.06)],
          [reach + b, up(0.1)],
          [reach + c, up(0.24)],
          [reach, up(0.3)],
          [reach - c, up(0.24)],
          [reach - b, up(0.1)],
          [reach - a, up(-0.06)],
        ),
        accent,
      );
    };
    drop(pen.between(0.66, 0.82), pen.between(0.85, 1.15));
  },
  sound(random, seconds) {
    const x = silence(seconds);
    const pitch = drawWithin([650, 1150], random);
    const [between, decay] = [drawWithin([0.16, 0.34], random), drawWithin([0.02, 0.045], random)];
    for (let t = drawWithin([0, 0.15], random); t < seconds; t += between * drawWithin([0.75, 1.3], random)) {
      const [hz, rise] = [pitch * drawWithin([0.85, 1.2], random), drawWithin([5, 9], random)];
      const blip = struck(
        oscillate(0.25, (s) => hz * (1 + rise * s)),
        0.004,
        decay,
      );
      const gain = drawWithin([0.6, 1], random);
      add(add(x, blip, t, gain), blip, t + 0.07, 0.25 * gain);
    }
    return x;
  },
};
