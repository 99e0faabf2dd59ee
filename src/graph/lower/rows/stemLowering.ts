/**
 * The stem of a ResNet as one piece. Its maps are the largest of the network; one operation at a time it takes a quarter of a training
 * step. Two things make it cheap:
 *
 * - Max and an increasing function commute, so pooling comes before the affine map and the ReLU, which then run on a quarter of the
 *   pixels; the backward sums too, since only a window's maximum has a gradient. Channels with a negative gamma are turned
 *   around by the sign of their filter first: from then on gamma counts as |gamma|.
 * - ONNX Runtime's blocked convolution does the convolution from the picture itself and per-channel work in one pass.
 *
 * The map is kept as four phases (even and odd lines, even and odd columns): a pooling window is one pixel of the phase of the windows'
 * middles and its neighbours in the others, and nothing is ever interleaved.
 */
import type { Value } from '../../ir.js';
import { pictureFilters } from './blockedConvolution.js';
import { blockedDomain, type RowsContext, shapeOf } from './context.js';
import { blockedLayout, canonical, forEachPixel, phaseLength } from './geometry.js';
import { blockedAlgebra, type MapAlgebra } from './mapAlgebra.js';
import { dGammaFrom, inputCoefficients, inverseDeviation, varianceFrom } from './normalization.js';
import { weightGradByPictures } from './picturesAsChannels.js';
import type { StemValues } from './stem.js';

interface Size {
  readonly height: number;
  readonly width: number;
}

interface Phase extends Size {
  /** 0 for the lines, and columns, that the windows' middles lie on, otherwise 1. */
  readonly p: number;
  readonly q: number;
  /** The convolution's output there, channels turned so that pooling takes maxima. */
  readonly name: string;
  readonly algebra: MapAlgebra;
}

/** Of the pixels of a phase in a window along each axis: the only one or the first, 0, or the other one, 1. */
interface Place {
  readonly p: number;
  readonly q: number;
}

export class StemLowering {
  readonly #block: number;
  readonly #batch: number;
  readonly #channels: number;
  /** Pixels of the convolution's output, over the batch. */
  readonly #count: number;
  readonly #pooled: readonly [number, number];
  /** 0 where the windows' middles are even lines and columns, 1 where they are odd. */
  readonly #middle: 0 | 1;
  #forward?: ReturnType<StemLowering['makeForward']>;
  #backward?: ReturnType<StemLowering['makeBackward']>;

  constructor(
    private readonly values: StemValues,
    block: number,
  ) {
    const [batch, channels, height, width] = shapeOf(values.conv);
    this.#block = block;
    this.#batch = batch;
    this.#channels = channels;
    this.#count = batch * height * width;
    this.#pooled = [values.pool.shape[2]!, values.pool.shape[3]!];
    this.#middle = values.pool.attributes.padding[0] === 1 ? 0 : 1;
  }

  forward(c: RowsContext) {
    this.#forward ??= this.makeForward(c);
    return this.#forward;
  }
  backward(c: RowsContext, dPool: Value) {
    this.#backward ??= this.makeBackward(c, dPool);
    return this.#backward;
  }

  private total(c: RowsContext, terms: readonly string[]): string {
    return terms.reduce((a, b) => c.op('Add', [a, b]));
  }

