/** Any ONNX file as a model that a session can run. */
import { open, readFile, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { fromBinary, toBinary } from '@bufbuild/protobuf';
import type { Lowered, Port } from '../graph/lower/lowered.js';
import {
  TensorProto_DataType as DataType,
  type GraphProto,
  type ModelProto,
  ModelProtoSchema,
  type NodeProto,
  type TensorProto,
  TensorProto_DataLocation,
  type TensorShapeProto_Dimension,
  type ValueInfoProto,
} from '../graph/onnx/onnx_pb.js';

/** A file that is no model, or none that can be run here: the message names the file and what is wrong with it. */
export class OnnxFileError extends Error {
  override name = 'OnnxFileError';
}

export interface OnnxModel extends Lowered {
  metadata: Record<string, string>;
}

/** What protobuf can hold. */
const maxBytes = 2 ** 31 - 1;

/** All tensors within nodes, and in the graphs within them. */
function* tensorsWithin(nodes: readonly NodeProto[]): Generator<TensorProto> {
  for (const { attribute } of nodes)
    for (const { t, tensors, g, graphs } of attribute) {
      if (t) yield t;
      yield* tensors;
      for (const inner of [...(g ? [g] : []), ...graphs]) yield* tensorsOf(inner);
    }
}

function* tensorsOf({ initializer, sparseInitializer, node }: GraphProto): Generator<TensorProto> {
  yield* initializer;
  for (const { values, indices } of sparseInitializer) yield* [values, indices].filter((t) => t !== undefined);
  yield* tensorsWithin(node);
}

/** The file that weights lie in, beside the model; undefined when they are in the model. */
function externalFile(
  { graph, functions }: ModelProto & { graph: GraphProto },
  refuse: (why: string) => OnnxFileError,
): string | undefined {
  const locations = new Set<string>();
  const tensors = [...tensorsOf(graph), ...functions.flatMap(({ node }) => [...tensorsWithin(node)])];
  for (const { name, dataLocation, externalData } of tensors) {
    if (dataLocation !== TensorProto_DataLocation.EXTERNAL) continue;
    const location = externalData.find(({ key }) => key === 'location')?.value;
    // ONNX Runtime would open any path.
    if (!location || basename(location) !== location || location === '..' || location.includes('\\'))
      throw refuse(`weights '${name}' lie in ${JSON.stringify(location ?? '')}; expected a file in the model's folder`);
    locations.add(location);
  }
  if (locations.size > 1) throw refuse(`its weights lie in ${locations.size} files; save them in one`);
  return [...locations][0];
}

/** Shape and type of a value; `bind` gives the size of a dimension that has a name or nothing. */
function portOf(
  what: string,
  { name, type }: ValueInfoProto,
  bind: (dimension: TensorShapeProto_Dimension, axis: number) => number | undefined,
  refuse: (why: string) => OnnxFileError,
): Port {
  if (type?.value.case !== 'tensorType' || type.value.value.elemType !== DataType.FLOAT)
    throw refuse(`${what} '${name}': expected a tensor of float32`);
  const { shape } = type.value.value;
  if (!shape) throw refuse(`${what} '${name}' has no shape; run onnx.shape_inference on the file`);
  const sizes = shape.dim.map((dimension, axis) => {
    const { value } = dimension;
    const size = value.case === 'dimValue' ? Number(value.value) : bind(dimension, axis);
    const called = value.case === 'dimParam' && value.value ? ` ('${value.value}')` : '';
    if (size === undefined)
      throw refuse(`${what} '${name}': size ${axis}${called} is not fixed; only the batch, the first, may be open`);
    dimension.value = { case: 'dimValue', value: BigInt(size) };
    return size;
  });
  return { name, dtype: 'float32', shape: sizes };
}

async function readModel(path: string, refuse: (why: string) => OnnxFileError): Promise<ModelProto & { graph: GraphProto }> {
  const { size } = await stat(path);
  if (size > maxBytes) throw refuse(`${size} bytes are more than an ONNX file can have; its weights belong in a file beside it`);
  let model: ModelProto;
  try {
    model = fromBinary(ModelProtoSchema, await readFile(path));
  } catch (error) {
    throw refuse(`it is no ONNX model, or is cut off (${(error as Error).message})`);
  }
  const { graph } = model;
  if (!graph || graph.node.length === 0) throw refuse('it is no ONNX model: there is no graph in it');
  return Object.assign(model, { graph });
}

/**
 * Reads a model whose inputs and outputs are tensors of float32. Open first sizes become `batch`; all others must be fixed. Weights beside the
 * model are read from its folder alone. Throws OnnxFileError for a file that is no such model, and the system's error when it cannot be
 * read; operations that ONNX Runtime does not know are refused when a session is made of it.
 */
export async function readOnnx(path: string, { batch }: { batch: number }): Promise<OnnxModel> {
  const refuse = (why: string) => new OnnxFileError(`${path}: ${why}`);
  const model = await readModel(path, refuse);
  const { graph } = model;
  const external = externalFile(model, refuse);
  const constants = new Set(graph.initializer.map(({ name }) => name));
  const bind = (_: TensorShapeProto_Dimension, axis: number) => (axis === 0 ? batch : undefined);
  const fed = graph.input.filter(({ name }) => !constants.has(name));
  const inputs = fed.map((value) => portOf('input', value, bind, refuse));
  const outputs = graph.output.map((value) => portOf('output', value, bind, refuse));
  // Sizes in between are inferred again.
  graph.valueInfo = [];
  let externalData: Lowered['externalData'];
  if (external !== undefined) {
    const file = await open(join(dirname(path), external)).catch((error: NodeJS.ErrnoException) => {
      throw refuse(`its weights are in '${external}', which cannot be read (${error.code})`);
    });
    try {
      externalData = { path: external, data: [await file.readFile()] };
    } finally {
      await file.close();
    }
  }
  return {
    model: toBinary(ModelProtoSchema, model),
    externalData,
    inputs,
    parameters: [],
    masks: [],
    outputs,
    metadata: Object.fromEntries(model.metadataProps.map(({ key, value }) => [key, value])),
  };
}
