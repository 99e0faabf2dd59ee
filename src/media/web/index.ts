/** Pictures and sounds in a browser: the same names as on Node. */
export { resample } from '../resample.js';
export * from '../types.js';
export { encodeWav } from '../wav.js';
export { encodeJpeg, encodePng, readPicture } from './picture.js';
export { readSound } from './sound.js';
export type { Source } from './source.js';
