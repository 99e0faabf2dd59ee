/** Pictures, sounds and videos, from files and to files. */
export { encodeJpeg, encodePng, readPicture } from './picture.js';
export { resample } from './resample.js';
export { readSound } from './sound.js';
export type { Source } from './source.js';
export * from './types.js';
export { openVideo } from './video.js';
export { encodeWav } from './wav.js';
export { writeSound, writeVideo } from './writeVideo.js';
