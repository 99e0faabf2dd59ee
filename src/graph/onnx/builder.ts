/**
 * Writes ONNX models node by node (IR version 10, opset 21). Names come out readable in a model viewer: a node is called
 * `scope/OpType`, its output like the node, both made unique with `_1`, `_2`, ...
 */
import { create, toBinary } from '@bufbuild/protobuf';
import { type Shape, sizeOf } from '../../tensor.js';
import {
  type AttributeValue,
  attributeOf,
  bytesOf,
  type ConstantData,
  dataTypes,
  moveOut,
  type OnnxType,
  typeOfData,
  valueInfo,
} from './encode.js';
import {
  TensorProto_DataType as DataType,
  type GraphProto,
  GraphProtoSchema,
  ModelProtoSchema,
  NodeProtoSchema,
  OperatorSetIdProtoSchema,
  StringStringEntryProtoSchema,
  TensorProtoSchema,
  TypeProtoSchema,
  ValueInfoProtoSchema,
} from './onnx_pb.js';

export type { AttributeValue, ConstantData, OnnxType } from './encode.js';

export interface NodeOptions {
  /** '' (standard), 'com.microsoft' or 'com.microsoft.nchwc' */
  domain?: string;
  /** Scope path of the node's name, e.g. `vision/layer1.0/conv1`; the builder's `scope` when not given. */
  label?: string;
}

export interface Serialized {
  model: Uint8Array;
  externalData?: { path: string; data: readonly Uint8Array[] };
}

const irVersion = 10n;
const opsetVersions: Readonly<Record<string, bigint>> = { '': 21n, 'com.microsoft': 1n, 'com.microsoft.nchwc': 1n };
const producer = { producerName: 'earshot', producerVersion: '0.1.0' };

/** Protobuf refuses messages of 2 GiB; what is not weights needs a little room below it. */
const protobufLimit = 2 ** 31 - 2 ** 26;
/** Constants up to this size are compared with earlier ones and shared. */
const largestShared = 4096;

export class OnnxBuilder {
  /** Scope path given to nodes that name none themselves; lowerings set it to the label of the value being lowered. */
  scope = '';

  readonly #graph: GraphProto = create(GraphProtoSchema);
  /** Every name in use, of a node or of a value. */
  readonly #names = new Set<string>();
  readonly #values = new Set<string>();
  readonly #reserved = new Set<string>();
  /** New names of values that became outputs. */
  readonly #renamed = new Map<string, string>();
  readonly #suffixes = new Map<string, number>();
  readonly #shared = new Map<string, string>();
  readonly #domains = new Set<string>(['']);

  /**
   * Appends a node and returns its only output's name. An omitted optional input is ''.
   * `output` forces the output's name; throws when that name is taken.
   */
  op(
    type: string,
    inputs: readonly string[],
    attributes: Readonly<Record<string, AttributeValue>> = {},
    options: NodeOptions & { output?: string } = {},
  ): string {
    return this.ops(type, inputs, attributes, options.output === undefined ? 1 : [options.output], options)[0]!;
  }

