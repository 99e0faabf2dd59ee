/** The shape of one convolution layer, shared by all the ways to compute it. */
import type { ConvAttributes, Pair, Value } from '../../ir.js';
import { shapeOf } from './context.js';
import { phaseLength } from './geometry.js';

export interface Layer extends ConvAttributes {
  readonly kernel: Pair;
  readonly batch: number;
  readonly channels: number;
  readonly filters: number;
  readonly input: Pair;
  readonly output: Pair;
}

/** The layer behind a convolution or one of its gradients, from the shapes of its three tensors. */
export function layerOf(a: ConvAttributes, x: Value, weight: Value, y: Value): Layer {
  const [batch, channels, ...input] = shapeOf(x);
  const [filters, , ...kernel] = shapeOf(weight);
  const { stride, padding, dilation, groups } = a;
  return { stride, padding, dilation, groups, kernel, batch, channels, filters, input, output: [y.shape[2]!, y.shape[3]!] };
}

/** Every value is n. */
export const all = (values: readonly number[], n: number): boolean => values.every((v) => v === n);
/** 3 x 3 with a border of one, neither strided nor dilated: the layers that Winograd's filters compute. */
export const isPlain3x3 = (l: Layer): boolean => all(l.kernel, 3) && all([...l.stride, ...l.dilation, ...l.padding], 1);

/** Names everything but the picture's size. */
export const layerKey = (l: Layer) => `k${l.kernel} s${l.stride} p${l.padding} d${l.dilation}`;
export const isPointwise = (l: Layer) => all(l.kernel, 1) && all(l.padding, 0);

/** Taps of one axis that reach the pixels of a residue class modulo the stride. */
export const tapsReaching = (l: Layer, axis: 0 | 1, remainder: number): number[] =>
  Array.from({ length: l.kernel[axis] }, (_, i) => i).filter(
    (i) => (remainder + l.padding[axis]! - i * l.dilation[axis]) % l.stride[axis] === 0,
  );

/** The residue classes of an input modulo the stride, in the order of `phased`. */
export function phasesOf(l: Layer): { p: number; q: number; height: number; width: number }[] {
  const [sh, sw] = l.stride;
  return Array.from({ length: sh * sw }, (_, i) => [Math.floor(i / sw), i % sw] as const)
    .map(([p, q]) => ({ p, q, height: phaseLength(l.input[0], sh, p), width: phaseLength(l.input[1], sw, q) }))
    .filter(({ height, width }) => height > 0 && width > 0);
}
