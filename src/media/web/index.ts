/** Pictures, sounds and videos in a browser: the same names as on Node; what is written there to a path is a `File` here. */
export { resample } from '../resample.js';
export * from '../types.js';
export { encodeWav } from '../wav.js';
export { encodeJpeg, encodePng, readPicture } from './picture.js';
export { readSound } from './sound.js';
export type { Source } from './source.js';
export { openVideo } from './video.js';
export { writeSound, writeVideo } from './write.js';