  /** The same for several outputs: their count, or their names ('' for one that is not needed). */
  ops(
    type: string,
    inputs: readonly string[],
    attributes: Readonly<Record<string, AttributeValue>>,
    outputs: number | readonly string[],
    { domain = '', label = this.scope }: NodeOptions = {},
  ): string[] {
    if (!(domain in opsetVersions)) throw new RangeError(`${type}: unknown operator domain '${domain}'`);
    this.#domains.add(domain);
    const path = label ? `${label}/${type}` : type;
    for (const input of inputs)
      if (input !== '' && !this.#values.has(input))
        throw new Error(`${path}: its input '${input}' is no value of this model yet`);
    const name = this.#unique(path);
    const attribute = Object.entries(attributes).map(([key, value]) => attributeOf(name, key, value));
    const output = typeof outputs === 'number' ? this.#outputsOf(name, outputs) : [...outputs];
    if (typeof outputs !== 'number') for (const given of outputs) if (given !== '') this.#claim(given);
    this.#graph.node.push(create(NodeProtoSchema, { name, opType: type, domain, input: [...inputs], output, attribute }));
    return output;
  }

  /**
   * An initializer. Equal small ones (same type, shape and bytes) without a name of their own are shared. The data is kept, not
   * copied, until `build`. Throws RangeError when the data does not fill the shape.
   */
  constant(data: ConstantData, shape: Shape, options: { name?: string; type?: OnnxType } = {}): string {
    const type = options.type ?? typeOfData(data);
    if (data.length !== sizeOf(shape))
      throw new RangeError(
        `constant ${options.name ?? ''}: shape [${shape}] holds ${sizeOf(shape)} elements, the data ${data.length}`,
      );
    return options.name === undefined && data.byteLength <= largestShared
      ? this.#sharedInitializer('constant', type, bytesOf(data), shape)
      : this.#initializer(options.name ?? 'constant', type, bytesOf(data), shape);
  }

  /** An int64 vector, shared: axes, shapes, pads. */
  ints(values: readonly number[]): string {
    return this.#sharedInitializer(`ints/${values.join(',')}`, 'int64', bytesOf(BigInt64Array.from(values, BigInt)), [
      values.length,
    ]);
  }

  /** A float32 scalar, shared. */
  scalar(x: number): string {
    return this.#sharedInitializer(`scalar/${x}`, 'float32', bytesOf(Float32Array.of(x)), []);
  }

  /** A tensor that is fed; throws when the name is taken. */
  input(name: string, type: OnnxType, shape: Shape): string {
    this.#graph.input.push(valueInfo(this.#claim(name), type, shape));
    return name;
  }

  /** Keeps a name for an output to come: until `op` is given it as `output`, no node or constant takes it. */
  reserve(name: string): void {
    this.#claim(name);
    this.#values.delete(name);
    this.#reserved.add(name);
  }

  /** Makes the value of this name an output of the model. */
  output(name: string, type: OnnxType, shape: Shape): void {
    if (!this.#values.has(name)) throw new Error(`output '${name}' is no value of this model`);
    this.#graph.output.push(valueInfo(name, type, shape));
  }

  /**
   * Makes a value an output under a name of its own choosing. The value is renamed where it is made, so that its kernel writes the
   * output itself (its old name is understood here still, so that one value can be several outputs); what cannot be renamed (an
   * input, an initializer, an output already) goes through an Identity.
   */
  outputAs(name: string, given: string, type: OnnxType, shape: Shape): void {
    const value = this.#renamed.get(given) ?? given;
    const maker = this.#graph.output.some((o) => o.name === value)
      ? undefined
      : this.#graph.node.find((n) => n.output.includes(value));
    if (!maker) this.op('Identity', [value], {}, { output: name, label: 'outputs' });
    else if (name !== value) {
      this.#claim(name);
      this.#values.delete(value);
      this.#renamed.set(value, name);
      const renamed = (v: string) => (v === value ? name : v);
      maker.output = maker.output.map(renamed);
      for (const node of this.#graph.node) if (node.input.includes(value)) node.input = node.input.map(renamed);
    }
    this.output(name, type, shape);
  }

  /**
   * Makes an empty sequence, `done`, the model's first output: onnxruntime-node copies outputs into preallocated buffers only as
   * far as the first one that is no tensor. Throws when another output was added before.
   */
  doneOutput(): void {
    if (this.#graph.output.length) throw new Error('doneOutput() must come before output()');
    const name = this.op('SequenceEmpty', [], { dtype: DataType.FLOAT }, { output: 'done', label: '' });
    const elemType = create(TypeProtoSchema, { value: { case: 'tensorType', value: { elemType: DataType.FLOAT } } });
    const type = create(TypeProtoSchema, { value: { case: 'sequenceType', value: { elemType } } });
    this.#graph.output.push(create(ValueInfoProtoSchema, { name, type }));
  }

  /**
   * Serialises the model; `metadata` are its `metadata_props`. When its initializers take more than `limit` bytes (protobuf's 2 GiB), the larger ones go to external
   * data: `externalData.data`, one after the other, is the content of the file `externalData.path` beside the model.
   */
  build(
    name: string,
    { limit = protobufLimit, metadata = {} }: { limit?: number; metadata?: Readonly<Record<string, string>> } = {},
  ): Serialized {
    const path = `${name.replace(/[^\w.-]+/g, '_')}.weights`;
    const total = this.#graph.initializer.reduce((sum, t) => sum + t.rawData.length, 0);
    const { initializer, data } = total > limit ? moveOut(this.#graph.initializer, path) : { ...this.#graph, data: [] };
    const graph = { ...this.#graph, name, initializer };
    const opsetImport = [...this.#domains].map((domain) =>
      create(OperatorSetIdProtoSchema, { domain, version: opsetVersions[domain]! }),
    );
    const metadataProps = Object.entries(metadata).map(([key, value]) => create(StringStringEntryProtoSchema, { key, value }));
    const message = create(ModelProtoSchema, { irVersion, ...producer, opsetImport, graph, metadataProps });
    const model = toBinary(ModelProtoSchema, message);
    return data.length ? { model, externalData: { path, data } } : { model };
  }

  /** The only output is called like its node, several `node:0`, `node:1`, ... */
  #outputsOf(node: string, count: number): string[] {
    if (count > 1) return Array.from({ length: count }, (_, i) => this.#claim(`${node}:${i}`));
    this.#values.add(node);
    return [node];
  }

  #initializer(name: string, type: OnnxType, rawData: Uint8Array<ArrayBuffer>, shape: Shape): string {
    const unique = this.#unique(name);
    this.#values.add(unique);
    this.#graph.initializer.push(
      create(TensorProtoSchema, { name: unique, dataType: dataTypes[type], dims: shape.map(BigInt), rawData }),
    );
    return unique;
  }

  #sharedInitializer(name: string, type: OnnxType, rawData: Uint8Array<ArrayBuffer>, shape: Shape): string {
    const key = `${type}[${shape}]${String.fromCharCode(...rawData)}`;
    const known = this.#shared.get(key) ?? this.#initializer(name, type, rawData, shape);
    this.#shared.set(key, known);
    return known;
  }

  /** Makes exactly this name a value. */
  #claim(name: string): string {
    if (name === '' || (this.#names.has(name) && !this.#reserved.delete(name)))
      throw new Error(`the name '${name}' is ${name ? 'taken in' : 'no name for'} this model`);
    this.#names.add(name);
    this.#values.add(name);
    return name;
  }

  /** `path`, or `path_1`, `path_2`, ... when it is taken. */
  #unique(path: string): string {
    let name = path;
    let n = this.#suffixes.get(path) ?? 0;
    while (this.#names.has(name)) name = `${path}_${++n}`;
    this.#suffixes.set(path, n);
    this.#names.add(name);
    return name;
  }
}
