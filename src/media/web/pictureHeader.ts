/** What picture files say about themselves, so that a browser need not decode them to know. */
import { readJpegHeader } from '../jpegHeader.js';
import type { PictureFormat } from '../pictureFile.js';

export interface Size {
  readonly width: number;
  readonly height: number;
}

const viewOf = (bytes: Uint8Array) => new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
const nameAt = (bytes: Uint8Array, at: number) => String.fromCharCode(...bytes.subarray(at, at + 4));

/** Pixels of the picture, or of the canvas of an animation; undefined where the file breaks off before it says. */
export function announcedSize(bytes: Uint8Array, format: PictureFormat): Size | undefined {
  const view = viewOf(bytes);
  if (format === 'jpeg') return readJpegHeader(bytes);
  if (format === 'avif') return largestExtent(bytes);
  if (bytes.length < 30) return undefined;
  if (format === 'png') return { width: view.getUint32(16), height: view.getUint32(20) };
  if (format === 'gif') return { width: view.getUint16(6, true), height: view.getUint16(8, true) };
  return webpSize(bytes);
}

/** The first chunk of a WebP file: VP8X has 24 bits for each side less one, VP8L 14 bits behind a signature, VP8 14 bits in its frame. */
function webpSize(bytes: Uint8Array): Size | undefined {
  const view = viewOf(bytes);
  const kind = nameAt(bytes, 12);
  const uint24 = (at: number) => view.getUint16(at, true) + 65536 * bytes[at + 2]!;
  if (kind === 'VP8X') return { width: uint24(24) + 1, height: uint24(27) + 1 };
  if (kind === 'VP8L') {
    const bits = view.getUint32(21, true);
    return { width: (bits & 0x3fff) + 1, height: ((bits >>> 14) & 0x3fff) + 1 };
  }
  return kind === 'VP8 ' ? { width: view.getUint16(26, true) & 0x3fff, height: view.getUint16(28, true) & 0x3fff } : undefined;
}

/** The largest `ispe` property of an AVIF file: of a picture made of tiles that is the whole. */
function largestExtent(bytes: Uint8Array): Size | undefined {
  const view = viewOf(bytes);
  let found: Size | undefined;
  // A full box: size, name, version and flags, width, height.
  for (let at = bytes.indexOf(0x69, 4); at >= 0 && at + 16 <= bytes.length; at = bytes.indexOf(0x69, at + 1)) {
    if (view.getUint32(at - 4) !== 20 || nameAt(bytes, at) !== 'ispe') continue;
    const size = { width: view.getUint32(at + 8), height: view.getUint32(at + 12) };
    if (!found || size.width * size.height > found.width * found.height) found = size;
  }
  return found;
}

/** EXIF's orientation, 1 to 8, of a WebP file, which browsers leave out of account. 1 where there is none. */
export function webpOrientation(bytes: Uint8Array): number {
  const view = viewOf(bytes);
  for (let at = 12; at + 8 <= bytes.length; ) {
    const length = view.getUint32(at + 4, true);
    if (nameAt(bytes, at) === 'EXIF') return tiffOrientation(bytes.subarray(at + 8, at + 8 + length));
    at += 8 + length + (length % 2);
  }
  return 1;
}

const orientationTag = 0x0112;

/** The tag in the first directory of a TIFF structure, which some writers put `Exif\0\0` before. */
function tiffOrientation(exif: Uint8Array): number {
  const tiff = nameAt(exif, 0) === 'Exif' ? exif.subarray(6) : exif;
  const view = viewOf(tiff);
  if (tiff.length < 8) return 1;
  const littleEndian = tiff[0] === 0x49;
  const directory = view.getUint32(4, littleEndian);
  if (directory + 2 > tiff.length) return 1;
  const entries = view.getUint16(directory, littleEndian);
  for (let i = 0, at = directory + 2; i < entries && at + 12 <= tiff.length; i++, at += 12)
    if (view.getUint16(at, littleEndian) === orientationTag) return view.getUint16(at + 8, littleEndian);
  return 1;
}
