/**
 * A quick way for the small, plain JPEGs that training data is made of: libjpeg-turbo in WebAssembly has no thread to wait for and needs
 * half the time of sharp (at 64 pixels a tenth). It gives the same pixels as sharp and Pillow.
 */
import { createRequire } from 'node:module';
import type { Frame } from './types.js';

export interface JpegHeader {
  readonly width: number;
  readonly height: number;
  /** 1 grey, 3 colours, 4 inks. */
  readonly components: number;
  /** One pass over the picture with 8-bit samples, and no EXIF data, which could ask for a rotation. */
  readonly plain: boolean;
}

const marker = { eoi: 0xd9, sos: 0xda, app1: 0xe1 } as const;
/** Markers of frames; 0xc4, 0xc8 and 0xcc between them mean something else. */
const isFrame = (code: number) => code >= 0xc0 && code <= 0xcf && ![0xc4, 0xc8, 0xcc].includes(code);
/** Baseline and extended sequential with Huffman codes. */
const isSequential = (code: number) => code === 0xc0 || code === 0xc1;

/** What stands before a JPEG's first scan; undefined when the bytes end or break off before that. */
export function readJpegHeader(bytes: Uint8Array): JpegHeader | undefined {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let frame: (Omit<JpegHeader, 'plain'> & { sequential: boolean }) | undefined;
  let exif = false;
  let at = 2;
  // A marker is 0xff (any number of times) and a code; a length, which counts itself, and the content follow.
  while (at + 4 <= bytes.length) {
    if (bytes[at] !== 0xff) return undefined;
    const code = bytes[at + 1]!;
    if (code === 0xff) {
      at += 1;
      continue;
    }
    const content = at + 4;
    const end = at + 2 + view.getUint16(at + 2);
    if (code === marker.eoi || end < content || end > bytes.length) return undefined;
    if (isFrame(code)) {
      if (end - content < 6) return undefined;
      frame = {
        height: view.getUint16(content + 1),
        width: view.getUint16(content + 3),
        components: bytes[content + 5]!,
        sequential: isSequential(code) && bytes[content] === 8,
      };
    }
    if (code === marker.app1) exif ||= String.fromCharCode(...bytes.subarray(content, content + 4)) === 'Exif';
    if (code === marker.sos) {
      if (!frame) return undefined;
      const { sequential, ...header } = frame;
      return { ...header, plain: sequential && !exif && bytes[content] === header.components };
    }
    at = end;
  }
  return undefined;
}

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
