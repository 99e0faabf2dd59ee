/**
 * A turn of the hue, byte for byte torchvision's adjust_hue on PIL pictures: to Pillow's 8-bit HSV (Convert.c, rgb2hsv and
 * hsv2rgb), a shift of the hue byte, and back.
 */

const float = Math.fround;

/** Saturation byte of a pixel with the largest channel `max` and `max` - smallest = `range`, at [max * 256 + range]. */
const saturationTable = new Uint8Array(65536);
for (let max = 1; max < 256; max++)
  for (let range = 1; range <= max; range++) saturationTable[max * 256 + range] = float(range / max) * 255;

/** Hue byte of a pixel: `max` is its largest channel, `range` > 0 the distance to its smallest. */
function hueByte(r: number, g: number, b: number, max: number, range: number): number {
  const red = float((max - r) / range);
  const green = float((max - g) / range);
  const blue = float((max - b) / range);
  const sector = float(r === max ? blue - green : g === max ? 2 + red - blue : 4 + green - red);
  const turn = sector / 6 + 1;
  return float(turn >= 1 ? turn - 1 : turn) * 255;
}

/**
 * Shifts the hue of every pixel by `shift` turns, -0.5..0.5, in place; `rgb` has three bytes a pixel. The shift is cut off to
 * 1/255 of a turn. Like the original it passes through 8-bit HSV, which changes colours a little even when the shift is 0.
 * Throws RangeError for a shift outside -0.5..0.5.
 */
export function adjustHue(rgb: Uint8Array, shift: number): void {
  if (!(Math.abs(shift) <= 0.5)) throw new RangeError(`adjustHue: expected a shift of -0.5..0.5 turns, got ${shift}`);
  const offset = Math.trunc(shift * 255);
  for (let i = 0; i < rgb.length; i += 3) {
    const r = rgb[i]!;
    const g = rgb[i + 1]!;
    const b = rgb[i + 2]!;
    const max = Math.max(r, g, b);
    const min = Math.min(r, g, b);
    // Grey has no hue; neither has a colour whose saturation rounds to none, but that becomes grey.
    const saturation = saturationTable[max * 256 + max - min]!;
    if (saturation === 0) {
      rgb[i] = rgb[i + 1] = rgb[i + 2] = max;
      continue;
    }
    const hue = ((hueByte(r, g, b, max, max - min) | 0) + offset) & 255;
    const sixths = (hue * 6) / 255;
    const sector = Math.floor(sixths);
    const fraction = float(sixths - sector);
    const s = float(saturation / 255);
    const low = (max * (1 - s) + 0.5) | 0;
    const falling = (max * (1 - float(s * fraction)) + 0.5) | 0;
    const rising = (max * (1 - s * (1 - fraction)) + 0.5) | 0;
    switch (sector) {
      case 1:
        rgb[i] = falling;
        rgb[i + 1] = max;
        rgb[i + 2] = low;
        break;
      case 2:
        rgb[i] = low;
        rgb[i + 1] = max;
        rgb[i + 2] = rising;
        break;
      case 3:
        rgb[i] = low;
        rgb[i + 1] = falling;
        rgb[i + 2] = max;
        break;
      case 4:
        rgb[i] = rising;
        rgb[i + 1] = low;
        rgb[i + 2] = max;
        break;
      case 5:
        rgb[i] = max;
        rgb[i + 1] = low;
        rgb[i + 2] = falling;
        break;
      // 0 and, for a hue byte of 255, 6.
      default:
        rgb[i] = max;
        rgb[i + 1] = rising;
        rgb[i + 2] = low;
    }
  }
}
