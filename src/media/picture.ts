/** Pictures from files and bytes, as Pillow's `open(file).convert('RGB')` reads them, which is what the published loaders do; and back. */
import sharp, { type Sharp } from 'sharp';
import { decodeSmallJpeg, readJpegHeader } from './jpeg.js';
import { checkFrame, isPicture, notAPicture, type PictureFormat, pictureKinds, tooManyPixels } from './pictureFile.js';
import { nameOf, readBytes, type Source, sniff } from './source.js';
import { defaultLimits, type Frame, MediaError, type MediaLimits } from './types.js';

// Every file is decoded once, so a cache would only hold memory; and several pictures at a time, each on one thread, get further than
// one picture on several. sharp has these settings for the whole process only.
sharp.cache(false);
sharp.concurrency(1);

/**
 * The picture in a file: JPEG, PNG, WebP, AVIF, or the first frame of a GIF or other animation; the content tells, not the name.
 *
 * The same bytes as Pillow's `convert('RGB')`, which means: an alpha channel is dropped and the colours under it stay; colour profiles
 * and gamma are ignored; of 16 bits the upper 8 count; grey becomes three equal channels; inks (CMYK, YCCK) are multiplied,
 * (1 - C) * (1 - K). Four things differ: the colours of AVIF, since its decoders do; a rotation in EXIF data is applied (Pillow leaves
 * that to the caller), 16-bit grey is scaled (Pillow clips it at 255), and the transparent pixels of a GIF are black (Pillow shows the
 * colour they have in the palette).
 *
 * Throws MediaError: `missing`; `tooLarge` beyond `limits`, before anything is decoded; `corrupt` for what does not decode to its end
 * without a warning; `noPicture` for sounds; `unsupported` for everything else. An aborted `signal` throws its reason.
 */
export async function readPicture(
  source: Source,
  { limits = {}, signal }: { limits?: MediaLimits; signal?: AbortSignal } = {},
): Promise<Frame> {
  signal?.throwIfAborted();
  const { maxPixels = defaultLimits.maxPixels } = limits;
  const bytes = await readBytes(source, limits);
  const format = sniff(bytes);
  if (!isPicture(format)) throw notAPicture(nameOf(source), format);
  const header = format === 'jpeg' ? readJpegHeader(bytes) : undefined;
  const size = format === 'png' ? pngSize(bytes) : header;
  if (size && size.width * size.height > maxPixels) throw tooManyPixels(nameOf(source), maxPixels, size);
  signal?.throwIfAborted();
  const small = header && (await decodeSmallJpeg(bytes, header));
  const frame = small ?? (await decode(bytes, source, format, header?.components === 4, maxPixels));
  signal?.throwIfAborted();
  return frame;
}

/** Read before libvips does, which writes to the error output of the process about sides of more than 10^7. */
function pngSize(bytes: Uint8Array): { width: number; height: number } | undefined {
  if (bytes.length < 24) return undefined;
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  return { width: view.getUint32(16), height: view.getUint32(20) };
}

async function decode(
  bytes: Uint8Array,
  source: Source,
  format: PictureFormat,
  inks: boolean,
  maxPixels: number,
): Promise<Frame> {
  // For sharp a limit of 0 is none.
  const limitInputPixels = Math.max(1, Math.min(maxPixels, Number.MAX_SAFE_INTEGER));
  const picture = sharp(bytes, { failOn: 'warning', limitInputPixels, autoOrient: true, ignoreIcc: true });
  const channels = inks ? picture.pipelineColourspace('cmyk').toColourspace('cmyk') : picture.removeAlpha().toColourspace('srgb');
  const { data, info } = await channels
    .raw({ depth: 'uchar' })
    .toBuffer({ resolveWithObject: true })
    .catch((error: Error) => {
      if (error.message.includes('exceeds pixel limit')) throw tooManyPixels(nameOf(source), maxPixels);
      const message = `the ${pictureKinds[format]} picture is damaged, cut off or of a rare kind (${firstReason(error.message)})`;
      throw new MediaError('corrupt', nameOf(source), message, { cause: error });
    });
  const rgb = inks ? multiplyInks(data) : new Uint8Array(data.buffer, data.byteOffset, data.length);
  return { width: info.width, height: info.height, rgb };
}

/** libvips heaps up messages, one a line, of which the first is about the cause. */
const firstReason = (message: string) =>
  message
    .replace(/^Warning treated as error due to failOn setting\n|^Input buffer has /, '')
    .split('\n')[0]!
    .replace(/[: ]+$/, '');

/** R = (1 - C) * (1 - K) and so on, for bytes and rounded as in Pillow. */
function multiplyInks(cmyk: Uint8Array): Uint8Array {
  const rgb = new Uint8Array((cmyk.length / 4) * 3);
  for (let i = 0, o = 0; i < cmyk.length; i += 4) {
    const light = 255 - cmyk[i + 3]!;
    for (let c = 0; c < 3; c++) {
      const product = cmyk[i + c]! * light + 128;
      rgb[o++] = light - (((product >> 8) + product) >> 8);
    }
  }
  return rgb;
}

/** The bytes of a PNG file: exactly the frame. Throws RangeError when `rgb` does not have 3 * width * height bytes. */
export function encodePng(frame: Frame): Promise<Uint8Array> {
  return raw(frame).png().toBuffer();
}

/**
 * The bytes of a JPEG file. `quality` 1-100; `chroma` is the resolution of colour: whole, or half in both directions. Throws RangeError
 * when `rgb` does not have 3 * width * height bytes.
 */
export function encodeJpeg(
  frame: Frame,
  { quality = 95, chroma = '4:2:0' }: { quality?: number; chroma?: '4:4:4' | '4:2:0' } = {},
): Promise<Uint8Array> {
  return raw(frame).jpeg({ quality, chromaSubsampling: chroma }).toBuffer();
}

function raw(frame: Frame): Sharp {
  checkFrame(frame);
  const { width, height, rgb } = frame;
  return sharp(rgb, { raw: { width, height, channels: 3 } });
}
