/** The pixels of what a browser decoded, exactly. */
/// <reference lib="dom" />
import type { Frame } from '../types.js';

/**
 * The colours of a bitmap without its alpha channel. Canvases multiply colours with alpha and lose those of transparent pixels; textures
 * keep them, as the bitmap does when it was made with `premultiplyAlpha: 'none'`. Where there is no WebGL, or the bitmap is larger than
 * its textures, a canvas has to do: exact for opaque pixels, black for transparent ones.
 */
export function rgbOf(bitmap: ImageBitmap): Frame {
  const { width, height } = bitmap;
  return { width, height, rgb: withoutAlpha(readTexture(bitmap) ?? readCanvas(bitmap)) };
}

/** Kept: browsers allow few contexts, and one takes milliseconds to make. */
let kept: WebGL2RenderingContext | null = null;

function readTexture(bitmap: ImageBitmap): Uint8Array | undefined {
  if (!kept || kept.isContextLost()) kept = new OffscreenCanvas(1, 1).getContext('webgl2');
  const gl = kept;
  const { width, height } = bitmap;
  if (!gl || Math.max(width, height) > gl.getParameter(gl.MAX_TEXTURE_SIZE)) return undefined;
  const pixels = new Uint8Array(4 * width * height);
  const [texture, framebuffer] = [gl.createTexture(), gl.createFramebuffer()];
  gl.bindTexture(gl.TEXTURE_2D, texture);
  gl.texImage2D(gl.TEXTURE_2D, 0, gl.RGBA, gl.RGBA, gl.UNSIGNED_BYTE, bitmap);
  gl.bindFramebuffer(gl.FRAMEBUFFER, framebuffer);
  gl.framebufferTexture2D(gl.FRAMEBUFFER, gl.COLOR_ATTACHMENT0, gl.TEXTURE_2D, texture, 0);
  gl.readPixels(0, 0, width, height, gl.RGBA, gl.UNSIGNED_BYTE, pixels);
  gl.deleteFramebuffer(framebuffer);
  gl.deleteTexture(texture);
  return gl.getError() === gl.NO_ERROR && !gl.isContextLost() ? pixels : undefined;
}

function readCanvas(bitmap: ImageBitmap): Uint8ClampedArray {
  const context = new OffscreenCanvas(bitmap.width, bitmap.height).getContext('2d', { willReadFrequently: true })!;
  context.drawImage(bitmap, 0, 0);
  return context.getImageData(0, 0, bitmap.width, bitmap.height).data;
}

/** Three bytes of every four. */
export function withoutAlpha(rgba: Uint8Array | Uint8ClampedArray): Uint8Array {
  const rgb = new Uint8Array((rgba.length / 4) * 3);
  for (let i = 0, o = 0; i < rgba.length; i += 4, o += 3) {
    rgb[o] = rgba[i]!;
    rgb[o + 1] = rgba[i + 1]!;
    rgb[o + 2] = rgba[i + 2]!;
  }
  return rgb;
}

/** A fourth, opaque byte after every three. */
export function withAlpha({ rgb }: Frame): Uint8ClampedArray<ArrayBuffer> {
  const rgba = new Uint8ClampedArray((rgb.length / 3) * 4);
  for (let i = 0, o = 0; i < rgb.length; i += 3, o += 4) {
    rgba[o] = rgb[i]!;
    rgba[o + 1] = rgb[i + 1]!;
    rgba[o + 2] = rgb[i + 2]!;
    rgba[o + 3] = 255;
  }
  return rgba;
}
