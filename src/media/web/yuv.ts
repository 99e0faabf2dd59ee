/** Decoded video, brightness and colour differences apart, as RGB in the way of `ffmpeg` on Node. */

export interface Plane {
  readonly data: Uint8Array;
  /** Where the first value lies, and how far it is from one row to the next and from one value to the next. */
  readonly offset: number;
  readonly stride: number;
  readonly step: number;
}

/** Eight-bit planes: brightness, then the two colour differences, which may have half the resolution. */
export interface Planes {
  readonly width: number;
  readonly height: number;
  readonly y: Plane;
  readonly u: Plane;
  readonly v: Plane;
  readonly halfWidth: boolean;
  readonly halfHeight: boolean;
  /** Whether colour of half the width lies on the left one of its two pixels, or in the middle between them. */
  readonly leftChroma: boolean;
  /** Weights of red and blue in brightness (ITU-T H.273, table 4). */
  readonly kr: number;
  readonly kb: number;
  /** 0-255 for all; else 16-235 for brightness and 16-240 for colour. */
  readonly fullRange: boolean;
}

type Four = [number, number, number, number];

/** Weights of Keys' cubic with swscale's a = -0.6 for a point between the second and the third of four neighbours. */
function cubic(fraction: number): Four {
  const a = -0.6;
  return [1 + fraction, fraction, 1 - fraction, 2 - fraction].map((d) =>
    d <= 1 ? ((a + 2) * d - (a + 3)) * d * d + 1 : ((a * d - 5 * a) * d + 8 * a) * d - 4 * a,
  ) as Four;
}

/** Of pixel i: positions of its four neighbours among `length` values of half the resolution, borders repeated, and their weights. */
function neighbours(i: number, length: number, left: boolean): { at: Four; weights: Four } {
  const position = left ? i / 2 : (i + 0.5) / 2 - 0.5;
  const second = Math.floor(position);
  const at = [-1, 0, 1, 2].map((k) => Math.min(Math.max(second + k, 0), length - 1)) as Four;
  return { at, weights: cubic(position - second) };
}

/** A plane of colour differences at full resolution, around 0. */
function fullChroma(plane: Plane, { width, height, halfWidth, halfHeight, leftChroma }: Planes): Float32Array {
  const [w, h] = [halfWidth ? (width + 1) >> 1 : width, halfHeight ? (height + 1) >> 1 : height];
  let rows = new Float32Array(w * h);
  for (let y = 0, o = 0; y < h; y++)
    for (let x = 0, at = plane.offset + y * plane.stride; x < w; x++, at += plane.step) rows[o++] = plane.data[at]! - 128;
  if (halfWidth) {
    const wide = new Float32Array(width * h);
    for (let x = 0; x < width; x++) {
      const { at, weights } = neighbours(x, w, leftChroma);
      const [[p, q, r, s], [a, b, c, d]] = [at, weights];
      for (let row = 0, o = x; row < w * h; row += w, o += width)
        wide[o] = a * rows[row + p]! + b * rows[row + q]! + c * rows[row + r]! + d * rows[row + s]!;
    }
    rows = wide;
  }
  if (!halfHeight) return rows;
  const tall = new Float32Array(width * height);
  for (let y = 0, o = 0; y < height; y++) {
    const { at, weights } = neighbours(y, h, false);
    const [[p, q, r, s], [a, b, c, d]] = [at.map((k) => k * width) as Four, weights];
    for (let x = 0; x < width; x++) tall[o++] = a * rows[p + x]! + b * rows[q + x]! + c * rows[r + x]! + d * rows[s + x]!;
  }
  return tall;
}

/**
 * With Y, Cb, Cr of either range scaled to [0, 255] and [-127.5, 127.5]:
 *   R = Y + 2 (1 - kr) Cr,  B = Y + 2 (1 - kb) Cb,  G = (Y - kr R - kb B) / (1 - kr - kb).
 * Colour is interpolated bicubically; results are rounded and limited to bytes.
 */
export function rgbFromPlanes(planes: Planes): Uint8Array {
  const { width, height, y: bright, kr, kb, fullRange } = planes;
  const [cb, cr] = [fullChroma(planes.u, planes), fullChroma(planes.v, planes)];
  const [black, lumaGain, chromaGain] = fullRange ? [0, 1, 1] : [16, 255 / 219, 255 / 224];
  const [toRed, toBlue] = [2 * (1 - kr) * chromaGain, 2 * (1 - kb) * chromaGain];
  const kg = 1 - kr - kb;
  const [redToGreen, blueToGreen] = [(-kr * toRed) / kg, (-kb * toBlue) / kg];
  const rgb = new Uint8ClampedArray(3 * width * height);
  for (let row = 0, i = 0, o = 0; row < height; row++)
    for (let x = 0, at = bright.offset + row * bright.stride; x < width; x++, i++, o += 3, at += bright.step) {
      const y = (bright.data[at]! - black) * lumaGain;
      rgb[o] = y + toRed * cr[i]!;
      rgb[o + 1] = y + redToGreen * cr[i]! + blueToGreen * cb[i]!;
      rgb[o + 2] = y + toBlue * cb[i]!;
    }
  return new Uint8Array(rgb.buffer);
}
