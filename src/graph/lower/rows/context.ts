/** The state of one lowering to rows: which forms of every value exist in the model, and how to get another. */
import type { Op, Value } from '../../ir.js';
import type { OnnxBuilder } from '../../onnx/builder.js';
import { nchwRules } from '../nchw/index.js';
import type { Blocked, Geometry, Layout } from './geometry.js';
import { blockedLayout, canonical, cellsPerPixel, isBlocked, reorderIndex } from './geometry.js';

/**
 * - `plain`: row-major in the logical shape, as every other lowering has it;
 * - `rows`: a feature map as [B * H * W, C], rows in the order of a geometry;
 * - `blocked`: a feature map in the layout of ONNX Runtime's blocked convolutions;
 * - `taps`: a rank-4 parameter (a filter bank [Co, Ci, kh, kw]) or its gradient as [kh, kw, Ci, Co].
 */
export type Form =
  | { readonly kind: 'plain'; readonly name: string }
  | { readonly kind: 'rows'; readonly name: string; readonly geometry: Geometry }
  | { readonly kind: 'blocked'; readonly name: string }
  | { readonly kind: 'taps'; readonly name: string };
/** A feature map in rows or blocks. */
export interface FeatureMap<L extends Layout = Layout> {
  readonly name: string;
  readonly layout: L;
}

export type Rows = Extract<Form, { kind: 'rows' }>;
/** Lowers one operation, or returns undefined to leave it to the plain rule. */
export type RowsRule<K extends Op> = (node: Value<K>, c: RowsContext) => Form | undefined;

/** Filter banks keep their taps first: one tap is then a matrix [Ci, Co]. */
export const tapsPermutation = [2, 3, 1, 0] as const;

/** Wide enough for the elementwise kernels to run at full speed. */
const wide = 2048;

export interface RowsOptions {
  /** Filters for 3 x 3 convolutions of stride 1: chosen by shape, or one for all. */
  readonly convolution: 'auto' | 'direct' | 'F2' | 'F4';
  /** Channels per block of ONNX Runtime's blocked convolutions on this machine; 0 where it has none. */
  readonly channelBlock: number;
  /** Weights are constants: transforming them costs nothing. */
  readonly inference: boolean;
}

export class RowsContext {
  private readonly forms = new Map<Value, Form[]>();
  private readonly memo = new Map<string, string>();

  constructor(
    readonly builder: OnnxBuilder,
    readonly options: RowsOptions,
    private readonly rule: (node: Value, c: RowsContext) => Form | undefined,
  ) {}

  set(value: Value, form: Form): void {
    const known = this.forms.get(value);
    if (known) known.push(form);
    else this.forms.set(value, [form]);
  }

  /** The form a value was first made in; lowers it now if it was not yet needed. */
  form(value: Value): Form {
    const known = this.forms.get(value);
    if (known) return known[0]!;
    const scope = this.builder.scope;
    this.builder.scope = value.label;
    const form = this.rule(value, this) ?? this.lowerPlain(value);
    this.builder.scope = scope;
    this.set(value, form);
    return form;
  }

  private lowerPlain<K extends Op>(value: Value<K>): Form {
    const inputs = value.inputs.map((v) => this.plain(v));
    return { kind: 'plain', name: nchwRules[value.op](value, inputs, this.builder) };
  }

  /** The value's form of a kind, if it exists. */
  private have<T extends Form['kind']>(value: Value, kind: T, key?: string) {
    this.form(value);
    return this.forms.get(value)!.find((f) => f.kind === kind && (key === undefined || (f as Rows).geometry.key === key)) as
      | Extract<Form, { kind: T }>
      | undefined;
  }

  plain(value: Value): string {
    const known = this.have(value, 'plain');
    if (known) return known.name;
    const form = this.form(value);
    let name: string;
    if (form.kind === 'taps') name = this.op('Transpose', [form.name], { perm: [3, 2, 0, 1] });
    else if (form.kind === 'blocked' && value.dtype === 'float32')
      name = this.op('ReorderOutput', [form.name], { channels: value.shape[1]! }, blockedDomain);
    else {
      const [batch, channels, height, width] = shapeOf(value);
      const { name: rows } = this.rows(value, canonical(batch, [height, width]));
      name = this.op('Transpose', [this.reshape(rows, [batch, height, width, channels])], { perm: [0, 3, 1, 2] });
    }
    this.set(value, { kind: 'plain', name });
    return name;
  }

  /** The value as rows; in a given order, or in the one it has. */
  rows(value: Value, wanted?: Geometry): Rows {
    const known = this.have(value, 'rows', wanted?.key);
    if (known) return known;
    const [batch, channels, height, width] = shapeOf(value);
    const geometry = wanted ?? canonical(batch, [height, width]);
    const form: Rows = { kind: 'rows', name: this.reorder(this.map(value), geometry, channels), geometry };
    this.set(value, form);
    return form;
  }

  /** The value in blocks; its channels must fill them. */
  blocked(value: Value): FeatureMap<Blocked> {
    const layout = blockedLayout(shapeOf(value), this.options.channelBlock);
    const known = this.have(value, 'blocked');
    if (known) return { name: known.name, layout };
    const name =
      this.form(value).kind === 'plain' && value.dtype === 'float32'
        ? this.op('ReorderInput', [this.plain(value)], {}, blockedDomain)
        : this.reorder(this.map(value), layout, value.shape[1]!);
    this.set(value, { kind: 'blocked', name });
    return { name, layout };
  }