  private makeForward(c: RowsContext) {
    const { norm } = this.values;
    const [gamma, beta] = [c.plain(norm.inputs[1]!), c.plain(norm.inputs[2]!)];
    // +1 where gamma >= 0, else -1.
    const isPositive = c.isNotNegative(gamma);
    const sign = c.op('Sub', [c.op('Mul', [isPositive, c.scalar(2)]), c.scalar(1)]);
    const phases = this.convolution(c, sign);

    const perPixel = c.scalar(1 / this.#count);
    const average = (of: (phase: Phase) => string) => c.op('Mul', [this.total(c, phases.map(of)), perPixel]);
    const mean = average(({ name, algebra }) => algebra.sum(name));
    const square = average(({ name, algebra }) => algebra.dot(name, name));
    const variance = varianceFrom(c, square, mean);
    const inverse = inverseDeviation(c, variance, norm.attributes.eps);
    const scale = c.op('Mul', [c.op('Abs', [gamma]), inverse]);
    const shift = c.op('Sub', [beta, c.op('Mul', [mean, scale])]);

    const maxima = phases.map(({ p, q, height, width, name }) => {
      if (!p && !q) return name;
      const [h, w] = this.#pooled;
      const pads = this.#middle ? [0, 0, p, q] : [p, q, p ? h - height : 0, q ? w - width : 0];
      return c.op('MaxPool', [name], { kernel_shape: [p + 1, q + 1], strides: [1, 1], pads }, blockedDomain);
    });
    const top = maxima.reduce((a, b) => c.op('Max', [a, b]));
    const pooling = blockedAlgebra(c, [this.#batch, this.#channels, ...this.#pooled]);
    // Statistics of the convolution itself, for the running ones, have the sign of the channel.
    const trueMean = c.op('Mul', [mean, sign]);
    const pooled = c.op('Relu', [pooling.affine(top, scale, shift)]);
    return { sign, phases, mean, trueMean, variance, inverse, scale, top, pooling, pooled };
  }

  /** The convolution, a phase at a time: each is a convolution of stride 4 with its own padding. */
  private convolution(c: RowsContext, sign: string): Phase[] {
    const { x, weight, conv } = this.values;
    const [, inChannels, height, width] = shapeOf(x);
    const [kh, kw] = weight.shape.slice(2) as [number, number];
    const turned = c.op('Mul', [c.taps(weight), sign]);
    const filters = pictureFilters(c, turned, { kernel: [kh, kw], channels: inChannels, filters: this.#channels });
    const [top, left] = conv.attributes.padding;
    const phases: Phase[] = [];
    for (let p = 0; p < 2; p++)
      for (let q = 0; q < 2; q++) {
        const [line, column] = [p ^ this.#middle, q ^ this.#middle];
        const [h, w] = [phaseLength(conv.shape[2]!, 2, line), phaseLength(conv.shape[3]!, 2, column)];
        const [t, l] = [top - 2 * line, left - 2 * column];
        const pads = [t, l, Math.max(0, (h - 1) * 4 + kh - height - t), Math.max(0, (w - 1) * 4 + kw - width - l)];
        const name = c.op('Conv', [c.plain(x), filters], { kernel_shape: [kh, kw], strides: [4, 4], pads }, blockedDomain);
        phases.push({ p, q, height: h, width: w, name, algebra: blockedAlgebra(c, [this.#batch, this.#channels, h, w]) });
      }
    return phases;
  }

  /** Of the windows, what each pixel of a phase finds at a place of the window it lies in. */
  private toPhase(c: RowsContext, name: string, place: Place, phase: Phase): string {
    return this.moved(c, name, place, this.#size, phase, this.#middle === 1);
  }

  /** Of a phase, what each window finds at a place of it. */
  private toWindows(c: RowsContext, name: string, place: Place, phase: Phase): string {
    return this.moved(c, name, place, phase, this.#size, this.#middle === 0);
  }

  get #size(): Size {
    return { height: this.#pooled[0], width: this.#pooled[1] };
  }

  /**
   * A map moved up by `p` lines and left by `q` columns (down and right when `back`), cut or padded with zeros to a size: a depthwise
   * convolution that picks one tap.
   */
  private moved(c: RowsContext, name: string, { p, q }: Place, from: Size, to: Size, back: boolean): string {
    if (!p && !q && from.height === to.height && from.width === to.width) return name;
    return c.once(`move ${name} ${p} ${q} ${back} ${to.height} ${to.width}`, () => {
      const tap = back ? 3 - (2 * p + q) : 2 * p + q;
      const isTap = (_: unknown, i: number) => Number(Math.floor(i / this.#block) % 4 === tap);
      const oneHot = () => Float32Array.from({ length: 4 * this.#channels }, isTap);
      const filter = c.matrix(`tap ${tap} of 4`, oneHot, [this.#channels, 1, 2, 2]);
      const [bottom, right] = [to.height - from.height + 1, to.width - from.width + 1];
      const pads = back ? [1, 1, bottom - 1, right - 1] : [0, 0, bottom, right];
      return c.op('Conv', [name, filter], { kernel_shape: [2, 2], group: this.#channels, pads }, blockedDomain);
    });
  }

  private makeBackward(c: RowsContext, dPool: Value) {
    const { sign, phases, mean, inverse, scale, top, pooling, pooled } = this.forward(c);
    const isPositive = c.isPositive(pooled);
    const g = c.op('Mul', [c.blocked(dPool).name, isPositive]);
    // Only maxima have a gradient and those of a window share it, so sums over the pooled map are sums over the whole.
    const beta = pooling.sum(g);
    const gamma = dGammaFrom(c, beta, pooling.dot(g, top), mean, inverse);
    const { k, l } = inputCoefficients(c, this.#count, { scale, inverse, mean, beta, gamma });

    // For every phase and place in the window, 1 where the pixel is its window's maximum: the difference is 0 there, negative elsewhere.
    const places = phases.map((phase) =>
      [0, 1, 2, 3]
        .map((i) => ({ p: i >> 1, q: i & 1 }))
        .filter(({ p, q }) => p <= phase.p && q <= phase.q)
        .map((place) => {
          const below = c.op('Sub', [phase.name, this.toPhase(c, top, place, phase)]);
          return { place, isMaximum: c.isNotNegative(below) };
        }),
    );
    const ties = phases.flatMap((phase, i) =>
      places[i]!.map(({ place, isMaximum }) => this.toWindows(c, isMaximum, place, phase)),
    );
    const shared = c.op('Div', [pooling.scale(g, scale), this.total(c, ties)]);
    const gradients = phases.map((phase, i) => {
      const shares = places[i]!.map(({ place, isMaximum }) => c.op('Mul', [isMaximum, this.toPhase(c, shared, place, phase)]));
      return phase.algebra.affine(phase.name, k, l, this.total(c, shares));
    });
    if (this.#batch % this.#block === 0) {
      const parts = gradients.map((dx, i) => this.partByPictures(c, phases[i]!, dx));
      const weight = c.op('Transpose', [this.total(c, parts)], { perm: [2, 3, 0, 1] });
      return { beta, gamma: c.op('Mul', [gamma, sign]), weight: c.op('Mul', [weight, sign]) };
    }
    const parts = gradients.map((dx, i) => this.weightPart(c, phases[i]!, dx));
    const [inChannels, kh, kw] = this.values.weight.shape.slice(1) as [number, number, number];
    const lines = c.reshape(this.total(c, parts), [kh, lineTaps(kw), inChannels, this.#channels]);
    const weight = c.op('Slice', [lines, c.builder.ints([0]), c.builder.ints([kw]), c.builder.ints([1])]);
    return { beta, gamma: c.op('Mul', [gamma, sign]), weight: c.op('Mul', [weight, sign]) };
  }

  /** The filters' gradient over one phase, [Ci, C, kh, kw]. */
  private partByPictures(c: RowsContext, { p, q, height, width }: Phase, name: string): string {
    const { x, weight, conv } = this.values;
    const [batch, groups, xHeight, xWidth] = shapeOf(x);
    const [kh, kw] = weight.shape.slice(2) as [number, number];
    const [top, left] = conv.attributes.padding;
    const [line, column] = [p ^ this.#middle, q ^ this.#middle];
    // All phases read the same columns, those of the second two further to the right.
    const right = 2 + kw + 4 * (phaseLength(conv.shape[3]!, 2, 0) - 1) - xWidth - left;
    const pictures = { name: c.plain(x), batch, groups, height: xHeight, width: xWidth, inner: 1 };
    const layout = blockedLayout([batch, this.#channels, height, width], this.#block);
    const taps = { lines: kh, stride: 4, top: top - 2 * line, left, right };
    const part = weightGradByPictures(c, pictures, { name, layout }, taps);
    const ints = (...values: number[]) => c.builder.ints(values);
    return c.op('Slice', [part, ints(0, 2 * column), ints(kh, 2 * column + kw), ints(2, 3)]);
  }

  /**
   * The filters' gradient over one phase: (taps of the picture)^T dx, [kh * lineTaps * Ci, C]. Pixels are gathered a kernel line at a
   * time from a table of overlapping lines, since short copies are slow.
   */
  private weightPart(c: RowsContext, phase: Phase, dx: string): string {
    const { x, weight, conv } = this.values;
    const [batch, inChannels, height, width] = shapeOf(x);
    const [kh, kw] = weight.shape.slice(2) as [number, number];
    const [top, left] = conv.attributes.padding;
    const [outHeight, outWidth] = conv.shape.slice(2) as [number, number];
    const perLine = lineTaps(kw) / 2;
    // Padded so that every window lies inside; columns are kept in pairs, the step of the convolution.
    const lines = (outHeight - 1) * 2 + kh;
    const pairs = outWidth - 1 + perLine;
    const table = c.once(`lines of ${c.plain(x)}`, () => {
      const pixels = c.op('Transpose', [c.plain(x)], { perm: [0, 2, 3, 1] });
      const pads = [0, top, left, 0, 0, lines - height - top, 2 * pairs - width - left, 0];
      const padded = c.reshape(c.op('Pad', [pixels, c.builder.ints(pads)]), [batch * lines * pairs, 2 * inChannels]);
      const index = c.index(`pairs ${batch} ${lines} ${pairs} ${outWidth} ${perLine}`, () => {
        const at = (i: number) =>
          Math.floor(i / (outWidth * perLine)) * pairs + (Math.floor(i / perLine) % outWidth) + (i % perLine);
        return Int32Array.from({ length: batch * lines * outWidth * perLine }, (_, i) => at(i));
      });
      return c.reshape(c.pick(padded, index), [batch * lines * outWidth, lineTaps(kw) * inChannels]);
    });
    const rows = canonical(batch, [phase.height, phase.width]);
    const [line, column] = [phase.p ^ this.#middle, phase.q ^ this.#middle];
    const index = c.index(`lines ${rows.key} ${line}${column} ${kh} ${lines} ${outWidth}`, () => {
      const values = new Int32Array(rows.rows * kh);
      forEachPixel(rows, (b, y, xx) => {
        for (let i = 0; i < kh; i++)
          values[rows.at(b, y, xx) * kh + i] = (b * lines + 2 * (2 * y + line) + i) * outWidth + 2 * xx + column;
      });
      return values;
    });
    const columns = c.reshape(c.pick(table, index), [rows.rows, kh * lineTaps(kw) * inChannels]);
    const blocks = blockedLayout([batch, this.#channels, phase.height, phase.width], this.#block);
    return c.product(columns, c.reorder({ name: dx, layout: blocks }, rows, this.#channels), { transA: true });
  }
}

/** Taps of a line of the kernel, rounded up to whole pairs of pixels. */
const lineTaps = (kw: number): number => 2 * Math.ceil(kw / 2);
