/**
 * What turns sound and pictures into numbers, fast enough for a data loader. The same results in Node, its workers, and browsers.
 */
export { normalizeFrame } from './normalizeFrame.js';
export { resizeFrame } from './resizeFrame.js';
export { resizeTensor } from './resizeTensor.js';
export { SpectrogramKernel } from './spectrogram.js';
