/** Momentum copies of encoders, whose weights follow the trained ones slowly (He et al., "Momentum Contrast", 2020, eq. 2). */
import type { Value } from '../graph/ir.js';
import { add, mul, sub } from '../graph/ops.js';
import { GraphError } from '../graph/shape.js';
import type { Parameter, Scope } from '../nn/scope.js';

export interface MomentumCopyOptions {
  /** The path of the trained part, e.g. `vision`. */
  online: string;
  /** The path of the part that follows it, built with `scope.child(target, { trainable: false })`. */
  target: string;
  /** m, near 1; a number or a scalar value that is fed at every step. */
  momentum: number | Value;
}

/**
 * After every step target <- m target + (1 - m) online for each trained weight, with the weights the optimizer has just made; both
 * start equal. Running statistics are the target's own. Call it when both parts are built. Throws GraphError when nothing is below
 * `online`, or its counterpart below `target` is missing, trainable or of another shape.
 */
export function momentumCopy(scope: Scope, { online, target, momentum }: MomentumCopyOptions): void {
  const followed = [...scope.parameters.values()].filter(
    ({ attributes: { name, trainable } }) => trainable && name.startsWith(`${online}.`),
  );
  if (!followed.length) throw new GraphError(`momentumCopy: no trained parameter is below '${online}'`);
  const rest = typeof momentum === 'number' ? 1 - momentum : sub(1, momentum);
  for (const source of followed) {
    const name = target + source.attributes.name.slice(online.length);
    const copy = scope.parameters.get(name);
    if (!copy) throw new GraphError(`momentumCopy: '${name}' is missing: '${target}' must be built like '${online}'`);
    if (copy.shape.join() !== source.shape.join())
      throw new GraphError(`momentumCopy: '${name}' [${copy.shape}] cannot follow '${source.attributes.name}' [${source.shape}]`);
    scope.assign(copy, (next: (parameter: Parameter) => Value) => add(mul(copy, momentum), mul(next(source), rest)));
    scope.startAs(copy, source);
  }
}
