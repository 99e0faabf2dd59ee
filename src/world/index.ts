/** A small world of drawn objects and made-up sounds, to learn and to measure where nothing can be downloaded. */
export { defaultWorld, kindNames, WorldError, type WorldOptions } from './options.js';
export type { WorldEntry } from './samples.js';
export { type WorldVideo, type WorldVideoOptions, worldVideo, writeWorldVideo } from './video.js';
export { type World, type WriteWorldOptions, writeWorld } from './write.js';
