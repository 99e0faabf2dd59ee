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
import { blockedLayout, phaseLength } from './geometry.js';
import { blockedAlgebra, type MapAlgebra } from './mapAlgebra.js';
import { dGammaFrom, inputCoefficients, inverseDeviation, varianceFrom } from './normalization.js';
import type { StemValues } from './stem.js';
import { type PhaseGradient, stemWeightGrad } from './stemWeightGrad.js';

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
    const gradients = phases.map((phase, i): PhaseGradient => {
      const shares = places[i]!.map(({ place, isMaximum }) => c.op('Mul', [isMaximum, this.toPhase(c, shared, place, phase)]));
      const { p, q, height, width } = phase;
      return {
        name: phase.algebra.affine(phase.name, k, l, this.total(c, shares)),
        layout: blockedLayout([this.#batch, this.#channels, height, width], this.#block),
        line: p ^ this.#middle,
        column: q ^ this.#middle,
      };
    });
    const weight = stemWeightGrad(c, this.values, gradients);
    return { beta, gamma: c.op('Mul', [gamma, sign]), weight: c.op('Mul', [weight, sign]) };
  }
}
