/** Several pictures side by side. */
import type { Frame } from '../media/types.js';
import { blank, fitText, ink, paintText, paper, paste, type Rgb, textScale, textSize } from './text.js';

export interface Panel {
  frame: Frame;
  /** Above the picture; cut with … at the panel's width. */
  title: string;
  /** Below the picture, softer; cut likewise. */
  note?: string;
}

export interface PanelsOptions {
  /** Panels in a row. Up to three are in one row when not given, more in as many columns as rows or one more. */
  columns?: number;
  /** Pixels between panels and around them; default 8 times the text's scale. */
  gap?: number;
  /** Default white. Text is dark on light ground and light on dark. */
  background?: Rgb;
}

/** Between a picture and its text, in pixels of the font. */
const space = 3;

/**
 * One frame with the given ones in a grid, row by row: each with its title above and its note below it. No picture is scaled. All panels
 * are as high as the highest picture and columns as wide as their widest; smaller pictures stand at the upper left. The text's scale is
 * textScale(width of the widest picture); lines that no panel has, titles or notes, take no room. Throws RangeError when there is no panel,
 * when columns is not a whole number from 1, or gap not one from 0.
 */
export function panels(list: readonly Panel[], { columns, gap, background = paper }: PanelsOptions = {}): Frame {
  if (!list.length) throw new RangeError('there is no panel to show');
  const across = Math.min(columns ?? (list.length <= 3 ? list.length : Math.ceil(Math.sqrt(list.length))), list.length);
  if (!(Number.isInteger(across) && across >= 1)) throw new RangeError(`columns is a whole number from 1, not ${columns}`);
  const scale = textScale(Math.max(...list.map(({ frame }) => frame.width)));
  const between = gap ?? 8 * scale;
  if (!(Number.isInteger(between) && between >= 0)) throw new RangeError(`gap is a whole number from 0, not ${gap}`);

  const line = textSize('', scale).height + space * scale;
  const above = list.some(({ title }) => title) ? line : 0;
  const below = list.some(({ note }) => note) ? line : 0;
  const pictureHeight = Math.max(...list.map(({ frame }) => frame.height));
  const widths = Array.from({ length: across }, (_, column) =>
    Math.max(...list.filter((_, i) => i % across === column).map(({ frame }) => frame.width)),
  );
  const lefts = widths.map((_, column) => widths.slice(0, column).reduce((sum, width) => sum + width + between, between));
  const pitch = above + pictureHeight + below + between;

  const sheet = blank(lefts.at(-1)! + widths.at(-1)! + between, between + pitch * Math.ceil(list.length / across), background);
  const colour = textOn(background);
  const soft = colour.map((v, c) => Math.round(0.6 * v + 0.4 * background[c]!)) as unknown as Rgb;
  list.forEach(({ frame, title, note = '' }, i) => {
    const x = lefts[i % across]!;
    const y = between + pitch * Math.floor(i / across);
    const cut = (text: string) => fitText(text, scale, widths[i % across]!);
    paste(sheet, frame, x, y + above);
    paintText(sheet, cut(title), { x, y, scale, colour });
    paintText(sheet, cut(note), { x, y: y + above + pictureHeight + space * scale, scale, colour: soft });
  });
  return sheet;
}

/** Dark on light ground, light on dark: by luma, 0.299 R + 0.587 G + 0.114 B. */
const textOn = ([r, g, b]: Rgb): Rgb => (0.299 * r + 0.587 * g + 0.114 * b > 127 ? ink : paper);
