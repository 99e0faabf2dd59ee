/** Running lowered graphs on ONNX Runtime, and the files weights are kept in. */
export { channelBlock } from './channelBlock.js';
export { OnnxFileError, type OnnxModel, readOnnx } from './onnxFile.js';
export { SessionError, type Tensors } from './ports.js';
export type { ExecutionProvider, RandomState } from './protocol.js';
export {
  listSafetensors,
  loadSafetensors,
  type Safetensors,
  SafetensorsError,
  type StoredTensor,
  saveSafetensors,
} from './safetensors.js';
export { Session, type SessionOptions } from './session.js';
