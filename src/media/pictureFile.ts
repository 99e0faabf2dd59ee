/** Which files are pictures, and why one is refused. No Node modules: browsers run it too. */
import type { Format } from './format.js';
import { type Frame, MediaError } from './types.js';

export const pictureKinds = { jpeg: 'JPEG', png: 'PNG', webp: 'WebP', avif: 'AVIF', gif: 'GIF' } as const;
export type PictureFormat = keyof typeof pictureKinds;

export const isPicture = (format: Format | undefined): format is PictureFormat => format !== undefined && format in pictureKinds;
const sounds: readonly (Format | undefined)[] = ['wav', 'flac', 'mp3', 'ogg'];
const accepted = Object.values(pictureKinds).join(', ');

/** What is thrown for a file that is no picture. */
export function notAPicture(name: string, format: Format | undefined): MediaError {
  const expected = `expected a picture (${accepted})`;
  if (sounds.includes(format)) return new MediaError('noPicture', name, `${expected}, this is a sound (${format})`);
  const film = format === 'mp4' ? 'an MP4 or MOV video, or HEIC' : `a video (${format})`;
  const what = format ? `${film}: open it as a video to take a frame of it` : 'none; its name does not count, its content does';
  return new MediaError('unsupported', name, `${expected}, this is ${what}`);
}

/** What is thrown for a picture beyond `maxPixels`. */
export const tooManyPixels = (name: string, limit: number, size?: { width: number; height: number }): MediaError =>
  new MediaError(
    'tooLarge',
    name,
    `${size ? `${size.width} x ${size.height} are ` : ''}more pixels than the limit of ${limit} (maxPixels): make the picture smaller`,
  );

/** Throws RangeError when `rgb` does not have 3 * width * height bytes. */
export function checkFrame({ width, height, rgb }: Frame): void {
  if (rgb.length !== 3 * width * height)
    throw new RangeError(`a frame of ${width} x ${height} has ${3 * width * height} bytes, this one ${rgb.length}`);
}

/** The frame with even sides, as 4:2:0 needs them: the last column and row are repeated where their number is odd. */
export function evenSided(frame: Frame): Frame {
  const [width, height] = [frame.width + (frame.width % 2), frame.height + (frame.height % 2)];
  if (width === frame.width && height === frame.height) return frame;
  const rgb = new Uint8Array(3 * width * height);
  for (let y = 0; y < height; y++) {
    const from = 3 * frame.width * Math.min(y, frame.height - 1);
    const row = frame.rgb.subarray(from, from + 3 * frame.width);
    rgb.set(row, 3 * width * y);
    if (width > frame.width) rgb.set(row.subarray(-3), 3 * (width * y + frame.width));
  }
  return { width, height, rgb };
}
