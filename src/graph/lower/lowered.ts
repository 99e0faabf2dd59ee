/** What a lowering produces: a serialised ONNX model and the description of its ports. */
import type { DType, Shape } from '../../tensor.js';

/** One named tensor that enters or leaves a model. */
export interface Port {
  readonly name: string;
  readonly dtype: DType;
  /** The shape in the graph. */
  readonly shape: Shape;
  /**
   * Set when the model wants the axes in another order: physical axis i is logical axis permutation[i] (as in `transpose`).
   * The optimizer never notices; saving and loading do.
   */
  readonly permutation?: readonly number[];
}

/** The shape of the tensor that the model itself sees. */
export const physicalShape = ({ shape, permutation }: Port): Shape => permutation?.map((axis) => shape[axis]!) ?? shape;

export interface MaskPort extends Port {
  readonly rate: number;
}

export interface Lowered {
  readonly model: Uint8Array;
  /** Weights kept outside the model because protobuf cannot hold 2 GB; to be written beside it under this name. */
  readonly externalData?: { readonly path: string; readonly data: readonly Uint8Array[] };
  readonly inputs: readonly Port[];
  readonly parameters: readonly Port[];
  readonly masks: readonly MaskPort[];
  readonly outputs: readonly Port[];
}
