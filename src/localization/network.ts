/** The graphs of a model: its two encoders and the map of what they make. */

import { shapeOf } from '../datasets/loader/views.js';
import { type Graph, input, type Lowered, type Value } from '../graph/index.js';
import { lowerNchw } from '../graph/lower/nchw/index.js';
import { parametersOf, type Weights } from '../graph/lower/weights.js';
import { architectures } from '../methods/index.js';
import { Scope } from '../nn/scope.js';
import { Session, type SessionOptions } from '../runtime/session.js';
import { LocalizerError } from './localizer.js';
import { type Model, type ModelDescription, viewsOf } from './model.js';

export type ModelSessionOptions = Pick<SessionOptions, 'threads' | 'executionProvider' | 'onWarning'> & {
  /** Pairs, pictures or sounds at a time. */
  batch: number;
  /** Pixels a side of the pictures, in place of what the model was trained with. */
  size?: number;
  /** In messages. */
  name?: string;
};

/** Inputs `frame` and `spectrogram`; outputs `map`, `imageEmbedding`, `soundEmbedding`. */
export function localizerGraph(model: ModelDescription, { batch, size }: { batch: number; size?: number }): Graph {
  const { frame, spectrogram } = inputsOf(model, { batch, size });
  return { outputs: localized(model, frame, spectrogram) };
}

/** What the network makes of frames [B, 3, S, S] and spectrograms [B, 1, bins, frames]: maps [B, h, w] and embeddings [B, E]. */
export function localized({ method, settings }: ModelDescription, frames: Value, spectrograms: Value) {
  const { picture: encodePicture, sound: encodeSound, map } = architectures[method];
  const scope = new Scope({ training: false });
  const picture = encodePicture(scope, frames, settings);
  const sound = encodeSound(scope, spectrograms, settings);
  return {
    map: map(picture.features, sound.features),
    imageEmbedding: picture.embedding,
    soundEmbedding: sound.embedding,
  };
}

/** One side alone: input `frame` or `spectrogram`, output `embedding`. */
export function encoderGraph(
  model: ModelDescription,
  side: 'picture' | 'sound',
  { batch, size }: { batch: number; size?: number },
): Graph {
  const architecture = architectures[model.method];
  const { frame, spectrogram } = inputsOf(model, { batch, size });
  const scope = new Scope({ training: false });
  const encoded =
    side === 'picture'
      ? architecture.picture(scope, frame, model.settings)
      : architecture.sound(scope, spectrogram, model.settings);
  return { outputs: { embedding: encoded.embedding } };
}

function inputsOf(
  model: ModelDescription,
  { batch, size }: { batch: number; size?: number },
): { frame: Value; spectrogram: Value } {
  const { frame, spectrogram } = viewsOf(model, size);
  return {
    frame: input('frame', [batch, ...shapeOf('frame', frame)]),
    spectrogram: input('spectrogram', [batch, ...shapeOf('spectrogram', spectrogram)]),
  };
}

/** One of the model's graphs, which may need a part of its weights, with these. Throws LocalizerError when they do not fit. */
export function lowerWithWeights(
  graph: Graph,
  { weights }: Model,
  { name, metadata }: { name: string; metadata?: Readonly<Record<string, string>> },
): Lowered {
  const needed: Record<string, Weights[string]> = {};
  for (const parameter of parametersOf(graph).keys()) if (weights[parameter]) needed[parameter] = weights[parameter];
  try {
    return lowerNchw(graph, { weights: needed, name, metadata });
  } catch (error) {
    throw new LocalizerError(`${name}: ${(error as Error).message}`, { cause: error });
  }
}

/** A session of one of the model's graphs. Throws LocalizerError when its weights do not fit. */
export async function openGraph(
  graph: Graph,
  model: Model,
  { name = 'model', ...options }: ModelSessionOptions,
): Promise<Session> {
  return Session.create(lowerWithWeights(graph, model, { name }), {
    name,
    threads: options.threads,
    executionProvider: options.executionProvider,
    onWarning: options.onWarning,
  });
}
