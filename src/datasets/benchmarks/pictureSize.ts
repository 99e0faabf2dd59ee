/** How large a picture is, without its pixels. */
import sharp from 'sharp';
import { isPicture, notAPicture, tooManyPixels } from '../../media/pictureFile.js';
import { readBytes, sniff } from '../../media/source.js';
import { defaultLimits, MediaError } from '../../media/types.js';
import { announcedSize } from '../../media/web/pictureHeader.js';

/** Pixels of the picture as `readPicture` gives it: turned as its EXIF data ask. Throws MediaError as that does for what is no picture. */
export async function pictureSize(path: string): Promise<{ width: number; height: number }> {
  const bytes = await readBytes(path);
  const format = sniff(bytes);
  if (!isPicture(format)) throw notAPicture(path, format);
  // Before libvips looks, which writes to the error output of the process about very long sides.
  const announced = announcedSize(bytes, format);
  if (announced && announced.width * announced.height > defaultLimits.maxPixels)
    throw tooManyPixels(path, defaultLimits.maxPixels, announced);
  try {
    const { autoOrient } = await sharp(bytes).metadata();
    return { width: autoOrient.width, height: autoOrient.height };
  } catch (error) {
    throw new MediaError('corrupt', path, `the picture is damaged (${(error as Error).message})`, { cause: error });
  }
}
