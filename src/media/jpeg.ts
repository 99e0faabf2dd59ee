/**
 * A quick way for the small, plain JPEGs that training data is made of: libjpeg-turbo in WebAssembly has no thread to wait for and needs
 * half the time of sharp (at 64 pixels a tenth). It gives the same pixels as sharp and Pillow.
 */
import { createRequire } from 'node:module';
import type { JpegHeader } from './jpegHeader.js';
import type { Frame } from './types.js';

export { readJpegHeader } from './jpegHeader.js';

/** Beyond this many pixels sharp's vector instructions win; and this decoder keeps the thread busy while it works. */
const mostPixels = 2 ** 17;
/** Beyond it something else than a picture of that size is in the file. It bounds the time, and the decoder's memory at its first 50 MiB. */
const mostBytes = 2 ** 20;

/** The part of @cornerstonejs/codec-libjpeg-turbo-8bit used here; the package has no types. */
interface Turbo {
  JPEGDecoder: new () => {
    /** The decoder's own memory for the file, to be filled. */
    getEncodedBuffer(length: number): Uint8Array;
    /** Throws a number, a pointer to a C++ exception, on any error or warning. */
    decode(): void;
    /** A copy of the pixels: one byte each for grey, else three. */
    getDecodedBuffer(): Uint8ClampedArray<ArrayBuffer>;
    delete(): void;
  };
}

const require = createRequire(import.meta.url);

const loadTurbo = (): Promise<Turbo> => require('@cornerstonejs/codec-libjpeg-turbo-8bit/decodewasmjs')();

/** Loaded when the first JPEG comes. */
let current: { turbo: Promise<Turbo>; failures: number } | undefined;

/**
 * An exception leaves the WebAssembly stack where it was thrown. After four thousand of them it ran into the data, so the instance is
 * replaced long before.
 */
const mostFailures = 64;

/** The picture, or undefined when it is not small and plain, or does not decode without a warning: sharp has the last word on those. */
export async function decodeSmallJpeg(bytes: Uint8Array, header: JpegHeader): Promise<Frame | undefined> {
  const { components, plain } = header;
  if (!plain || (components !== 1 && components !== 3)) return undefined;
  if (header.width * header.height > mostPixels || bytes.length > mostBytes) return undefined;
  for (;;) {
    current ??= { turbo: loadTurbo(), failures: 0 };
    const mine = current;
    const turbo = await mine.turbo.catch(() => undefined);
    // It may have been replaced during the wait; from here to the end nobody else runs.
    if (mine !== current) continue;
    if (!turbo) {
      // No memory for another instance: sharp may still have enough, and the next call tries again.
      current = undefined;
      return undefined;
    }
    try {
      return decodeWith(turbo, bytes, header);
    } catch (error) {
      mine.failures++;
      // Anything but the pointer to an exception is a breakdown of the instance.
      if (typeof error !== 'number' || mine.failures >= mostFailures) current = undefined;
      return undefined;
    }
  }
}

function decodeWith({ JPEGDecoder }: Turbo, bytes: Uint8Array, { width, height }: JpegHeader): Frame | undefined {
  const decoder = new JPEGDecoder();
  let decoded: Uint8Array<ArrayBuffer>;
  try {
    decoder.getEncodedBuffer(bytes.length).set(bytes);
    decoder.decode();
    decoded = new Uint8Array(decoder.getDecodedBuffer().buffer);
  } finally {
    decoder.delete();
  }
  if (decoded.length === 3 * width * height) return { width, height, rgb: decoded };
  return decoded.length === width * height ? { width, height, rgb: threeEqual(decoded) } : undefined;
}

/** Red, green and blue from grey. */
function threeEqual(grey: Uint8Array): Uint8Array {
  const rgb = new Uint8Array(3 * grey.length);
  for (let i = 0; i < rgb.length; i++) rgb[i] = grey[Math.floor(i / 3)]!;
  return rgb;
}
