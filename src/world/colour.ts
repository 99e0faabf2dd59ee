/** Colours drawn at random, so that none of them tells what an object is. */
import { drawWithin, type Range } from '../features/augment/draw.js';
import type { Random } from '../random.js';

/** From 0 to 255. */
export type Rgb = readonly [number, number, number];

/** From hue in turns, saturation and lightness from 0 to 1. */
export function hsl(hue: number, saturation: number, lightness: number): Rgb {
  const chroma = saturation * Math.min(lightness, 1 - lightness);
  const channel = (n: number) => {
    const k = (n + 12 * (hue - Math.floor(hue))) % 12;
    return 255 * (lightness - chroma * Math.max(-1, Math.min(k - 3, 9 - k, 1)));
  };
  return [channel(0), channel(8), channel(4)];
}

/** `share` of the way from one colour to another. */
export const mixed = (a: Rgb, b: Rgb, share: number): Rgb => [
  a[0] + share * (b[0] - a[0]),
  a[1] + share * (b[1] - a[1]),
  a[2] + share * (b[2] - a[2]),
];

const white: Rgb = [255, 255, 255];
const black: Rgb = [0, 0, 0];
export const lighter = (colour: Rgb, share: number): Rgb => mixed(colour, white, share);
export const darker = (colour: Rgb, share: number): Rgb => mixed(colour, black, share);

/** A colour of any hue. */
export const drawColour = (random: Random, saturation: Range, lightness: Range): Rgb =>
  hsl(random.uniform(), drawWithin(saturation, random), drawWithin(lightness, random));

/** The colours of one object. */
export interface Palette {
  main: Rgb;
  second: Rgb;
  accent: Rgb;
  /** Nearly white, nearly black. */
  light: Rgb;
  dark: Rgb;
  /** Of the lines around everything. */
  ink: Rgb;
}

export function drawPalette(random: Random): Palette {
  const main = drawColour(random, [0.25, 0.95], [0.4, 0.68]);
  return {
    main,
    second: drawColour(random, [0.25, 0.9], [0.35, 0.75]),
    accent: drawColour(random, [0.5, 1], [0.45, 0.7]),
    light: drawColour(random, [0.1, 0.7], [0.86, 0.97]),
    dark: drawColour(random, [0.1, 0.5], [0.1, 0.24]),
    ink: mixed(drawColour(random, [0.2, 0.6], [0.06, 0.2]), darker(main, 0.7), random.uniform()),
  };
}
