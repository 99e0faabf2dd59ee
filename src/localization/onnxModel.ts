/** Models as ONNX files that `onnxLocalizer` and other programs read: from spectrogram and normalized picture to map. */
import { lowerNchw } from '../graph/lower/nchw/index.js';
import { LocalizerError } from './localizer.js';
import type { Model } from './model.js';
import { localizerGraph } from './network.js';

/**
 * The file of a model, for one pair at a time: inputs `frame` and `spectrogram`, as the presets in its metadata `earshot.picture` and `earshot.sound`
 * make them; outputs `map`, `imageEmbedding`, `soundEmbedding`. Throws LocalizerError for weights that are not those of the network.
 */
export function onnxOf(model: Model, name: string): Uint8Array {
  const metadata = { 'earshot.picture': model.picture.preset, 'earshot.sound': model.sound.preset };
  try {
    return lowerNchw(localizerGraph(model, { batch: 1 }), { weights: model.weights, name, metadata }).model;
  } catch (error) {
    throw new LocalizerError(`${name}: ${(error as Error).message}`, { cause: error });
  }
}
