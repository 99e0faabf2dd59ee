/** What a model has to do to be evaluated. */
import type { PictureView, SoundView } from '../datasets/loader/views.js';
import type { Tensor } from '../tensor.js';

export interface Localized {
  /** One map a pair, [B, h, w], higher where the sound comes from. */
  maps: Tensor<'float32'>;
  /** [B, D] each, where the model has them: similar for what belongs together. */
  imageEmbeddings?: Tensor<'float32'>;
  soundEmbeddings?: Tensor<'float32'>;
}

/** A model that cannot be used as it was asked to, or data that do not fit it: one line. */
export class LocalizerError extends Error {
  override name = 'LocalizerError';
}

export interface Localizer {
  name: string;
  /** How pictures and sounds become the model's inputs. */
  views: { frame: PictureView; spectrogram: SoundView };
  /** Pairs at a time: exactly so many are given. */
  batch: number;
  /** `frames` [B, 3, size, size], `spectrograms` [B, 1, bins, frames], as the views make them. */
  localize: (frames: Tensor<'float32'>, spectrograms: Tensor<'float32'>) => Promise<Localized>;
  release: () => Promise<void>;
}
