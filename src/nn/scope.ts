/**
 * How a network's parameters are named, shared and updated. Names are PyTorch's (`vision.layer1.0.conv1.weight`), so that its
 * checkpoints can be mapped onto them.
 */
import { type Initializer, labelled, make, type Value } from '../graph/ir.js';
import { GraphError } from '../graph/shape.js';
import { type Shape, showShape } from '../tensor.js';

export type Parameter = Value<'parameter'>;

/**
 * What a parameter becomes after a step: a value, or a function of `next`, which gives what any other parameter becomes in the
 * same step (a momentum copy follows the weights the optimizer has just made).
 */
export type Assignment = Value | ((next: (parameter: Parameter) => Value) => Value);

interface Registry {
  readonly parameters: Map<string, Parameter>;
  readonly assignments: Map<Parameter, Assignment>;
  readonly copies: Map<string, string>;
  readonly names: Map<string, number>;
}

export interface ScopeOptions {
  /** Batch statistics, running averages and dropout; otherwise running statistics and no dropout. */
  training: boolean;
}

const describe = (init: Initializer) => JSON.stringify(init);

/**
 * A part of a network. Every child writes into the tables of the root; asking for a parameter twice gives the same value, so that
 * an encoder called twice with one scope shares its weights.
 */
export class Scope {
  readonly training: boolean;
  readonly trainable: boolean;
  /** The prefix of this part's names: `vision.layer1.0`, empty at the root. */
  readonly path: string;
  private readonly parent: Scope | undefined;
  private readonly name: string;
  private readonly registry: Registry;
  private entered = 0;

  constructor(options: ScopeOptions);
  /** @internal */
  constructor(options: ScopeOptions, parent: Scope, name: string, trainable: boolean);
  constructor({ training }: ScopeOptions, parent?: Scope, name = '', trainable = true) {
    this.training = training;
    this.trainable = trainable;
    this.parent = parent;
    this.name = name;
    this.path = parent?.path ? `${parent.path}.${name}` : name;
    this.registry = parent?.registry ?? { parameters: new Map(), assignments: new Map(), copies: new Map(), names: new Map() };
  }

  /**
   * A part below this one. `trainable: false` makes its parameters ones the optimizer leaves alone (a momentum copy);
   * `training: false` as well makes it a frozen network.
   */
  child(name: string, { training = this.training, trainable = this.trainable } = {}): Scope {
    if (!name) throw new GraphError(`a part of '${this.path}' needs a name`);
    return new Scope({ training }, this, name, trainable);
  }

  /** Runs `build` with this part's name in the label of every value it makes. */
  within<T>(build: () => T): T {
    if (!this.parent || this.entered) return build();
    this.entered++;
    try {
      return this.parent.within(() => labelled(this.name, build));
    } finally {
      this.entered--;
    }
  }

  /**
   * The parameter of that name in this part. Throws GraphError when it exists with another shape, initializer or trainability.
   */
  parameter(name: string, shape: Shape, init: Initializer, trainable = true): Parameter {
    const full = this.path ? `${this.path}.${name}` : name;
    const wanted = trainable && this.trainable;
    const known = this.registry.parameters.get(full);
    if (!known) {
      const made = this.within(() => make('parameter', [], { name: full, shape, init, trainable: wanted }));
      this.registry.parameters.set(full, made);
      return made;
    }
    const a = known.attributes;
    for (const [what, before, now] of [
      ['shape', showShape(a.shape), showShape(shape)],
      ['initializer', describe(a.init), describe(init)],
      ['trainable', String(a.trainable), String(wanted)],
    ] as const)
      if (before !== now)
        throw new GraphError(`parameter '${full}' is shared, but its ${what} was ${before} at first and is now ${now}`);
    return known;
  }

  /** A name nobody else in the network has: the part's path and `name`, counted from the second time on. */
  uniqueName(name: string): string {
    const full = this.path ? `${this.path}.${name}` : name;
    const count = this.registry.names.get(full) ?? 0;
    this.registry.names.set(full, count + 1);
    return count ? `${full}.${count}` : full;
  }

  /**
   * What the parameter becomes after a step. A second assignment replaces the first: to build on it, start from `latest`.
   * Throws GraphError when the parameter is trainable (the optimizer's), from another network, or the shapes differ.
   */
  assign(parameter: Parameter, next: Assignment): void {
    const { name, trainable } = parameter.attributes;
    if (this.registry.parameters.get(name) !== parameter) throw new GraphError(`'${name}' is no parameter of this network`);
    if (trainable)
      throw new GraphError(`'${name}' is trainable: the optimizer alone assigns it; declare it with trainable = false`);
    if (typeof next !== 'function' && showShape(next.shape) !== showShape(parameter.shape))
      throw new GraphError(`'${name}' ${showShape(parameter.shape)} cannot become a value of shape ${showShape(next.shape)}`);
    this.registry.assignments.set(parameter, next);
  }

  /** The value assigned last, or the parameter itself: running statistics of a network that is called twice build on each other. */
  latest(parameter: Parameter): Value {
    const assigned = this.registry.assignments.get(parameter);
    return assigned && typeof assigned !== 'function' ? assigned : parameter;
  }

  /** Lets `copy` start from the same first values as `source`. */
  startAs(copy: Parameter, source: Parameter): void {
    this.registry.copies.set(copy.attributes.name, source.attributes.name);
  }

  /** Every parameter of the whole network by its full name, in the order they were first asked for. */
  get parameters(): ReadonlyMap<string, Parameter> {
    return this.registry.parameters;
  }
  get assignments(): ReadonlyMap<Parameter, Assignment> {
    return this.registry.assignments;
  }
  /** Parameters that start as copies of others, by name. */
  get copies(): ReadonlyMap<string, string> {
    return this.registry.copies;
  }
}
