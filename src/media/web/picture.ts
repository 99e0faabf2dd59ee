/** Pictures in a browser: what `media/picture.ts` does on Node. */
/// <reference lib="dom" />
import { sniff } from '../format.js';
import { exifOrientation, orient } from '../orientation.js';
import { checkFrame, isPicture, notAPicture, pictureKinds, tooManyPixels } from '../pictureFile.js';
import { defaultLimits, type Frame, MediaError, type MediaLimits } from '../types.js';
import { announcedSize, webpOrientation } from './pictureHeader.js';
import { rgbOf, withAlpha } from './pixels.js';
import { nameOf, readBytes, type Source } from './source.js';

/**
 * The picture in a file: JPEG, PNG, WebP, AVIF, or the first frame of a GIF or other animation; the content tells, not the name. The
 * same pixels as on Node, within one level for AVIF and for inks (CMYK) in Chromium: upright, colour profiles ignored, an alpha channel
 * dropped with the colours under it kept (without WebGL those of transparent pixels are black).
 *
 * Throws MediaError: `missing`; `tooLarge` beyond `limits`, before anything is decoded; `corrupt` for what the browser does not decode
 * to its end; `noPicture` for sounds; `unsupported` for everything else. An aborted `signal` throws its reason.
 */
export async function readPicture(
  source: Source,
  { limits = {}, signal }: { limits?: MediaLimits; signal?: AbortSignal } = {},
): Promise<Frame> {
  signal?.throwIfAborted();
  const { maxPixels = defaultLimits.maxPixels } = limits;
  const name = nameOf(source);
  const bytes = await readBytes(source, limits, signal);
  const format = sniff(bytes);
  if (!isPicture(format)) throw notAPicture(name, format);
  const size = announcedSize(bytes, format);
  if (size && size.width * size.height > maxPixels) throw tooManyPixels(name, maxPixels, size);
  const bitmap = await createImageBitmap(new Blob([bytes], { type: `image/${format}` }), {
    imageOrientation: 'from-image',
    premultiplyAlpha: 'none',
    colorSpaceConversion: 'none',
  }).catch((cause: Error) => {
    const message = `the ${pictureKinds[format]} picture is damaged, cut off or of a rare kind (${cause.message})`;
    throw new MediaError('corrupt', name, message, { cause });
  });
  try {
    signal?.throwIfAborted();
    // What the header says is the file's word; this is what was decoded.
    if (bitmap.width * bitmap.height > maxPixels) throw tooManyPixels(name, maxPixels, bitmap);
    const frame = rgbOf(bitmap);
    // Of the formats with EXIF data this is the only one in which browsers do not look for a rotation.
    return format === 'webp' ? orient(frame, exifOrientation(webpOrientation(bytes))) : frame;
  } finally {
    bitmap.close();
  }
}

/** The bytes of a PNG file: exactly the frame. Throws RangeError when `rgb` does not have 3 * width * height bytes. */
export const encodePng = (frame: Frame): Promise<Uint8Array> => encode(frame, { type: 'image/png' });

/**
 * The bytes of a JPEG file. `quality` 1-100; the browser chooses the resolution of colour (Chromium: half in both directions, whole at
 * quality 100). Throws RangeError when `rgb` does not have 3 * width * height bytes.
 */
export const encodeJpeg = (frame: Frame, { quality = 95 }: { quality?: number } = {}): Promise<Uint8Array> =>
  encode(frame, { type: 'image/jpeg', quality: quality / 100 });

async function encode(frame: Frame, options: ImageEncodeOptions): Promise<Uint8Array> {
  checkFrame(frame);
  const { width, height } = frame;
  const canvas = new OffscreenCanvas(width, height);
  const context = canvas.getContext('2d', { alpha: false, willReadFrequently: true })!;
  context.putImageData(new ImageData(withAlpha(frame), width, height), 0, 0);
  return new Uint8Array(await (await canvas.convertToBlob(options)).arrayBuffer());
}
