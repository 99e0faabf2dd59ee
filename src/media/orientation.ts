/** Pictures that are stored turned or mirrored. No Node modules: browsers run it too. */
import type { Frame } from './types.js';

/** How a stored picture is shown: rows and columns swapped first if transposed, then mirrored. */
export interface Orientation {
  readonly transposed: boolean;
  readonly flipX: boolean;
  readonly flipY: boolean;
}

/** EXIF's number, 1 to 8; anything else is taken as 1, as it is. */
export function exifOrientation(number: number): Orientation {
  const k = number >= 1 && number <= 8 ? number : 1;
  return { transposed: k >= 5, flipX: [2, 3, 6, 7].includes(k), flipY: [3, 4, 7, 8].includes(k) };
}

/** A copy of `frame` as it is shown. */
export function orient(frame: Frame, { transposed, flipX, flipY }: Orientation): Frame {
  if (!transposed && !flipX && !flipY) return { ...frame, rgb: Uint8Array.from(frame.rgb) };
  const [width, height] = transposed ? [frame.height, frame.width] : [frame.width, frame.height];
  const rgb = new Uint8Array(3 * width * height);
  const [acrossStep, downStep] = transposed ? [3 * frame.width, 3] : [3, 3 * frame.width];
  for (let y = 0, to = 0; y < height; y++) {
    const row = (flipY ? height - 1 - y : y) * downStep;
    for (let x = 0; x < width; x++, to += 3) {
      const from = row + (flipX ? width - 1 - x : x) * acrossStep;
      rgb[to] = frame.rgb[from]!;
      rgb[to + 1] = frame.rgb[from + 1]!;
      rgb[to + 2] = frame.rgb[from + 2]!;
    }
  }
  return { width, height, rgb };
}
