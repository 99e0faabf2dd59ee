/** Models as ONNX files that `onnxLocalizer` and other programs read: from spectrogram and normalized picture to map. */
import { LocalizerError } from './localizer.js';
import type { Model } from './model.js';
import { localizerGraph, lowerWithWeights } from './network.js';

/**
 * The file of a model, for one pair at a time: inputs `frame` and `spectrogram`, as the presets in its metadata `earshot.picture` and `earshot.sound`
 * make them; outputs `map`, `imageEmbedding`, `soundEmbedding`. Throws LocalizerError for weights that are not those of the network, for inputs
 * that are not as the presets have them, and for a model of more than 2 GB.
 */
export function onnxOf(model: Model, name: string): Uint8Array {
  const { picture, sound } = model;
  // Whoever reads the file knows the presets alone.
  if (picture.size !== undefined || sound.seconds !== undefined)
    throw new LocalizerError(
      `${name}: expected a model whose pictures and sounds are as its presets have them, got size ${picture.size ?? 'of the preset'} and seconds ${sound.seconds ?? 'of the preset'}`,
    );
  const metadata = { 'earshot.picture': picture.preset, 'earshot.sound': sound.preset };
  const { model: onnx, externalData } = lowerWithWeights(localizerGraph(model, { batch: 1 }), model, { name, metadata });
  if (externalData) throw new LocalizerError(`${name}: the model has more than 2 GB, which one ONNX file cannot hold`);
  return onnx;
}
