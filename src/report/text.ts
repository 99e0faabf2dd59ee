/**
 * Text on pictures, with a bitmap font of its own: the same pixels on every machine, and nothing to install.
 *
 * Coordinates are pixels of the frame from its upper left corner, x to the right and y down; a pixel of the font is a square of
 * `scale` pixels.
 */
import type { Frame } from '../media/types.js';

/** sRGB, each 0-255. */
export type Rgb = readonly [red: number, green: number, blue: number];

/** What text stands on beside pictures, and the text's own colours. */
export const paper: Rgb = [255, 255, 255];
export const ink: Rgb = [28, 32, 38];

/**
 * The font: characters, and below them their glyphs in the same order, `#` for ink. Glyphs are as wide as they are drawn, and 9 rows
 * high: capitals stand on row 7, small letters begin in row 3, and rows 8 and 9 are for what hangs below. Empty rows at the end are left out.
 */
const sheets: readonly (readonly [characters: string, rows: string])[] = [
  [
    'ABCDEFGHIJKLMNOPQRS',
    `
    .###. ####. .###. ####. #### #### .###. #...# ### ..## #...# #... #...# #...# .###. ####. .###. ####. .###.
    #...# #...# #...# #...# #... #... #...# #...# .#. ...# #..#. #... ##.## ##..# #...# #...# #...# #...# #...#
    #...# #...# #.... #...# #... #... #.... #...# .#. ...# #.#.. #... #.#.# ##..# #...# #...# #...# #...# #....
    ##### ####. #.... #...# ###. ###. #.### ##### .#. ...# ##... #... #.#.# #.#.# #...# ####. #...# ####. .###.
    #...# #...# #.... #...# #... #... #...# #...# .#. ...# #.#.. #... #...# #..## #...# #.... #.#.# #.#.. ....#
    #...# #...# #...# #...# #... #... #...# #...# .#. #..# #..#. #... #...# #..## #...# #.... #..#. #..#. #...#
    #...# ####. .###. ####. #### #... .#### #...# ### .##. #...# #### #...# #...# .###. #.... .##.# #...# .###.`,
  ],
  [
    'TUVWXYZ0123456789',
    `
    ##### #...# #...# #...# #...# #...# ##### .##. ..#.. .###. .###. ...#. ##### ..##. ##### .###. .###.
    ..#.. #...# #...# #...# #...# #...# ....# #..# .##.. #...# #...# ..##. #.... .#... ....# #...# #...#
    ..#.. #...# #...# #...# .#.#. .#.#. ...#. #..# #.#.. ....# ....# .#.#. ####. #.... ...#. #...# #...#
    ..#.. #...# #...# #.#.# ..#.. ..#.. ..#.. #..# ..#.. ...#. ..##. #..#. ....# ####. ..#.. .###. .####
    ..#.. #...# .#.#. #.#.# .#.#. ..#.. .#... #..# ..#.. ..#.. ....# ##### ....# #...# ..#.. #...# ....#
    ..#.. #...# .#.#. ##.## #...# ..#.. #.... #..# ..#.. .#... #...# ...#. #...# #...# ..#.. #...# ...#.
    ..#.. .###. ..#.. #...# #...# ..#.. ##### .##. ##### ##### .###. ...#. .###. .###. ..#.. .###. .##..`,
  ],
  [
    'abcdefghijklmnopqrstuvwxyz',
    `
    .... #... .... ...# .... .## .... #... # ..# #... #. ..... .... .... .... .... ... .... #.. .... ..... ..... ..... .... ....
    .... #... .... ...# .... #.. .... #... . ... #... #. ..... .... .... .... .... ... .... #.. .... ..... ..... ..... .... ....
    .##. ###. .### .### .##. ### .### ###. # ..# #..# #. ####. ###. .##. ###. .### #.# .### ### #..# #...# #...# #...# #..# ####
    ...# #..# #... #..# #..# #.. #..# #..# # ..# #.#. #. #.#.# #..# #..# #..# #..# ##. #... #.. #..# #...# #.#.# .#.#. #..# ...#
    .### #..# #... #..# #### #.. #..# #..# # ..# ##.. #. #.#.# #..# #..# #..# #..# #.. .##. #.. #..# .#.#. #.#.# ..#.. #..# .##.
    #..# #..# #... #..# #... #.. #..# #..# # ..# #.#. #. #.#.# #..# #..# #..# #..# #.. ...# #.. #..# .#.#. #.#.# .#.#. #..# #...
    .### ###. .### .### .### #.. .### #..# # ..# #..# .# #.#.# #..# .##. ###. .### #.. ###. .## .### ..#.. .#.#. #...# .### ####
    .... .... .... .... .... ... ...# .... . ..# .... .. ..... .... .... #... ...# ... .... ... .... ..... ..... ..... ...# ....
    .... .... .... .... .... ... .##. .... . ##. .... .. ..... .... .... #... ...# ... .... ... .... ..... ..... ..... .##. ....`,
  ],
  [
    ' !"#$%&\'()*+,-./:;',
    `
    ... # #.# .#.#. ..#.. ##..# .##.. # ..# #.. ..... ..... .. .... . ....# . ..
    ... # #.# .#.#. .#### ##..# #..#. # .#. .#. ..#.. ..#.. .. .... . ....# . ..
    ... # #.# ##### #.#.. ...#. #..#. # #.. ..# #.#.# ..#.. .. .... . ...#. # .#
    ... # ... .#.#. .###. ..#.. .##.. . #.. ..# .###. ##### .. #### . ..#.. . ..
    ... # ... ##### ..#.# .#... #.#.# . #.. ..# #.#.# ..#.. .. .... . .#... . ..
    ... . ... .#.#. ####. #..## #..#. . .#. .#. ..#.. ..#.. .. .... . #.... . ..
    ... # ... .#.#. ..#.. #..## .##.# . ..# #.. ..... ..... .# .... # #.... # .#
    ... . ... ..... ..... ..... ..... . ... ... ..... ..... .# .... . ..... . .#
    ... . ... ..... ..... ..... ..... . ... ... ..... ..... #. .... . ..... . #.`,
  ],
  [
    '<=>?@[\\]^_`{|}~…',
    `
    ...# .... #... .###. .###. ### #.... ### ..#.. ..... #. ..# # #.. ...... .....
    ..#. .... .#.. #...# #...# #.. #.... ..# .#.#. ..... .# .#. # .#. ...... .....
    .#.. #### ..#. ....# #.### #.. .#... ..# #...# ..... .. .#. # .#. ...... .....
    #... .... ...# ...#. #.#.# #.. ..#.. ..# ..... ..... .. #.. # ..# .##..# .....
    .#.. #### ..#. ..#.. #.### #.. ...#. ..# ..... ..... .. .#. # .#. #..##. .....
    ..#. .... .#.. ..... #.... #.. ....# ..# ..... ..... .. .#. # .#. ...... .....
    ...# .... #... ..#.. .###. ### ....# ### ..... ..... .. ..# # #.. ...... #.#.#
    .... .... .... ..... ..... ... ..... ... ..... ##### .. ... # ... ...... .....
    .... .... .... ..... ..... ... ..... ... ..... ..... .. ... # ... ...... .....`,
  ],
];

