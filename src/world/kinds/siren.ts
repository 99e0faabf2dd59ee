import { drawChance, drawWithin } from '../../features/augment/draw.js';
import type { Kind } from '../kind.js';
import { arc, type Point, polygon, roundedBox } from '../path.js';
import { oscillate, shape, wave } from '../synth.js';

/** A flashing lamp on a foot: a tone that wails up and down. */
export const siren: Kind = {
  name: 'siren',
  draw(pen) {
    const { main, second, accent, dark, light } = pen.palette;
    const [half, top] = [pen.between(0.45, 0.56), pen.between(-0.5, -0.38)];
    const rays = 5;
    for (let i = 0; i < rays; i++) {
      const angle = -Math.PI * (0.08 + (0.84 * i) / (rays - 1));
      const ray = (r: number): Point => [r * Math.cos(angle), 0.1 + r * Math.sin(angle)];
      pen.rod([ray(0.86), ray(1.08)], 0.1, accent);
    }
    pen.solid(polygon([-half, 0.45], ...arc(0, top + half, [half, half], -Math.PI, 0), [half, 0.45]), main);
    pen.flat(polygon([-0.16, 0.45], [-0.1, -0.12], [0.1, -0.12], [0.16, 0.45]), light, 0.85);
    pen.flat(roundedBox(-half * 0.75, top + half * 0.6, -half * 0.55, 0.3, 0.06), light, 0.6);
    pen.solid(roundedBox(-half - 0.14, 0.42, half + 0.14, 0.64, 0.06), second);
    pen.solid(roundedBox(-half - 0.34, 0.62, half + 0.34, 0.88, 0.08), dark);
  },
  sound(random, seconds) {
    const [low, high] = [drawWithin([520, 720], random), drawWithin([1250, 1750], random)];
    const [rate, phase] = [drawWithin([1.4, 3], random), drawWithin([0, 1], random)];
    const triangular = drawChance(0.5, random);
    const up = (s: number) => {
      const turn = (rate * s + phase) % 1;
      return triangular ? 1 - Math.abs(2 * turn - 1) : 0.5 - 0.5 * Math.cos(2 * Math.PI * turn);
    };
    const tone = oscillate(seconds, (s) => low * (high / low) ** up(s), wave(1, 0.1, drawWithin([0.2, 0.5], random), 0, 0));
    return shape(tone, (s) => Math.min(1, s / 0.03));
  },
};
