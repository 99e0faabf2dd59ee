import { drawWithin } from '../../features/augment/draw.js';
import type { Kind } from '../kind.js';
import { blob, polygon } from '../path.js';
import { add, held, oscillate, shape, silence, wave } from '../synth.js';

/** A small bird on thin legs: a song of quick, high sweeps. */
export const bird: Kind = {
  name: 'bird',
  draw(pen) {
    const { main, second, accent, light } = pen.palette;
    const plump = pen.between(0.9, 1.12);
    for (const x of [-0.12, 0.16])
      pen.line(
        [
          [x, 0.5],
          [x + 0.04, 0.95],
          [x + 0.22, 0.95],
        ],
        0.07,
      );
    const tail = pen.between(-0.15, 0.2);
    pen.solid(polygon([-0.4, -0.05], [-1.05, tail - 0.15], [-1, tail + 0.15], [-0.4, 0.35]), second);
    pen.solid(polygon([0.68, -0.55], [1.08, -0.4], [0.66, -0.25]), accent);
    pen.solid(
      blob(
        [0.4, -0.85],
        [0.75, -0.6],
        [0.72, -0.2],
        [0.6, 0.3 * plump],
        [0.1, 0.62 * plump],
        [-0.45, 0.35],
        [-0.6, 0],
        [-0.2, -0.2],
        [0.08, -0.6],
      ),
      main,
    );
    pen.shaded(blob([0.66, -0.1], [0.58, 0.26 * plump], [0.2, 0.56 * plump], [0.15, 0.3], [0.4, 0.05]), light);
    const wing = pen.between(-0.15, 0.15);
    pen.solid(blob([0.18, -0.1], [0.05, 0.3], [-0.4, 0.35 + wing], [-0.75, 0.3 + wing], [-0.35, 0]), second);
    pen.eye(0.46, -0.5, pen.between(0.1, 0.14));
  },
  sound(random, seconds) {
    const x = silence(seconds);
    const base = drawWithin([3200, 4800], random);
    const [lasts, gap] = [drawWithin([0.05, 0.11], random), drawWithin([0.02, 0.09], random)];
    const motif = Array.from({ length: 3 }, () => [drawWithin([0.8, 1.25], random), drawWithin([0.75, 1.35], random)] as const);
    let call = 0;
    for (let t = drawWithin([0, 0.1], random); t < seconds; call++) {
      const [from, to] = motif[call % motif.length]!;
      const length = lasts * drawWithin([0.8, 1.2], random);
      const sweep = oscillate(length, (s) => base * from * (to / from) ** (s / length), wave(1, 0.12));
      add(x, shape(sweep, held(length, 0.012, 0.02)), t, drawWithin([0.6, 1], random));
      t += length + gap + (call % motif.length === motif.length - 1 ? 2 * gap : 0);
    }
    return x;
  },
};
