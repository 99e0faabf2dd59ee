/** Pictures that several tests look at. */
import { readFileSync } from 'node:fs';
import type { Frame } from '../../src/media/types.js';

interface Stored {
  name: string;
  width: number;
  height: number;
  file: string;
  rgb: string;
}

const { cases } = JSON.parse(readFileSync(new URL('../golden/pictures.json', import.meta.url), 'utf8')) as { cases: Stored[] };

/** Files of many kinds, and what Pillow makes of them: test/golden/pictures.py. */
export const pillow = cases.map(({ file, rgb, ...rest }) => ({
  ...rest,
  file: new Uint8Array(Buffer.from(file, 'base64')),
  rgb: Buffer.from(rgb, 'base64'),
}));

/** Waves in every channel, of which no two rows or columns are the same. */
export function smooth(width: number, height: number): Frame {
  const rgb = Uint8Array.from({ length: 3 * width * height }, (_, i) => {
    const [x, y, c] = [Math.floor(i / 3) % width, Math.floor(i / 3 / width), i % 3];
    return Math.round(127.5 + 70 * Math.sin(x / 6 + c) + 50 * Math.cos(y / 4 - c));
  });
  return { width, height, rgb };
}
