/** Sounds and pictures as the tensors that networks see: on the host, as graph fragments, and at random for training. */
export * from './augment/index.js';
export { fitClip, hasSignal } from './clip.js';
export { placementOf } from './fit.js';
export * from './kernels/index.js';
export { melFilters } from './mel.js';
export { normalizedPicture, pictureTensor } from './picture.js';
export { composePlacements, cropping, mirroring, placeBox, resizing, unplaceBox } from './placement.js';
export { clipLength, planOf } from './plan.js';
export { picturePresets, soundPresets } from './presets.js';
export type * from './spec.js';
export { spectrogram } from './spectrogram.js';