const glyphHeight = 9;
/** Columns between characters. */
const spacing = 1;

/** A character's rows, top first; all are equally long. */
type Glyph = readonly string[];

const glyphs = new Map<string, Glyph>();
for (const [characters, drawn] of sheets) {
  const rows = drawn.trim().split('\n');
  const cells = rows.map((row) => row.trim().split(' '));
  [...characters].forEach((character, i) => {
    glyphs.set(
      character,
      cells.map((row) => row[i]!),
    );
  });
}

/** For every character that is not in the font. */
const unknown: Glyph = ['####', '#..#', '#..#', '#..#', '#..#', '#..#', '####'];

const glyphsOf = (text: string): Glyph[] => [...text].map((character) => glyphs.get(character) ?? unknown);

/** The scale at which text is read well on a picture of `width` pixels: round(width / 360), at least 1. */
export const textScale = (width: number): number => Math.max(1, Math.round(width / 360));

/**
 * Pixels that a line of text covers: height 9 scale; width scale (sum of the glyphs' widths + 1 between any two), 0 for no text.
 * `scale` is a whole number of at least 1: RangeError for others.
 */
export function textSize(text: string, scale = 1): { width: number; height: number } {
  if (!(Number.isInteger(scale) && scale >= 1)) throw new RangeError(`the scale of text is a whole number from 1, not ${scale}`);
  const columns = glyphsOf(text).reduce((sum, [row]) => sum + row!.length + spacing, 0);
  return { width: Math.max(0, columns - spacing) * scale, height: glyphHeight * scale };
}

