/**
 * The stem of a ResNet - convolution of stride 2 on a picture, batch normalization, ReLU, max pool 3 / 2 - as one piece. Its maps are
 * the largest of the network; lowered one operation at a time it takes a quarter of a training step. Two things make it cheap:
 *
 * - Max and an increasing function commute, so pooling comes before the affine map and the ReLU, which then run on a quarter of the
 *   pixels; the backward sums too, since only a window's maximum has a gradient. Channels with a negative gamma are turned
 *   around by the sign of their filter first.
 * - ONNX Runtime's blocked convolution (what its optimizer makes of `Conv` with constant weights) does the convolution from the
 *   picture itself, per-channel sums as a depthwise convolution with the map as its own filter, and affine maps in one pass.
 *
 * The map is kept as four phases (even and odd lines, even and odd columns): a pooling window is one pixel of the even-even phase
 * and its neighbours in the others, and nothing is ever interleaved. Blocked maps are [B, C / block, H, W, block] in memory.
 */
import type { Value } from '../../ir.js';
import { isOp } from '../../ir.js';
import { pictureFilters } from './blockedConvolution.js';
import { blockedDomain, type Form, type RowsContext } from './context.js';
import { blockedLayout, canonical, forEachPixel, phaseLength } from './geometry.js';
import { inverseDeviation } from './normalization.js';

interface Match {
  readonly x: Value;
  readonly weight: Value;
  readonly conv: Value<'conv2d'>;
  readonly norm: Value<'batchNorm'>;
  readonly relu: Value;
  readonly pool: Value;
}

interface Phase {
  readonly p: number;
  readonly q: number;
  readonly height: number;
  readonly width: number;
  /** The convolution's output there, channels turned so that pooling takes maxima. */
  readonly name: string;
}

/** Values made by a stem, and those it makes unnecessary. */
export interface Stem {
  readonly makes: ReadonlyMap<Value, (c: RowsContext) => Form>;
  readonly absorbs: ReadonlySet<Value>;
}

/** The stems of a graph, forward and backward; a stem that anything else looks into is left to the ordinary rules. */
export function findStems(values: readonly Value[], outputs: ReadonlySet<Value>, channelBlock: number): Stem[] {
  if (!channelBlock) return [];
  const users = new Map<Value, Value[]>();
  for (const v of values)
    for (const x of v.inputs) {
      const list = users.get(x);
      if (list) list.push(v);
      else users.set(x, [v]);
    }
  return values.flatMap((pool) => {
    const match = matchStem(pool, channelBlock);
    if (!match) return [];
    const stem = new StemLowering(match, channelBlock);
    return stem.adopt(users, outputs) ? [stem] : [];
  });
}

function matchStem(pool: Value, block: number): Match | undefined {
  if (!isOp(pool, 'maxPool2d')) return undefined;
  const { kernel, stride, padding } = pool.attributes;
  const relu = pool.inputs[0]!;
  const norm = relu.inputs[0];
  const conv = norm?.inputs[0];
  if (relu.op !== 'relu' || !norm || !isOp(norm, 'batchNorm') || !conv || !isOp(conv, 'conv2d')) return undefined;
  const [x, weight] = conv.inputs as [Value, Value];
  const a = conv.attributes;
  const isPool = [...kernel].every((k) => k === 3) && [...stride].every((s) => s === 2) && padding.every((p) => p === 1);
  const isStem = a.groups === 1 && [...a.dilation].every((d) => d === 1) && [...a.stride].every((s) => s === 2);
  const fits = x.op === 'input' && x.shape[1]! < block && conv.shape[1]! % block === 0 && a.padding.every((p) => p >= 2);
  const large = conv.shape[2]! >= 4 && conv.shape[3]! >= 4;
  return isPool && isStem && fits && large ? { x, weight, conv, norm, relu, pool } : undefined;
}

class StemLowering implements Stem {
  readonly makes = new Map<Value, (c: RowsContext) => Form>();
  readonly absorbs = new Set<Value>();
  readonly #m: Match;
  readonly #block: number;
  readonly #batch: number;
  readonly #channels: number;
  /** Pixels of the convolution's output, over the batch. */
  readonly #count: number;
  readonly #pooled: readonly [number, number];
  #forward?: ReturnType<StemLowering['forward']>;
  #backward?: ReturnType<StemLowering['backward']>;

  constructor(match: Match, block: number) {
    this.#m = match;
    this.#block = block;
    const [batch, channels, height, width] = match.conv.shape as [number, number, number, number];
    this.#batch = batch;
    this.#channels = channels;
    this.#count = batch * height * width;
    this.#pooled = [match.pool.shape[2]!, match.pool.shape[3]!];
  }

