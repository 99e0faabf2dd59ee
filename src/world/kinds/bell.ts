import { drawWithin } from '../../features/augment/draw.js';
import type { Kind } from '../kind.js';
import { circle, ring, roundedBox, symmetric } from '../path.js';
import { add, oscillate, silence, struck } from '../synth.js';

/** Of a church bell, from the hum below its note upwards. */
const partials = [
  [0.5, 0.5, 0.9],
  [1, 1, 0.7],
  [1.19, 0.8, 0.6],
  [1.5, 0.4, 0.45],
  [2, 0.9, 0.4],
  [2.51, 0.4, 0.25],
  [3.01, 0.3, 0.2],
  [4.17, 0.25, 0.12],
] as const;

/** A church bell: inharmonic partials that ring on after each strike. */
export const bell: Kind = {
  name: 'bell',
  draw(pen) {
    const { main, second, accent, dark } = pen.palette;
    const [waist, flare, top] = [pen.between(0.48, 0.62), pen.between(0.8, 0.95), pen.between(0.36, 0.5)];
    pen.solid(ring(0, -0.88, 0.19, 0.09), dark);
    pen.solid(circle(0, 0.78, pen.between(0.15, 0.21)), accent);
    pen.solid(symmetric([0, -0.75], [top, -0.62], [waist, -0.1], [flare - 0.18, 0.36], [flare, 0.64], [0, 0.68]), main);
    pen.solid(roundedBox(-flare, 0.5, flare, 0.7, 0.1), second);
    pen.flat(roundedBox(-waist * 0.9, -0.2, waist * 0.9, pen.between(-0.12, -0.05), 0.03), second);
  },
  sound(random, seconds) {
    const x = silence(seconds);
    const note = drawWithin([380, 800], random);
    const between = drawWithin([0.42, 0.75], random);
    const ringing = drawWithin([0.6, 1.2], random);
    for (let t = drawWithin([0, 0.1], random); t < seconds; t += between * drawWithin([0.95, 1.05], random))
      for (const [ratio, gain, decay] of partials) {
        const tone = oscillate(seconds - t, note * ratio * drawWithin([0.995, 1.005], random));
        add(x, struck(tone, 0.003, decay * ringing), t, gain * drawWithin([0.6, 1.2], random));
      }
    return x;
  },
};
