/**
 * Changes of colour, byte for byte those of Pillow's ImageEnhance (torchvision's adjust_brightness, _contrast and _saturation on
 * PIL pictures). Each works in place on `rgb`, three bytes a pixel.
 *
 * They all are Pillow's blend of a dull picture with the given one, in float32 and cut off, not rounded, to a byte:
 * out = dull + factor * (in - dull), limited to 0..255. 0 gives the dull picture, 1 the given one, beyond 1 exaggerates.
 */

const float = Math.fround;

/** Pillow's luminance of the pixel that starts at byte i: ITU-R 601-2 in 16-bit fixed point, rounded. */
const luminance = (rgb: Uint8Array, i: number): number =>
  (rgb[i]! * 19595 + rgb[i + 1]! * 38470 + rgb[i + 2]! * 7471 + 0x8000) >> 16;

/** The blend of one dull value with all 256 bytes. */
function blendTable(dull: number, factor: number): Uint8ClampedArray {
  const alpha = float(factor);
  return Uint8ClampedArray.from({ length: 256 }, (_, v) => Math.trunc(float(dull + float(alpha * (v - dull)))));
}

function lookUp(rgb: Uint8Array, table: Uint8ClampedArray): void {
  for (let i = 0; i < rgb.length; i++) rgb[i] = table[rgb[i]!]!;
}

/** Blends with black: ImageEnhance.Brightness. */
export function adjustBrightness(rgb: Uint8Array, factor: number): void {
  lookUp(rgb, blendTable(0, factor));
}

/** Blends with the picture's mean luminance, rounded to a byte: ImageEnhance.Contrast. */
export function adjustContrast(rgb: Uint8Array, factor: number): void {
  let sum = 0;
  for (let i = 0; i < rgb.length; i += 3) sum += luminance(rgb, i);
  lookUp(rgb, blendTable(Math.trunc(sum / (rgb.length / 3) + 0.5), factor));
}

/** Blends with the picture's own luminance: ImageEnhance.Color. */
export function adjustSaturation(rgb: Uint8Array, factor: number): void {
  const alpha = float(factor);
  // factor * difference in float32, for the differences -255..255.
  const share = Float32Array.from({ length: 511 }, (_, i) => alpha * (i - 255));
  for (let i = 0; i < rgb.length; i += 3) {
    const dull = luminance(rgb, i);
    const zero = 255 - dull;
    for (let j = i; j < i + 3; j++) {
      const value = float(dull + share[rgb[j]! + zero]!);
      rgb[j] = Math.max(0, Math.min(255, value));
    }
  }
}

/** All three channels become the luminance: Image.convert('L'), torchvision's to_grayscale with three channels. */
export function toGrayscale(rgb: Uint8Array): void {
  for (let i = 0; i < rgb.length; i += 3) rgb[i] = rgb[i + 1] = rgb[i + 2] = luminance(rgb, i);
}