  /** Decides what becomes of every value in reach; false when some value inside is wanted by others. */
  adopt(users: ReadonlyMap<Value, readonly Value[]>, outputs: ReadonlySet<Value>): boolean {
    const { x, conv, norm, relu, pool } = this.#m;
    const usersOf = (v: Value) => users.get(v) ?? [];
    this.makes.set(pool, (c) => ({ kind: 'blocked', name: this.fwd(c).pooled }));
    for (const v of [conv, norm, relu]) this.absorbs.add(v);
    for (const v of usersOf(conv))
      if (v.op === 'batchMean') this.makes.set(v, (c) => plain(this.fwd(c).trueMean));
      else if (v.op === 'batchVariance') this.makes.set(v, (c) => plain(this.fwd(c).variance));
    const poolGrad = usersOf(relu).find((v) => v.op === 'maxPool2dGrad');
    if (poolGrad) {
      const step = usersOf(relu).find((v) => v.op === 'step');
      const masked = step && usersOf(poolGrad).find((v) => v.op === 'mul' && v.inputs.includes(step));
      if (!masked || poolGrad.inputs[1] !== pool) return false;
      const dPool = poolGrad.inputs[2]!;
      for (const v of [poolGrad, step, masked]) this.absorbs.add(v);
      for (const v of usersOf(masked)) {
        if (v.op === 'sum') this.makes.set(v, (c) => plain(this.bwd(c, dPool).beta));
        if (v.op === 'batchNormScaleGrad') this.makes.set(v, (c) => plain(this.bwd(c, dPool).gamma));
        if (v.op === 'batchNormInputGrad') {
          this.absorbs.add(v);
          const weightGrad = usersOf(v).find((w) => w.op === 'conv2dWeightGrad' && w.inputs[0] === x);
          if (!weightGrad) return false;
          this.makes.set(weightGrad, (c) => ({ kind: 'taps', name: this.bwd(c, dPool).weight }));
        }
      }
    }
    const known = (v: Value) => this.makes.has(v) || this.absorbs.has(v);
    return [...this.absorbs].every((v) => !outputs.has(v) && usersOf(v).every(known));
  }

  private fwd(c: RowsContext) {
    this.#forward ??= this.forward(c);
    return this.#forward;
  }
  private bwd(c: RowsContext, dPool: Value) {
    this.#backward ??= this.backward(c, dPool);
    return this.#backward;
  }