/** The text, cut and ended with … where it is wider than `width` pixels; empty when not even one character and the … fit. */
export function fitText(text: string, scale: number, width: number): string {
  const fits = (line: string) => textSize(line, scale).width <= width;
  if (fits(text)) return text;
  const characters = [...text];
  for (let count = characters.length - 1; count > 0; count--) {
    const line = `${characters.slice(0, count).join('').trimEnd()}…`;
    if (fits(line)) return line;
  }
  return '';
}

export interface TextOptions {
  /** Upper left corner of the text, in pixels of the frame; rounded. What lies outside the frame is not drawn. */
  x: number;
  y: number;
  /** Pixels to a pixel of the font, a whole number; default 1. Capitals are 7 scale high, the line is 9 scale. */
  scale?: number;
  /** Default nearly black. */
  colour?: Rgb;
  /** Fills the text's rectangle and 2 scale pixels around it; the picture shows through when not given. */
  background?: Rgb;
}

/**
 * The frame with one line of text on it; the given frame stays as it is. Printable ASCII and …; other characters, line breaks too, are
 * boxes. Throws RangeError as `textSize` does.
 */
export function drawText(frame: Frame, text: string, options: TextOptions): Frame {
  const drawn = { ...frame, rgb: frame.rgb.slice() };
  paintText(drawn, text, options);
  return drawn;
}

/** As drawText, into the frame itself. */
export function paintText(frame: Frame, text: string, { x, y, scale = 1, colour = ink, background }: TextOptions): void {
  const { width, height } = textSize(text, scale);
  const top = Math.round(y);
  let left = Math.round(x);
  const around = 2 * scale;
  if (background && width > 0) fill(frame, left - around, top - around, width + 2 * around, height + 2 * around, background);
  for (const glyph of glyphsOf(text)) {
    glyph.forEach((row, j) => {
      for (let i = 0; i < row.length; i++)
        if (row[i] === '#') fill(frame, left + i * scale, top + j * scale, scale, scale, colour);
    });
    left += (glyph[0]!.length + spacing) * scale;
  }
}

/** Fills the part of a rectangle that lies within the frame; whole pixels. */
export function fill(frame: Frame, left: number, top: number, width: number, height: number, [r, g, b]: Rgb): void {
  const right = Math.min(left + width, frame.width);
  const bottom = Math.min(top + height, frame.height);
  for (let y = Math.max(top, 0); y < bottom; y++)
    for (let x = Math.max(left, 0); x < right; x++) {
      const at = 3 * (y * frame.width + x);
      frame.rgb[at] = r;
      frame.rgb[at + 1] = g;
      frame.rgb[at + 2] = b;
    }
}

/** A frame of one colour. */
export function blank(width: number, height: number, colour: Rgb): Frame {
  const frame = { width, height, rgb: new Uint8Array(3 * width * height) };
  fill(frame, 0, 0, width, height, colour);
  return frame;
}

/** Puts a picture into a frame that has room for it, with its upper left corner at (left, top). */
export function paste(frame: Frame, picture: Frame, left: number, top: number): void {
  for (let y = 0; y < picture.height; y++) {
    const row = picture.rgb.subarray(3 * y * picture.width, 3 * (y + 1) * picture.width);
    frame.rgb.set(row, 3 * ((top + y) * frame.width + left));
  }
}
