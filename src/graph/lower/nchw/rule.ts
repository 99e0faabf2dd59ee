import type { Op, Value } from '../../ir.js';
import type { OnnxBuilder } from '../../onnx/builder.js';

/** Appends the nodes of one value and returns the ONNX name of its result; `inputs` are the ONNX names of the value's inputs. */
export type NchwRule<K extends Op> = (node: Value<K>, inputs: string[], b: OnnxBuilder) => string;
