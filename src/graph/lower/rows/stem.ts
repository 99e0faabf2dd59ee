/**
 * Finds the stems of ResNets in a graph - convolution of stride 2 on a picture, batch normalization, ReLU, max pool 3 / 2, and the
 * gradients of all that - which are lowered as one piece, see stemLowering.ts.
 */
import { isOp, type Value } from '../../ir.js';
import type { Form, RowsContext } from './context.js';
import { all } from './layer.js';
import { StemLowering } from './stemLowering.js';

/** The values of a stem's forward pass. */
export interface StemValues {
  readonly x: Value;
  readonly weight: Value;
  readonly conv: Value<'conv2d'>;
  readonly norm: Value<'batchNorm'>;
  readonly relu: Value;
  readonly pool: Value<'maxPool2d'>;
}

/** How to make the values a stem gives to others, and those that it makes unnecessary. */
export interface Stem {
  readonly makes: ReadonlyMap<Value, (c: RowsContext) => Form>;
  readonly absorbs: ReadonlySet<Value>;
}

type UsersOf = (v: Value) => readonly Value[];

/** The stems of a graph; one that anything else looks into is left to the ordinary rules. */
export function findStems(values: readonly Value[], outputs: ReadonlySet<Value>, channelBlock: number): Stem[] {
  if (!channelBlock) return [];
  const users = new Map<Value, Value[]>();
  for (const v of values)
    for (const x of v.inputs) {
      const list = users.get(x);
      if (list) list.push(v);
      else users.set(x, [v]);
    }
  const usersOf: UsersOf = (v) => users.get(v) ?? [];
  return values.flatMap((pool) => {
    const match = forwardOf(pool, channelBlock);
    const stem = match && adopt(match, usersOf, channelBlock);
    if (!stem) return [];
    const known = (v: Value) => stem.makes.has(v) || stem.absorbs.has(v);
    return [...stem.absorbs].every((v) => !outputs.has(v) && usersOf(v).every(known)) ? [stem] : [];
  });
}

function forwardOf(pool: Value, block: number): StemValues | undefined {
  if (!isOp(pool, 'maxPool2d')) return undefined;
  const relu = pool.inputs[0]!;
  const norm = relu.inputs[0];
  const conv = norm?.inputs[0];
  if (relu.op !== 'relu' || !norm || !isOp(norm, 'batchNorm') || !conv || !isOp(conv, 'conv2d')) return undefined;
  const [x, weight] = conv.inputs as [Value, Value];
  const { stride, dilation, padding, groups } = conv.attributes;
  const isWindow = all(pool.attributes.kernel, 3) && all(pool.attributes.stride, 2);
  // Windows about even pixels; or about odd ones, where a `centred` network has moved them.
  const isMoved = pool.attributes.padding.join() === '0,0,1,1' && conv.shape[2]! % 2 === 0 && conv.shape[3]! % 2 === 0;
  const isPool = isWindow && (all(pool.attributes.padding, 1) || isMoved);
  const isStem = all(stride, 2) && all(dilation, 1) && groups === 1 && padding.every((p) => p >= 2);
  const fits = x.shape[1]! < block && conv.shape[1]! % block === 0;
  const isLarge = conv.shape[2]! >= 4 && conv.shape[3]! >= 4;
  return isPool && isStem && fits && isLarge ? { x, weight, conv, norm, relu, pool } : undefined;
}

/** Decides what becomes of every value in reach; undefined when the gradient is not of the form that the rules of `gradient.ts` give. */
function adopt(match: StemValues, usersOf: UsersOf, channelBlock: number): Stem | undefined {
  const { x, conv, norm, relu, pool } = match;
  const lowering = new StemLowering(match, channelBlock);
  const makes = new Map<Value, (c: RowsContext) => Form>([
    [pool, (c) => ({ kind: 'blocked', name: lowering.forward(c).pooled })],
  ]);
  const absorbs = new Set<Value>([conv, norm, relu]);
  const vector = (v: Value, name: (c: RowsContext) => string) => makes.set(v, (c) => ({ kind: 'plain', name: name(c) }));
  for (const v of usersOf(conv)) {
    if (v.op === 'batchMean') vector(v, (c) => lowering.forward(c).trueMean);
    if (v.op === 'batchVariance') vector(v, (c) => lowering.forward(c).variance);
  }
  const poolGrad = usersOf(relu).find((v) => v.op === 'maxPool2dGrad');
  if (!poolGrad) return { makes, absorbs };

  // maxPool2dGrad -> * step(relu) -> dbeta, dgamma, batchNormInputGrad -> conv2dWeightGrad
  const [, maxima, dPool] = poolGrad.inputs as [Value, Value, Value];
  const step = usersOf(relu).find((v) => v.op === 'step');
  const masked = step && usersOf(poolGrad).find((v) => v.op === 'mul' && v.inputs.includes(step));
  if (!masked || maxima !== pool) return undefined;
  for (const v of [poolGrad, step, masked]) absorbs.add(v);
  for (const v of usersOf(masked)) {
    if (isOp(v, 'sum') && v.attributes.axes.join() === '0,2,3' && !v.attributes.keepDims)
      vector(v, (c) => lowering.backward(c, dPool).beta);
    if (v.op === 'batchNormScaleGrad' && v.inputs[0] === conv) vector(v, (c) => lowering.backward(c, dPool).gamma);
    if (v.op === 'batchNormInputGrad' && v.inputs[0] === conv && v.inputs[1] === norm.inputs[1]) {
      absorbs.add(v);
      const weightGrad = usersOf(v).find((w) => w.op === 'conv2dWeightGrad' && w.inputs[0] === x);
      if (!weightGrad) return undefined;
      makes.set(weightGrad, (c) => ({ kind: 'taps', name: lowering.backward(c, dPool).weight }));
    }
  }
  return { makes, absorbs };
}
