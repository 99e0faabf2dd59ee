/** Models as localizers. */
import type { Tensor } from '../tensor.js';
import { tensor } from '../tensor.js';
import type { Localizer } from './localizer.js';
import { type Model, viewsOf } from './model.js';
import { localizerGraph, type ModelSessionOptions, openGraph } from './network.js';

/** A model that `localize`s. Throws LocalizerError when its weights are not those of its method, and SessionError. */
export async function modelLocalizer(model: Model, options: ModelSessionOptions): Promise<Localizer> {
  const { batch, size, name = model.method } = options;
  const session = await openGraph(localizerGraph(model, options), model, options);
  return {
    name,
    views: viewsOf(model, size),
    batch,
    localize: async (frames, spectrograms) => {
      const { map, imageEmbedding, soundEmbedding } = (await session.run({
        frame: tensor('float32', frames.shape, frames.data),
        spectrogram: tensor('float32', spectrograms.shape, spectrograms.data),
      })) as Record<'map' | 'imageEmbedding' | 'soundEmbedding', Tensor<'float32'>>;
      return { maps: map, imageEmbeddings: imageEmbedding, soundEmbeddings: soundEmbedding };
    },
    release: () => session.release(),
  };
}
