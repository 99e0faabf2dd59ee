/** Sizes of outputs that an ONNX file leaves open. */
import { create, toBinary } from '@bufbuild/protobuf';
import type { Lowered, Port } from '../graph/lower/lowered.js';
import { attributeOf, dataTypes, valueInfo } from '../graph/onnx/encode.js';
import { type GraphProto, type ModelProto, ModelProtoSchema, NodeProtoSchema } from '../graph/onnx/onnx_pb.js';
import { type Shape, tensor } from '../tensor.js';
import { Session } from './session.js';

/**
 * The shapes of `outputs` by name, found by running the model once on zeros. Exporters leave sizes open even where the inputs' decide them
 * (PyTorch does so behind `view`, `einsum` and `interpolate` once the batch is open), and ONNX Runtime has to know how much to allocate.
 *
 * All sizes of the inputs are fixed in `model`. Throws SessionError, naming the model, when it cannot be run.
 */
export async function openShapes(
  name: string,
  model: ModelProto & { graph: GraphProto },
  { inputs, externalData }: Pick<Lowered, 'inputs' | 'externalData'>,
  outputs: readonly { name: string; dimensions: readonly unknown[] }[],
): Promise<Map<string, Shape>> {
  // Sessions do not know outputs of unknown size: the model is asked for its outputs' shapes instead of the outputs.
  const ports: Port[] = outputs.map((output) => ({
    name: `${output.name}:int32 shape`,
    dtype: 'int32',
    shape: [output.dimensions.length],
  }));
  const nodes = outputs.flatMap((output, i) => {
    const shape = `${output.name}:shape`;
    const to = attributeOf('Cast', 'to', dataTypes.int32);
    return [
      create(NodeProtoSchema, { opType: 'Shape', input: [output.name], output: [shape] }),
      create(NodeProtoSchema, { opType: 'Cast', input: [shape], output: [ports[i]!.name], attribute: [to] }),
    ];
  });
  const graph: GraphProto = {
    ...model.graph,
    node: [...model.graph.node, ...nodes],
    output: ports.map((port) => valueInfo(port.name, 'int32', port.shape)),
  };
  const lowered: Lowered = {
    model: toBinary(ModelProtoSchema, { ...model, graph }),
    externalData,
    inputs,
    parameters: [],
    masks: [],
    outputs: ports,
  };
  const session = await Session.create(lowered, { name });
  try {
    const found = await session.run(Object.fromEntries(inputs.map((port) => [port.name, tensor(port.dtype, port.shape)])));
    return new Map(outputs.map((output, i) => [output.name, Array.from(found[ports[i]!.name]!.data)]));
  } finally {
    await session.release();
  }
}
