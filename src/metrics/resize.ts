/** Heatmaps brought to the size on which they are scored, in the exact conventions of the published evaluators. */

export type MapKernel = 'bilinear' | 'bicubic';

const taps = { bilinear: 2, bicubic: 4 } as const;
/** The bicubic kernel's parameter: that of PyTorch and OpenCV. Pillow has -0.5. */
const a = -0.75;
const near = (x: number) => ((a + 2) * x - (a + 3)) * x * x + 1;
const far = (x: number) => ((a * x - 5 * a) * x + 8 * a) * x - 4 * a;

const weightsAt: Readonly<Record<MapKernel, (t: number) => number[]>> = {
  bilinear: (t) => [1 - t, t],
  bicubic: (t) => [far(t + 1), near(t), near(1 - t), far(2 - t)],
};

/** For every output position the source positions it reads, limited to the source, and their weights: [to * taps] each. */
interface Table {
  position: Int32Array;
  weight: Float32Array;
}

/**
 * Output pixel i lies at i (from - 1) / (to - 1) of the source with aligned corners, at (i + 1/2) from / to - 1/2 with half-pixel centres.
 * A tap beyond the edge reads the edge pixel.
 */
function tableOf(from: number, to: number, kernel: MapKernel, alignCorners: boolean): Table {
  const count = taps[kernel];
  const position = new Int32Array(to * count);
  const weight = new Float32Array(to * count);
  // PyTorch computes in float32, and so do we: the rounding decides which pixels are equal.
  const f = Math.fround;
  const ratio = f(alignCorners ? (to > 1 ? (from - 1) / (to - 1) : 0) : from / to);
  for (let i = 0; i < to; i++) {
    const exact = alignCorners ? f(ratio * i) : f(f(ratio * f(i + 0.5)) - 0.5);
    const at = kernel === 'bilinear' ? Math.max(exact, 0) : exact;
    const whole = Math.floor(at);
    const weights = weightsAt[kernel](f(at - whole));
    for (let k = 0; k < count; k++) {
      position[i * count + k] = Math.min(Math.max(whole + k + 1 - count / 2, 0), from - 1);
      weight[i * count + k] = weights[k]!;
    }
  }
  return { position, weight };
}

/**
 * Resizes maps of one size to another; tables are made once. Separable, across and then down, in float32:
 *
 * - `bilinear`, half-pixel centres: `cv2.resize(INTER_LINEAR)`, `F.interpolate(mode='bilinear', align_corners=False)`
 * - `bilinear`, aligned corners: `F.interpolate(mode='bilinear', align_corners=True)`
 * - `bicubic` (a = -0.75), either way: `F.interpolate(mode='bicubic')`. It overshoots: results can lie outside the map's range.
 *
 * No antialiasing, as there: a map larger than the result is sampled.
 */
export class MapResizer {
  readonly #taps: 2 | 4;
  readonly #across: Table;
  readonly #down: Table;
  /** The map's lines at their final width. */
  readonly #lines: Float32Array;

  /** Sizes in pixels. Throws RangeError unless they are whole numbers from 1 on. */
  constructor(
    readonly fromHeight: number,
    readonly fromWidth: number,
    readonly toHeight: number,
    readonly toWidth: number,
    kernel: MapKernel,
    alignCorners: boolean,
  ) {
    for (const size of [fromHeight, fromWidth, toHeight, toWidth])
      if (!Number.isSafeInteger(size) || size < 1)
        throw new RangeError(`MapResizer: sizes are whole numbers from 1 on, got ${size}`);
    this.#taps = taps[kernel];
    this.#across = tableOf(fromWidth, toWidth, kernel, alignCorners);
    this.#down = tableOf(fromHeight, toHeight, kernel, alignCorners);
    this.#lines = new Float32Array(fromHeight * toWidth);
  }

  /** `map` [fromHeight * fromWidth] as [toHeight * toWidth], into `out` where it is given. Throws RangeError for other lengths. */
  resize(map: Float32Array, out: Float32Array = new Float32Array(this.toHeight * this.toWidth)): Float32Array {
    const { fromHeight, fromWidth, toHeight, toWidth } = this;
    if (map.length !== fromHeight * fromWidth || out.length !== toHeight * toWidth)
      throw new RangeError(
        `MapResizer: expected ${fromHeight} x ${fromWidth} values and room for ${toHeight} x ${toWidth}, ` +
          `got ${map.length} values and room for ${out.length}`,
      );
    const [across, down] = this.#taps === 2 ? [acrossTwo, downTwo] : [acrossFour, downFour];
    for (let y = 0; y < fromHeight; y++)
      across(
        map.subarray(y * fromWidth, (y + 1) * fromWidth),
        this.#across,
        this.#lines.subarray(y * toWidth, (y + 1) * toWidth),
      );
    for (let y = 0; y < toHeight; y++) down(this.#lines, this.#down, y, out.subarray(y * toWidth, (y + 1) * toWidth));
    return out;
  }
}

const f = Math.fround;

function acrossTwo(line: Float32Array, { position, weight }: Table, out: Float32Array): void {
  for (let x = 0, k = 0; x < out.length; x++, k += 2)
    out[x] = f(line[position[k]!]! * weight[k]!) + f(line[position[k + 1]!]! * weight[k + 1]!);
}

function acrossFour(line: Float32Array, { position, weight }: Table, out: Float32Array): void {
  for (let x = 0, k = 0; x < out.length; x++, k += 4) {
    const first = f(f(line[position[k]!]! * weight[k]!) + f(line[position[k + 1]!]! * weight[k + 1]!));
    const third = f(line[position[k + 2]!]! * weight[k + 2]!);
    out[x] = f(first + third) + f(line[position[k + 3]!]! * weight[k + 3]!);
  }
}

/** Line y of the result from the two lines of the map about it. */
function downTwo(lines: Float32Array, { position, weight }: Table, y: number, out: Float32Array): void {
  const width = out.length;
  const p = position[2 * y]! * width;
  const q = position[2 * y + 1]! * width;
  const u = weight[2 * y]!;
  const v = weight[2 * y + 1]!;
  for (let x = 0; x < width; x++) out[x] = f(lines[p + x]! * u) + f(lines[q + x]! * v);
}

function downFour(lines: Float32Array, { position, weight }: Table, y: number, out: Float32Array): void {
  const width = out.length;
  const p = position[4 * y]! * width;
  const q = position[4 * y + 1]! * width;
  const r = position[4 * y + 2]! * width;
  const s = position[4 * y + 3]! * width;
  const t = weight[4 * y]!;
  const u = weight[4 * y + 1]!;
  const v = weight[4 * y + 2]!;
  const w = weight[4 * y + 3]!;
  for (let x = 0; x < width; x++) {
    const first = f(f(lines[p + x]! * t) + f(lines[q + x]! * u));
    out[x] = f(first + f(lines[r + x]! * v)) + f(lines[s + x]! * w);
  }
}
