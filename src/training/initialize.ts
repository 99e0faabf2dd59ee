/** First values of parameters. */
import type { Initializer } from '../graph/ir.js';
import { GraphError } from '../graph/shape.js';
import type { Parameter } from '../nn/scope.js';
import { Random } from '../random.js';
import { type Shape, sizeOf, type Tensor, tensor } from '../tensor.js';

interface Fans {
  in: number;
  out: number;
}

/** Inputs and outputs of one unit of a weight [out, in, ...kernel], as PyTorch counts them. */
function fansOf(shape: Shape): Fans {
  if (shape.length < 2) throw new GraphError(`needs a weight [out, in, ...], got shape [${shape.join(', ')}]`);
  const kernel = sizeOf(shape.slice(2));
  return { in: shape[1]! * kernel, out: shape[0]! * kernel };
}

function truncated(random: Random): number {
  let x: number;
  do x = random.normal();
  while (Math.abs(x) > 2);
  return x;
}

/**
 * One number after the other for each kind of initializer:
 *
 * - kaimingNormal: N(0, 2 / fan); kaimingUniform: U(-b, b), b = sqrt(6 / fan) (He et al. 2015, for ReLU)
 * - xavierUniform: U(-b, b), b = sqrt(6 / (fan in + fan out)) (Glorot & Bengio 2010)
 * - truncatedNormal: N(0, std^2), drawn again beyond 2 std
 */
const draws: {
  [K in Initializer['kind']]: (init: Extract<Initializer, { kind: K }>, shape: Shape) => (random: Random) => number;
} = {
  constant: (init) => () => init.value,
  normal: (init) => (random) => init.std * random.normal(),
  truncatedNormal: (init) => (random) => init.std * truncated(random),
  kaimingNormal: (init, shape) => scaled(Math.sqrt(2 / fansOf(shape)[init.fan]), (random) => random.normal()),
  kaimingUniform: (init, shape) => scaled(Math.sqrt(6 / fansOf(shape)[init.fan]), symmetric),
  xavierUniform: (_, shape) => {
    const fans = fansOf(shape);
    return scaled(Math.sqrt(6 / (fans.in + fans.out)), symmetric);
  },
};

const symmetric = (random: Random) => 2 * random.uniform() - 1;
const scaled = (scale: number, draw: (random: Random) => number) => (random: Random) => scale * draw(random);

const drawOf = <K extends Initializer['kind']>(init: Extract<Initializer, { kind: K }>, shape: Shape) =>
  draws[init.kind as K](init, shape);

/**
 * First values for parameters, by name. Each parameter's random numbers derive from the seed and its name alone, so that neither
 * order nor other parameters matter; `copies` names parameters that start as others do. Throws GraphError when an initializer
 * needs a fan and the parameter has fewer than two axes.
 */
export function initialize(
  parameters: ReadonlyMap<string, Parameter>,
  seed: number,
  copies: ReadonlyMap<string, string> = new Map(),
): Record<string, Tensor<'float32'>> {
  const values: Record<string, Tensor<'float32'>> = {};
  for (const [name, { shape, attributes }] of parameters) {
    try {
      const draw = drawOf(attributes.init, shape);
      const random = new Random(seed, copies.get(name) ?? name);
      const data = new Float32Array(sizeOf(shape));
      for (let i = 0; i < data.length; i++) data[i] = draw(random);
      values[name] = tensor('float32', shape, data);
    } catch (error) {
      if (error instanceof GraphError)
        error.message = `initializer '${attributes.init.kind}' of parameter '${name}': ${error.message}`;
      throw error;
    }
  }
  return values;
}
