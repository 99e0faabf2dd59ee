/**
 * What a blocked convolution can do while it writes its output: add a bias, add another map, clip at zero. Found in a graph before
 * lowering, so that relu(conv(x) + bias + shortcut) is one operation.
 */
import { sameShape } from '../../../tensor.js';
import { type Graph, isOp, type Value } from '../../ir.js';
import { usesOf } from '../fold.js';

export interface Epilogue {
  readonly convolution: Value<'conv2d'>;
  readonly bias?: Value;
  readonly plus?: Value;
  readonly relu: boolean;
}

/** The epilogues of a graph by the value they make; what lies between it and the convolution has no other reader. */
export function findEpilogues(graph: Graph, values: readonly Value[]): Map<Value, Epilogue> {
  const uses = usesOf(graph);
  const inner = (v: Value | undefined): v is Value => v !== undefined && uses.get(v) === 1;

  const biased = (v: Value): Omit<Epilogue, 'relu' | 'plus'> | undefined => {
    if (isOp(v, 'conv2d')) return { convolution: v };
    if (!isOp(v, 'bias') || v.attributes.axis !== 1) return undefined;
    const convolution = v.inputs[0]!;
    return inner(convolution) && isOp(convolution, 'conv2d') ? { convolution, bias: v.inputs[1]! } : undefined;
  };
  const summed = (v: Value): Omit<Epilogue, 'relu'> | undefined => {
    if (v.op !== 'add') return biased(v);
    for (const [own, plus] of [v.inputs, v.inputs.toReversed()] as [Value, Value][]) {
      const found = inner(own) && sameShape(own.shape, plus.shape) && own !== plus ? biased(own) : undefined;
      if (found) return { ...found, plus };
    }
    return undefined;
  };

  const found = new Map<Value, Epilogue>();
  for (const v of values) {
    const before = v.op === 'relu' && inner(v.inputs[0]) ? summed(v.inputs[0]!) : undefined;
    const epilogue = before ? { ...before, relu: true } : { ...summed(v), relu: false };
    if (epilogue.convolution && epilogue.convolution !== v) found.set(v, epilogue as Epilogue);
  }
  return found;
}
