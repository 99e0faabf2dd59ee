/** What a step computes: the views of a micro-batch through the encoders, and the loss of all that they make. */

import { shapeOf } from '../datasets/loader/views.js';
import type { Value } from '../graph/ir.js';
import * as ops from '../graph/ops.js';
import { methods, type Named } from '../methods/index.js';
import { Scope } from '../nn/scope.js';
import type { TrainConfig } from './config.js';
import { loaderViews, type ViewPlan, viewName } from './views.js';

export interface Network {
  scope: Scope;
  /** By `<view>.<what>`, each [b, ...]: what the loss compares. */
  outputs: Readonly<Record<string, Value>>;
}

type Side = keyof ViewPlan;

/** The encoders on `batch` pairs; inputs have the names of the loader's views. */
export function buildNetwork(config: TrainConfig, plan: ViewPlan, batch: number): Network {
  const method = methods[config.method];
  const scope = new Scope({ training: config.batchNorm === 'batch' });
  const views = loaderViews(config, plan);
  const outputs: Record<string, Value> = {};
  const encode = (side: Side) => {
    const names = plan[side].map((kind) => viewName(side, kind));
    const inputs = names.map((name) => ops.input(name, [batch, ...shapeOf(name, views[name]!)]));
    // All views of a side together: larger products, and statistics over all of them.
    const joined = inputs.length === 1 ? inputs[0]! : ops.concat(inputs, 0);
    const { compared } = method[side](scope, joined, config.settings);
    for (const [what, value] of Object.entries(compared))
      for (const [i, name] of names.entries()) outputs[`${name}.${what}`] = rowsOf(value, i * batch, batch);
  };
  encode('picture');
  encode('sound');
  return { scope, outputs };
}

const rowsOf = (x: Value, first: number, count: number): Value =>
  x.shape[0] === count ? x : ops.slice(x, [first, ...x.shape.slice(1).map(() => 0)], [count, ...x.shape.slice(1)]);

export interface Loss {
  loss: Value;
  /** Its parts by name, where there are several. */
  terms: Named;
}

/** The loss of outputs as `buildNetwork` names them, of one batch. */
export function buildLoss({ method, settings }: TrainConfig, plan: ViewPlan, outputs: Named): Loss {
  const comparedOf = (side: Side) =>
    plan[side].map((kind): Named => {
      const prefix = `${viewName(side, kind)}.`;
      const own = Object.entries(outputs).filter(([name]) => name.startsWith(prefix));
      return Object.fromEntries(own.map(([name, value]) => [name.slice(prefix.length), value]));
    });
  const terms = methods[method].loss(comparedOf('picture'), comparedOf('sound'), settings);
  const [first, ...others] = Object.values(terms) as [Value, ...Value[]];
  return { loss: others.reduce((sum, term): Value => ops.add(sum, term), first), terms: others.length > 0 ? terms : {} };
}
