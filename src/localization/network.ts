/** The graphs of a model: its two encoders and the map of what they make. */

import { shapeOf } from '../datasets/loader/views.js';
import { type Graph, input, type Value } from '../graph/index.js';
import { lowerNchw } from '../graph/lower/nchw/index.js';
import { parametersOf, type Weights } from '../graph/lower/weights.js';
import { architectures } from '../methods/index.js';
import { Scope } from '../nn/scope.js';
import { Session, type SessionOptions } from '../runtime/session.js';
import { LocalizerError } from './localizer.js';
import { type Model, viewsOf } from './model.js';

export type ModelSessionOptions = Pick<SessionOptions, 'threads' | 'executionProvider' | 'onWarning'> & {
  /** Pairs, pictures or sounds at a time. */
  batch: number;
  /** Pixels a side of the pictures, in place of what the model was trained with. */
  size?: number;
  /** In messages. */
  name?: string;
};

/** Inputs `frame` and `spectrogram`; outputs `map`, `imageEmbedding`, `soundEmbedding`. */
export function localizerGraph(model: Model, { batch, size }: { batch: number; size?: number }): Graph {
  const { method, settings } = model;
  const { picture: encodePicture, sound: encodeSound, map } = architectures[method];
  const scope = new Scope({ training: false });
  const { frame, spectrogram } = inputsOf(model, { batch, size });
  const picture = encodePicture(scope, frame, settings);
  const sound = encodeSound(scope, spectrogram, settings);
  return {
    outputs: {
      map: map(picture.features, sound.features),
      imageEmbedding: picture.embedding,
      soundEmbedding: sound.embedding,
    },
  };
}

/** One side alone: input `frame` or `spectrogram`, output `embedding`. */
export function encoderGraph(model: Model, side: 'picture' | 'sound', { batch, size }: { batch: number; size?: number }): Graph {
  const architecture = architectures[model.method];
  const { frame, spectrogram } = inputsOf(model, { batch, size });
  const scope = new Scope({ training: false });
  const encoded =
    side === 'picture'
      ? architecture.picture(scope, frame, model.settings)
      : architecture.sound(scope, spectrogram, model.settings);
  return { outputs: { embedding: encoded.embedding } };
}

function inputsOf(model: Model, { batch, size }: { batch: number; size?: number }): { frame: Value; spectrogram: Value } {
  const { frame, spectrogram } = viewsOf(model, size);
  return {
    frame: input('frame', [batch, ...shapeOf('frame', frame)]),
    spectrogram: input('spectrogram', [batch, ...shapeOf('spectrogram', spectrogram)]),
  };
}

/** A session of one of the model's graphs, which may need a part of its weights. Throws LocalizerError when they do not fit. */
export async function openGraph(
  graph: Graph,
  { weights }: Model,
  { name = 'model', ...options }: ModelSessionOptions,
): Promise<Session> {
  const needed: Record<string, Weights[string]> = {};
  for (const parameter of parametersOf(graph).keys()) if (weights[parameter]) needed[parameter] = weights[parameter];
  let lowered: ReturnType<typeof lowerNchw>;
  try {
    lowered = lowerNchw(graph, { weights: needed, name });
  } catch (error) {
    throw new LocalizerError(`${name}: ${(error as Error).message}`, { cause: error });
  }
  return Session.create(lowered, {
    name,
    threads: options.threads,
    executionProvider: options.executionProvider,
    onWarning: options.onWarning,
  });
}