  /** The value as a feature map in whatever layout it has; rows for one that was plain. */
  map(value: Value): FeatureMap {
    if (this.have(value, 'blocked')) return this.blocked(value);
    const rows = this.have(value, 'rows');
    if (rows) return { name: rows.name, layout: rows.geometry };
    const [batch, channels, height, width] = shapeOf(value);
    const layout = canonical(batch, [height, width]);
    const name = this.reshape(this.op('Transpose', [this.plain(value)], { perm: [0, 2, 3, 1] }), [layout.rows, channels]);
    this.set(value, { kind: 'rows', name, geometry: layout });
    return { name, layout };
  }

  /** The value in a given layout. */
  in(value: Value, layout: Layout): string {
    return isBlocked(layout) ? this.blocked(value).name : this.rows(value, layout).name;
  }

  /** A filter bank as [kh, kw, Ci, Co]. */
  taps(value: Value): string {
    const known = this.have(value, 'taps');
    if (known) return known.name;
    const name = this.op('Transpose', [this.plain(value)], { perm: [...tapsPermutation] });
    this.set(value, { kind: 'taps', name });
    return name;
  }

  op(type: string, inputs: readonly string[], attributes: Parameters<OnnxBuilder['op']>[2] = {}, domain = ''): string {
    return this.builder.op(type, inputs, attributes, { domain });
  }

  /** Made once per key, shared afterwards. */
  once(key: string, make: () => string): string {
    const name = this.memo.get(key) ?? make();
    this.memo.set(key, name);
    return name;
  }

  reshape(name: string, shape: readonly number[]): string {
    return this.op('Reshape', [name, this.builder.ints(shape)]);
  }
  product(a: string, b: string, { transA = false, transB = false } = {}): string {
    if (!transA && !transB) return this.op('MatMul', [a, b]);
    return this.op('FusedMatMul', [a, b], { transA: Number(transA), transB: Number(transB) }, 'com.microsoft');
  }
  matrix(key: string, data: () => Float32Array, shape: readonly number[]): string {
    return this.once(`matrix ${key} [${shape}]`, () => this.builder.constant(data(), shape));
  }
  index(key: string, data: () => Int32Array): string {
    return this.once(`index ${key}`, () => {
      const values = data();
      return this.builder.constant(values, [values.length]);
    });
  }
  /** Rows of a matrix picked by a constant index. */
  pick(name: string, index: string): string {
    return this.op('Gather', [name, index], { axis: 0 });
  }
  /** A map brought into another layout. */
  reorder({ name, layout: from }: FeatureMap, to: Layout, channels: number): string {
    if (from.key === to.key) return name;
    const cells = this.cells({ name, layout: from }, cellsPerPixel(from, to), channels);
    return this.shaped(
      this.pick(
        cells,
        this.index(`${from.key} -> ${to.key}`, () => reorderIndex(from, to)),
      ),
      to,
      channels,
    );
  }
  /** A map as a matrix of cells, [cells, channels / per]. */
  cells({ name, layout }: FeatureMap, per: number, channels: number): string {
    if (per === 1 && !isBlocked(layout)) return name;
    const { batch, height, width } = layout;
    return this.once(`cells ${name}`, () => this.reshape(name, [batch * height * width * per, channels / per]));
  }
  /** A matrix of cells as the map it is: [rows, C], or [B, C, H, W] for blocks. */
  shaped(name: string, layout: Layout, channels: number): string {
    const { batch, height, width } = layout;
    return this.reshape(name, isBlocked(layout) ? [batch, channels, height, width] : [batch * height * width, channels]);
  }
  /** The matrix with one more row at the end, which indices outside the pictures point to. */
  withRow(name: string, channels: number, value = 0): string {
    return this.once(`row ${value} ${name}`, () => {
      const row = this.matrix(`${value} x ${channels}`, () => new Float32Array(channels).fill(value), [1, channels]);
      return this.op('Concat', [name, row], { axis: 0 });
    });
  }
  /**
   * Folds [N, C] to [N / r, r * C] and repeats per-channel vectors r times: the elementwise kernels broadcast a row of about 2048
   * values 3.5 times as fast as one of 64.
   */
  widened(
    rows: number,
    channels: number,
  ): { matrix(name: string): string; vector(name: string): string; back(name: string): string } {
    let r = 1;
    while (channels * r < wide && rows % (r * 2) === 0) r *= 2;
    if (r === 1) return { matrix: (n) => n, vector: (n) => n, back: (n) => n };
    return {
      matrix: (n) => this.once(`widened ${n}`, () => this.reshape(n, [rows / r, r * channels])),
      vector: (n) => this.reshape(this.op('Expand', [n, this.builder.ints([r, channels])]), [r * channels]),
      back: (n) => this.reshape(n, [rows, channels]),
    };
  }

  /**
   * 1 where x > 0 (or x >= 0), else 0: a HardSigmoid with an enormous slope, in one fast pass where a comparison and a cast from bool are
   * slow. Of x - max(x) the second is 1 at the maxima.
   */
  isPositive(x: string): string {
    return this.op('HardSigmoid', [x], { alpha: { float: 1e30 }, beta: { float: 0 } });
  }
  isNotNegative(x: string): string {
    return this.op('HardSigmoid', [x], { alpha: { float: 1e30 }, beta: { float: 1 } });
  }

  scalar(x: number): string {
    return this.builder.scalar(x);
  }
}

export const blockedDomain = 'com.microsoft.nchwc';
export const shapeOf = (value: Value) => value.shape as [batch: number, channels: number, height: number, width: number];