  private perChannel(c: RowsContext, vector: string) {
    return c.reshape(vector, [this.#channels, 1, 1, 1]);
  }

  private forward(c: RowsContext) {
    const { x, weight, conv, norm } = this.#m;
    const [gamma, beta] = [c.plain(norm.inputs[1]!), c.plain(norm.inputs[2]!)];
    const [, inChannels, height, width] = x.shape as [number, number, number, number];
    const [kh, kw] = weight.shape.slice(2) as [number, number];
    const channels = this.#channels;
    // +1 where gamma >= 0, else -1.
    const isPositive = c.op('HardSigmoid', [gamma], { alpha: { float: 1e30 }, beta: { float: 1 } });
    const sign = c.op('Sub', [c.op('Mul', [isPositive, c.scalar(2)]), c.scalar(1)]);
    const turned = c.op('Mul', [c.taps(weight), sign]);
    const filters = pictureFilters(c, turned, { kernel: [kh, kw], channels: inChannels, filters: channels });

    const [top, left] = conv.attributes.padding;
    const phases: Phase[] = [];
    for (let p = 0; p < 2; p++)
      for (let q = 0; q < 2; q++) {
        const [h, w] = [phaseLength(conv.shape[2]!, 2, p), phaseLength(conv.shape[3]!, 2, q)];
        const [t, l] = [top - 2 * p, left - 2 * q];
        const pads = [t, l, Math.max(0, (h - 1) * 4 + kh - height - t), Math.max(0, (w - 1) * 4 + kw - width - l)];
        const name = c.op('Conv', [c.plain(x), filters], { kernel_shape: [kh, kw], strides: [4, 4], pads }, blockedDomain);
        phases.push({ p, q, height: h, width: w, name });
      }

    const sums = (of: (phase: Phase) => string, weightOf: (phase: Phase) => number) => {
      const each = c.op('Concat', phases.map((phase) => c.reshape(of(phase), [this.#batch, channels])), { axis: 0 });
      const weights = Float32Array.from(phases.flatMap((phase) => new Array<number>(this.#batch).fill(weightOf(phase))));
      return c.reshape(c.product(c.builder.constant(weights, [1, weights.length]), each), [channels]);
    };
    const mean = sums(
      ({ name }) => c.op('GlobalAveragePool', [name], {}, blockedDomain),
      (phase) => (phase.height * phase.width) / this.#count,
    );
    const square = sums(
      (phase) => this.dot(c, phase.name, phase.name, phase.height, phase.width),
      () => 1 / this.#count,
    );
    const variance = c.op('Relu', [c.op('Sub', [square, c.op('Mul', [mean, mean])])]);
    const inverse = inverseDeviation(c, variance, norm.attributes.eps);
    const scale = c.op('Mul', [c.op('Abs', [gamma]), inverse]);
    const shift = c.op('Sub', [beta, c.op('Mul', [mean, scale])]);

    const maxima = phases.map(({ p, q, height: h, width: w, name }) => {
      if (!p && !q) return name;
      const [ph, pw] = this.#pooled;
      return c.op('MaxPool', [name], { kernel_shape: [p + 1, q + 1], strides: [1, 1], pads: [p, q, p ? ph - h : 0, q ? pw - w : 0] }, blockedDomain);
    });
    const top4 = maxima.reduce((a, b) => c.op('Max', [a, b]));
    const pooled = this.affine(c, top4, scale, shift, 'Relu');
    return { sign, phases, mean, trueMean: c.op('Mul', [mean, sign]), variance, inverse, scale, top: top4, pooled };
  }

  /** Sum of a * b per picture and channel: a depthwise convolution of one map with the other as its filter. [1, B * C, 1, 1] */
  private dot(c: RowsContext, a: string, b: string, height: number, width: number): string {
    const groups = this.#batch * this.#channels;
    const filter = c.reshape(b, [groups, 1, height, width]);
    return c.op('Conv', [c.reshape(a, [1, groups, height, width]), filter], { kernel_shape: [height, width], group: groups }, blockedDomain);
  }

  /** scale * x + shift (+ sum) in one pass. */
  private affine(c: RowsContext, x: string, scale: string, shift: string, activation?: 'Relu', sum?: string): string {
    const attributes = { kernel_shape: [1, 1], group: this.#channels, ...(activation && { activation }) };
    return c.op('Conv', [x, this.perChannel(c, scale), shift, ...(sum ? [sum] : [])], attributes, blockedDomain);
  }

  /** A pooled map moved up by `p` lines and left by `q` columns, cut to a phase's size. */
  private shifted(c: RowsContext, name: string, p: number, q: number, { height, width }: Phase): string {
    const [h, w] = this.#pooled;
    if (!p && !q && h === height && w === width) return name;
    return c.once(`shift ${name} ${p} ${q} ${height} ${width}`, () => {
      const oneHot = Float32Array.from({ length: 4 * this.#channels }, (_, i) => Number(Math.floor(i / this.#block) % 4 === 2 * p + q));
      const filter = c.matrix(`shift ${p} ${q} ${this.#channels}`, () => oneHot, [this.#channels, 1, 2, 2]);
      const pads = [0, 0, height + 1 - h, width + 1 - w];
      return c.op('Conv', [name, filter], { kernel_shape: [2, 2], group: this.#channels, pads }, blockedDomain);
    });
  }

  private backward(c: RowsContext, dPool: Value) {
    const { sign, phases, mean, inverse, scale, top, pooled } = this.fwd(c);
    const [h, w] = this.#pooled;
    const channels = this.#channels;
    const isPositive = c.op('HardSigmoid', [pooled], { alpha: { float: 1e30 }, beta: { float: 0 } });
    const g = c.op('Mul', [c.blocked(dPool).name, isPositive]);
    const total = (name: string, factor: number) => {
      const weights = c.matrix(`${factor} x ${this.#batch}`, () => new Float32Array(this.#batch).fill(factor), [1, this.#batch]);
      return c.reshape(c.product(weights, c.reshape(name, [this.#batch, channels])), [channels]);
    };
    const beta = total(c.op('GlobalAveragePool', [g], {}, blockedDomain), h * w);
    const dot = total(this.dot(c, g, top, h, w), 1);
    // With respect to |gamma|; gamma's own gradient has the sign of the channel.
    const gamma = c.op('Mul', [inverse, c.op('Sub', [dot, c.op('Mul', [mean, beta])])]);
    const perPixel = c.op('Mul', [scale, c.scalar(-1 / this.#count)]);
    const k = c.op('Mul', [c.op('Mul', [perPixel, inverse]), gamma]);
    const l = c.op('Sub', [c.op('Mul', [perPixel, beta]), c.op('Mul', [k, mean])]);
    const scaled = c.op('Conv', [g, this.perChannel(c, scale)], { kernel_shape: [1, 1], group: channels }, blockedDomain);

    const parts = phases.map((phase) => {
      const shares: string[] = [];
      for (let p = 0; p <= phase.p; p++)
        for (let q = 0; q <= phase.q; q++) {
          const below = c.op('Sub', [phase.name, this.shifted(c, top, p, q, phase)]);
          const isMaximum = c.op('HardSigmoid', [below], { alpha: { float: 1e30 }, beta: { float: 1 } });
          shares.push(c.op('Mul', [isMaximum, this.shifted(c, scaled, p, q, phase)]));
        }
      const dx = this.affine(c, phase.name, k, l, undefined, shares.reduce((a, b) => c.op('Add', [a, b])));
      return this.weightPart(c, phase, dx);
    });
    const [inChannels, kh, kw] = this.#m.weight.shape.slice(1) as [number, number, number];
    const kept = c.op('Slice', [c.reshape(parts.reduce((a, b) => c.op('Add', [a, b])), [kh, this.lineTaps(kw), inChannels, channels]), c.builder.ints([0]), c.builder.ints([kw]), c.builder.ints([1])]);
    return { beta, gamma: c.op('Mul', [gamma, sign]), weight: c.op('Mul', [kept, sign]) };
  }

  /** Taps of a line of the kernel, rounded up to whole pairs of pixels. */
  private lineTaps(kw: number): number {
    return 2 * Math.ceil(kw / 2);
  }

  /**
   * The filters' gradient over one phase: (taps of the picture)^T dx, [kh * lineTaps * Ci, C]. Pixels are gathered a kernel line at a
   * time from a table of overlapping lines, since short copies are slow.
   */
  private weightPart(c: RowsContext, phase: Phase, dx: string): string {
    const { x, weight, conv } = this.#m;
    const [batch, inChannels, height, width] = x.shape as [number, number, number, number];
    const [kh, kw] = weight.shape.slice(2) as [number, number];
    const [top, left] = conv.attributes.padding;
    const [outHeight, outWidth] = conv.shape.slice(2) as [number, number];
    const line = this.lineTaps(kw) * inChannels;
    // Padded so that every window lies inside: lines (outHeight - 1) * 2 + kh, columns 2 * (outWidth + lineTaps / 2 - 1).
    const lines = (outHeight - 1) * 2 + kh;
    const pairs = outWidth - 1 + this.lineTaps(kw) / 2;
    const table = c.once(`lines of ${c.plain(x)}`, () => {
      const pixels = c.op('Transpose', [c.plain(x)], { perm: [0, 2, 3, 1] });
      const pads = [0, top, left, 0, 0, lines - height - top, 2 * pairs - width - left, 0];
      const padded = c.reshape(c.op('Pad', [pixels, c.builder.ints(pads)]), [batch * lines * pairs, 2 * inChannels]);
      const perLine = this.lineTaps(kw) / 2;
      const index = c.index(`pairs ${batch} ${lines} ${pairs} ${outWidth} ${perLine}`, () => {
        const at = (i: number) => Math.floor(i / (outWidth * perLine)) * pairs + (Math.floor(i / perLine) % outWidth) + (i % perLine);
        return Int32Array.from({ length: batch * lines * outWidth * perLine }, (_, i) => at(i));
      });
      return c.reshape(c.pick(padded, index), [batch * lines * outWidth, line]);
    });
    const g = canonical(batch, [phase.height, phase.width]);
    const index = c.index(`lines ${g.key} ${phase.p}${phase.q} ${kh} ${lines} ${outWidth}`, () => {
      const values = new Int32Array(g.rows * kh);
      forEachPixel(g, (b, y, xx) => {
        for (let i = 0; i < kh; i++)
          values[g.at(b, y, xx) * kh + i] = (b * lines + 2 * (2 * y + phase.p) + i) * outWidth + 2 * xx + phase.q;
      });
      return values;
    });
    const columns = c.reshape(c.pick(table, index), [g.rows, kh * line]);
    const blocks = blockedLayout([batch, this.#channels, phase.height, phase.width], this.#block);
    return c.product(columns, c.reorder({ name: dx, layout: blocks }, g, this.#channels), { transA: true });
  }
}

const plain = (name: string): Form => ({ kind: 'plain', name });
