/** Seeded augmentation of pictures, sounds and spectrograms. */
export {
  type AugmentedPicture,
  augmentPicture,
  type CropAugmentation,
  type PictureAugmentation,
  type SimclrAugmentation,
} from './pictures.js';
export { pictureAugmentations, spectrogramMasks } from './presets.js';
export { type ClipShift, maskSpectrogram, type SpectrogramMask, shiftClip } from './sound.js';
