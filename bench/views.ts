/** What is made of the pairs in the loader's benchmark: the training input of LVS, 224 pixels and 10 seconds. */

import type { Views } from '../src/datasets/index.js';
import { pictureAugmentations, picturePresets, soundPresets } from '../src/features/index.js';

export const trainingViews = {
  picture: { picture: picturePresets.lvs, augmentation: pictureAugmentations.lvsCrop },
  spectrogram: { sound: soundPresets.lvs },
} satisfies Views;
