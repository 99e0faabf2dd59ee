/** Any ONNX file as a model that a session can run. */
import { readFile, stat } from 'node:fs/promises';
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
import type { Shape } from '../tensor.js';
import { openShapes } from './openShapes.js';

/** A file that is no model, or none that can be run here: the message names the file and what is wrong with it. */
export class OnnxFileError extends Error {
  override name = 'OnnxFileError';
}

export interface OnnxModel extends Lowered {
  metadata: Record<string, string>;
}

/** What protobuf can hold. */
const maxBytes = 2 ** 31 - 1;

/** Domains whose operations ONNX Runtime has; '' and 'ai.onnx' are the same. */
const knownDomains = ['', 'ai.onnx', 'ai.onnx.ml', 'com.microsoft', 'com.microsoft.nchwc'];

/** Nodes, and those of the graphs within them. */
function* nodesWithin(nodes: readonly NodeProto[]): Generator<NodeProto> {
  for (const node of nodes) {
    yield node;
    for (const { g, graphs } of node.attribute)
      for (const inner of [...(g ? [g] : []), ...graphs]) yield* nodesWithin(inner.node);
  }
}

/** Throws for an operation that neither ONNX Runtime nor a function in the file (as PyTorch writes them) can be. */
function checkDomains({ graph, functions }: ModelProto & { graph: GraphProto }, refuse: (why: string) => OnnxFileError): void {
  const own = new Set(functions.map(({ domain, name }) => `${domain}:${name}`));
  for (const { domain, opType } of nodesWithin([...graph.node, ...functions.flatMap(({ node }) => node)]))
    if (!knownDomains.includes(domain) && !own.has(`${domain}:${opType}`))
      throw refuse(
        `its operation '${opType}' is of the domain '${domain}', which cannot be run; export it with ONNX's own operations`,
      );
}

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

const portOf = (name: string, shape: Shape): Port => ({ name, dtype: 'float32', shape });

type Dimension = TensorShapeProto_Dimension;

/** A size that the file fixes; undefined for one that has a name, or nothing, or a number that is no size. */
const fixedSize = ({ value }: Dimension): number | undefined =>
  value.case === 'dimValue' && value.value > 0n ? Number(value.value) : undefined;
/** The name of an open size; undefined where it has none. */
const openName = ({ value }: Dimension): string | undefined => (value.case === 'dimParam' && value.value) || undefined;

function fix(dimension: Dimension, size: number): void {
  dimension.value = { case: 'dimValue', value: BigInt(size) };
}

/** The sizes of a value, as the file has them. */
function dimensionsOf(
  what: string,
  { name, type }: ValueInfoProto,
  refuse: (why: string) => OnnxFileError,
): readonly Dimension[] {
  const tensor = type?.value.case === 'tensorType' ? type.value.value : undefined;
  if (tensor?.elemType !== DataType.FLOAT) {
    const hint =
      tensor?.elemType === DataType.UINT8
        ? ', not bytes, which files of "earshot export" take: give the model that it was made of'
        : '';
    throw refuse(`${what} '${name}': expected a tensor of float32${hint}`);
  }
  const { shape } = tensor;
  if (!shape) throw refuse(`${what} '${name}' has no shape; run onnx.shape_inference on the file`);
  return shape.dim;
}

/** Fixes the open first sizes of the inputs; returns the names that these had. Throws for other open sizes. */
function bindInputs(
  inputs: readonly ValueInfoProto[],
  batch: number,
  refuse: (why: string) => OnnxFileError,
): Set<string | undefined> {
  const names = new Set<string | undefined>();
  for (const value of inputs)
    for (const [axis, dimension] of dimensionsOf('input', value, refuse).entries()) {
      if (fixedSize(dimension) !== undefined) continue;
      const name = openName(dimension);
      if (axis > 0)
        throw refuse(
          `input '${value.name}': size ${axis}${name ? ` ('${name}')` : ''} is not fixed; only the batch, the first, may be open`,
        );
      if (name) names.add(name);
      fix(dimension, batch);
    }
  return names;
}

/** The shape of a value; undefined when one of its sizes is open. */
function fixedShape(dimensions: readonly Dimension[]): Shape | undefined {
  const sizes = dimensions.map(fixedSize).filter((size) => size !== undefined);
  return sizes.length === dimensions.length ? sizes : undefined;
}

/** The weights beside the model. */
async function readWeights(
  folder: string,
  file: string,
  refuse: (why: string) => OnnxFileError,
): Promise<NonNullable<Lowered['externalData']>> {
  const path = join(folder, file);
  try {
    // A pipe or a device might never end.
    if ((await stat(path)).isFile()) return { path: file, data: [await readFile(path)] };
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    const why = code === 'ERR_FS_FILE_TOO_LARGE' ? 'has more than 2 GiB' : `cannot be read (${code})`;
    throw refuse(`its weights are in '${file}', which ${why}`);
  }
  throw refuse(`its weights are in '${file}', which is no file`);
}

async function readModel(path: string, refuse: (why: string) => OnnxFileError): Promise<ModelProto & { graph: GraphProto }> {
  const status = await stat(path);
  if (!status.isFile()) throw refuse('expected an ONNX file, this is no file');
  const { size } = status;
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
 * Reads a model whose inputs and outputs are tensors of float32. Open first sizes of the inputs become `batch`, all their others must be fixed;
 * where that leaves sizes of outputs open, the model is run once to find them. Weights beside the model are read from its folder alone.
 *
 * Throws OnnxFileError for a file that is no such model, the system's error when it cannot be read, and SessionError when it must be run and
 * cannot be. Operations of unknown domains are refused here; unknown ones of known domains when a session is made of it.
 */
export async function readOnnx(path: string, { batch }: { batch: number }): Promise<OnnxModel> {
  const refuse = (why: string) => new OnnxFileError(`${path}: ${why}`);
  const model = await readModel(path, refuse);
  const { graph } = model;
  checkDomains(model, refuse);
  const file = externalFile(model, refuse);
  const constants = new Set(graph.initializer.map(({ name }) => name));
  const fed = graph.input.filter(({ name }) => !constants.has(name));
  const batchNames = bindInputs(fed, batch, refuse);
  const inputs = fed.map((value) => portOf(value.name, fixedShape(dimensionsOf('input', value, refuse))!));

  const leaving = graph.output.map((value) => ({ name: value.name, dimensions: dimensionsOf('output', value, refuse) }));
  for (const dimension of leaving.flatMap(({ dimensions }) => dimensions))
    if (batchNames.has(openName(dimension))) fix(dimension, batch);
  // Sizes in between are inferred again.
  graph.valueInfo = [];
  const externalData = file === undefined ? undefined : await readWeights(dirname(path), file, refuse);
  const open = leaving.filter(({ dimensions }) => !fixedShape(dimensions));
  const found = open.length > 0 ? await openShapes(path, model, { inputs, externalData }, open) : undefined;
  return {
    model: toBinary(ModelProtoSchema, model),
    externalData,
    inputs,
    parameters: [],
    masks: [],
    outputs: leaving.map(({ name, dimensions }) => portOf(name, fixedShape(dimensions) ?? found!.get(name)!)),
    metadata: Object.fromEntries(model.metadataProps.map(({ key, value }) => [key, value])),
  };
}
