import { drawWithin } from '../../features/augment/draw.js';
import type { Kind } from '../kind.js';
import { circle, type Point, polygon, roundedBox, symmetric } from '../path.js';
import { add, pluck, silence } from '../synth.js';

/** Semitones above the lowest note. */
const chords = [
  [0, 4, 7, 12, 16],
  [0, 3, 7, 12, 15],
  [0, 5, 7, 12, 17],
];

/** An upright guitar: the strings of a chord plucked one after the other. */
export const guitar: Kind = {
  name: 'guitar',
  draw(pen) {
    const { main, second, accent, dark, light } = pen.palette;
    const [hip, waist, shoulder] = [pen.between(0.62, 0.74), pen.between(0.34, 0.42), pen.between(0.46, 0.56)];
    pen.solid(roundedBox(-0.12, -1, 0.12, 0.1, 0.04), second);
    pen.solid(polygon([-0.17, -1.12], [0.17, -1.12], [0.12, -0.8], [-0.12, -0.8]), dark);
    for (const side of [-1, 1]) for (const y of [-1.05, -0.92]) pen.flat(circle(side * 0.2, y, 0.055), accent);
    pen.solid(symmetric([0, -0.2], [shoulder, -0.08], [waist, 0.22], [hip, 0.54], [hip - 0.14, 0.86], [0, 0.96]), main);
    pen.solid(circle(0, 0.2, pen.between(0.17, 0.22)), dark);
    pen.solid(roundedBox(-0.22, 0.6, 0.22, 0.7, 0.03), second);
    for (const x of [-0.045, 0.045]) {
      const string: Point[] = [
        [x, -0.85],
        [x, 0.62],
      ];
      pen.line(string, 0.03, light);
    }
  },
  sound(random, seconds) {
    const x = silence(seconds);
    const lowest = drawWithin([100, 190], random);
    const chord = chords[random.below(chords.length)]!;
    const [between, damping] = [drawWithin([0.07, 0.2], random), drawWithin([0.3, 0.9], random)];
    const order = random.uniform() < 0.7 ? chord : chord.toReversed();
    let string = 0;
    for (let t = drawWithin([0, 0.1], random); t < seconds; t += between * drawWithin([0.9, 1.1], random), string++) {
      const hz = lowest * 2 ** (order[string % order.length]! / 12);
      add(x, pluck(random, seconds - t, hz, damping, drawWithin([1, 2.5], random)), t, drawWithin([0.6, 1], random));
    }
    return x;
  },
};
