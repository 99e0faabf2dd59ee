/** What the colours of a heatmap mean, below the picture. */
import type { Frame } from '../media/types.js';
import { checkRange, colour } from './overlay.js';
import { blank, fill, fitText, ink, paintText, paper, paste, textScale, textSize } from './text.js';

export interface ColourBarOptions {
  /** Values of the lowest and the highest colour, as in `overlay`'s range and in the map's unit. */
  low: number;
  high: number;
  /** Between the numbers: what they measure, or which sound it is. */
  title?: string;
}

/** Sizes in pixels of the font: beside the bar and the text and below the text; above and below the bar; of the bar. */
const [margin, space, thickness] = [2, 3, 6];

/**
 * The frame with a strip below it, as wide as the frame: the palette from `low` on the left to `high` on the right,
 *
 *     pixel i of n has the colour of i / (n - 1),
 *
 * and under it both numbers with the title between them. The strip grows with the frame's width w: it is 23 s pixels high with
 * s = textScale(w). The title is cut, or left out, where there is no room for it; then the numbers are, and with them their line: 12 s
 * pixels. Throws RangeError when low and high are not finite or not in this order.
 */
export function withColourBar(frame: Frame, { low, high, title = '' }: ColourBarOptions): Frame {
  checkRange(low, high);
  const scale = textScale(frame.width);
  const texts = placeTexts(numbers(low, high), title, scale, frame.width);
  const textTop = frame.height + (2 * space + thickness) * scale;
  const height = texts.length ? textTop + textSize('', scale).height + margin * scale : textTop;
  const shown = blank(frame.width, height, paper);
  paste(shown, frame, 0, 0);
  const left = frame.width > 4 * margin * scale ? margin * scale : 0;
  const length = frame.width - 2 * left;
  for (let i = 0; i < length; i++) {
    const share = length > 1 ? i / (length - 1) : 0;
    const at = [0, 1, 2].map((c) => Math.round(colour(share, c))) as [number, number, number];
    fill(shown, left + i, frame.height + space * scale, 1, thickness * scale, at);
  }
  for (const { text, x } of texts) paintText(shown, text, { x, y: textTop, scale, colour: ink });
  return shown;
}

/** Low and high with as many decimals as tell them apart: at least two digits of their difference, and two decimals below 10. */
function numbers(low: number, high: number): [string, string] {
  const size = Math.max(Math.abs(low), Math.abs(high));
  const decimals = high > low ? 1 - Math.floor(Math.log10(high - low)) : 2;
  const places = Math.min(Math.max(decimals, size < 10 ? 2 : 0), 6);
  const show = (value: number) => {
    if (size >= 1e6 || (size > 0 && size < 1e-4)) return value === 0 ? '0' : value.toExponential(2);
    const text = value.toFixed(places);
    return Number(text) === 0 ? (0).toFixed(places) : text;
  };
  return [show(low), show(high)];
}

/** Which texts there is room for in a line of `width` pixels, and where they begin. */
function placeTexts([low, high]: [string, string], title: string, scale: number, width: number): { text: string; x: number }[] {
  const [edge, apart] = [margin * scale, 2 * space * scale];
  const [lowWidth, highWidth] = [textSize(low, scale).width, textSize(high, scale).width];
  if (2 * edge + lowWidth + apart + highWidth > width) return [];
  const texts = [
    { text: low, x: edge },
    { text: high, x: width - edge - highWidth },
  ];
  const from = edge + lowWidth + apart;
  const room = width - edge - highWidth - apart - from;
  const cut = fitText(title, scale, room);
  const cutWidth = textSize(cut, scale).width;
  // In the middle of the frame when the numbers leave it free, else between them.
  const middle = Math.min(Math.max((width - cutWidth) / 2, from), from + room - cutWidth);
  return cut ? [...texts, { text: cut, x: middle }] : texts;
}
