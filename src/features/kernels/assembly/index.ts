/** The WebAssembly module: AssemblyScript, plain 128-bit SIMD. Addresses are bytes; who calls lays out the memory. */
export { normalize } from './normalize';
export { resampleColumns, resampleRows } from './resample';
export { spectrogram } from './spectrogram';
export { resizeRow } from './tensor';
