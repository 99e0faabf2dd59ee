import { drawWithin } from '../../features/augment/draw.js';
import type { Kind } from '../kind.js';
import { blob, circle, curve, ellipse, symmetric } from '../path.js';
import { add, held, noise, shape, silence, struck, throughMouth } from '../synth.js';

/** A sitting frog with eyes on top of its head: croaks, trains of pulses through a low mouth. */
export const frog: Kind = {
  name: 'frog',
  draw(pen) {
    const { main, second, light } = pen.palette;
    const [wide, eyes] = [pen.between(0.66, 0.78), pen.between(0.36, 0.5)];
    for (const side of [-1, 1]) {
      pen.solid(blob([side * 0.4, 0.1], [side * 0.98, 0.2], [side * 1.02, 0.7], [side * 0.5, 0.78]), main);
      pen.solid(ellipse(side * 0.82, 0.8, 0.25, 0.1), second);
      pen.solid(circle(side * eyes, -0.55, 0.27), main);
    }
    pen.solid(symmetric([0, -0.5], [wide - 0.12, -0.4], [wide, -0.05], [wide - 0.12, 0.5], [0.2, 0.8], [0, 0.82]), main);
    pen.shaded(symmetric([0, 0.15], [0.4, 0.25], [0.38, 0.6], [0, 0.74]), light);
    for (const side of [-1, 1]) {
      pen.rod(curve([side * 0.42, 0.35], [side * 0.34, 0.65], [side * 0.36, 0.85]), 0.16, main);
      pen.eye(side * eyes, -0.57, 0.18);
      pen.flat(circle(side * 0.1, -0.2, 0.035), pen.palette.ink);
    }
    const smile = pen.between(0.05, 0.16);
    pen.line(curve([-wide + 0.12, -0.08], [-0.25, smile], [0.25, smile], [wide - 0.12, -0.08]), 0.075);
  },
  sound(random, seconds) {
    const x = silence(seconds);
    const [low, high] = [drawWithin([420, 640], random), drawWithin([1100, 1500], random)];
    const [rate, lasts] = [drawWithin([26, 44], random), drawWithin([0.2, 0.36], random)];
    const rest = drawWithin([0.12, 0.3], random);
    for (let t = drawWithin([0, 0.12], random); t < seconds; t += lasts + rest * drawWithin([0.8, 1.2], random)) {
      const pulses = silence(lasts + 0.1);
      for (let at = 0; at < lasts; at += 1 / (rate * drawWithin([0.93, 1.07], random)))
        add(pulses, struck(noise(random, 0.02), 0.001, 0.004), at);
      const croak = throughMouth(pulses, [low, 6, 1], [high, 7, 0.5]);
      add(x, shape(croak, held(lasts + 0.1, lasts * 0.5, 0.08)), t, drawWithin([0.7, 1], random));
    }
    return x;
  },
};
