/** Networks of methods that are small enough to be interpreted, and what they are fed. */
import type { Value } from '../../src/graph/index.js';
import * as ops from '../../src/graph/ops.js';
import type { Encoded, Method, Named } from '../../src/methods/index.js';
import { Scope } from '../../src/nn/index.js';
import type { Tensor } from '../../src/tensor.js';
import { initialize } from '../../src/training/initialize.js';
import { draw } from '../training/networks.js';

const small: Readonly<Record<string, unknown>> = {
  widths: [4, 8],
  blocks: [1, 1],
  dimensions: 6,
  hidden: 5,
  localizationDimensions: 7,
};

/** A preset with all sizes brought down, through the method's own schema. */
export const tinySettings = (method: Method, preset: 'paper' | 'laptop', changes: object = {}): unknown =>
  method.settings.parse({
    ...Object.fromEntries(
      Object.entries(method.presets[preset] as object).map(([key, value]) => [key, key in small ? small[key] : value]),
    ),
    ...changes,
  });

export interface Sizes {
  batch: number;
  /** Of pictures, in pixels. */
  size: number;
  /** Of spectrograms. */
  bins: number;
  frames: number;
}
export const sizes: Sizes = { batch: 3, size: 32, bins: 32, frames: 40 };

export interface TinyNetwork {
  scope: Scope;
  /** One for each view. */
  pictures: Encoded[];
  sounds: Encoded[];
}

/** The encoders on every view that the method asks for; inputs are called `picture.<view>` and `sound.<view>`. */
export function tinyNetwork(
  method: Method,
  settings: unknown,
  training: boolean,
  { batch, size, bins, frames } = sizes,
): TinyNetwork {
  const scope = new Scope({ training });
  const views = method.views(settings);
  const picture = (view: string) => method.picture(scope, ops.input(`picture.${view}`, [batch, 3, size, size]), settings);
  const sound = (view: string) => method.sound(scope, ops.input(`sound.${view}`, [batch, 1, bins, frames]), settings);
  return { scope, pictures: views.picture.map(picture), sounds: views.sound.map(sound) };
}

export function lossOf(method: Method, settings: unknown, { pictures, sounds }: TinyNetwork): { loss: Value; terms: Named } {
  const compared = (encoded: readonly Encoded[]) => encoded.map((one) => one.compared);
  const terms = method.loss(compared(pictures), compared(sounds), settings);
  return { loss: Object.values(terms).reduce((a, b) => ops.add(a, b)), terms };
}

/** Noise for every view. */
export function tinyFeeds(
  method: Method,
  settings: unknown,
  { batch, size, bins, frames } = sizes,
): Record<string, Tensor<'float32'>> {
  const { picture, sound } = method.views(settings);
  return Object.fromEntries([
    ...picture.map((view) => [`picture.${view}`, draw([batch, 3, size, size], 'picture', view)] as const),
    ...sound.map((view) => [`sound.${view}`, draw([batch, 1, bins, frames], 'sound', view)] as const),
  ]);
}

/** First weights with something added to every bias, so that none of the few channels is silent everywhere. */
export function tinyWeights({ parameters }: Scope): Record<string, Tensor<'float32'>> {
  const weights = initialize(parameters, 4);
  for (const [name, { data }] of Object.entries(weights))
    if (name.endsWith('.bias')) for (let i = 0; i < data.length; i++) data[i] = data[i]! + 0.2 + 0.05 * (i % 3);
  return weights;
}
