/** Pieces of an ONNX model as protobuf messages: types, attributes, descriptions of values, external data. */
import { create } from '@bufbuild/protobuf';
import type { Shape } from '../../tensor.js';
import {
  type AttributeProto,
  AttributeProtoSchema,
  TensorProto_DataType as DataType,
  AttributeProto_AttributeType as Kind,
  StringStringEntryProtoSchema,
  type TensorProto,
  TensorProto_DataLocation,
  TensorProtoSchema,
  TypeProtoSchema,
  ValueInfoProtoSchema,
} from './onnx_pb.js';

export type OnnxType = 'float32' | 'int32' | 'int64' | 'bool' | 'uint8' | 'int8';
/** A number is an int, an array of numbers is ints; floats are marked. */
export type AttributeValue = number | { float: number } | string | readonly number[] | { floats: readonly number[] };
export type ConstantData = Float32Array | Int32Array | BigInt64Array | Uint8Array | Int8Array;

export const dataTypes: Readonly<Record<OnnxType, DataType>> = {
  float32: DataType.FLOAT,
  int32: DataType.INT32,
  int64: DataType.INT64,
  bool: DataType.BOOL,
  uint8: DataType.UINT8,
  int8: DataType.INT8,
};

export function typeOfData(data: ConstantData): OnnxType {
  if (data instanceof Float32Array) return 'float32';
  if (data instanceof Int32Array) return 'int32';
  if (data instanceof BigInt64Array) return 'int64';
  return data instanceof Int8Array ? 'int8' : 'uint8';
}

export const bytesOf = (data: ConstantData) => new Uint8Array(data.buffer as ArrayBuffer, data.byteOffset, data.byteLength);

export function attributeOf(node: string, name: string, value: AttributeValue): AttributeProto {
  const int = (n: number) => {
    if (Number.isInteger(n)) return BigInt(n);
    throw new RangeError(`${node}: attribute '${name}' is an int, but got ${n}; write { float: ${n} } for a float`);
  };
  if (typeof value === 'number') return create(AttributeProtoSchema, { name, type: Kind.INT, i: int(value) });
  if (typeof value === 'string')
    return create(AttributeProtoSchema, { name, type: Kind.STRING, s: new TextEncoder().encode(value) });
  if ('float' in value) return create(AttributeProtoSchema, { name, type: Kind.FLOAT, f: value.float });
  if ('floats' in value) return create(AttributeProtoSchema, { name, type: Kind.FLOATS, floats: [...value.floats] });
  return create(AttributeProtoSchema, { name, type: Kind.INTS, ints: value.map(int) });
}

export const valueInfo = (name: string, type: OnnxType, shape: Shape) =>
  create(ValueInfoProtoSchema, {
    name,
    type: create(TypeProtoSchema, {
      value: {
        case: 'tensorType',
        value: {
          elemType: dataTypes[type],
          shape: { dim: shape.map((d) => ({ value: { case: 'dimValue' as const, value: BigInt(d) } })) },
        },
      },
    }),
  });

/** Smaller initializers stay in the model: shapes and axes must be visible to shape inference. */
const smallestExternal = 1024;
/** The ONNX specification asks for page-aligned offsets so that a runtime can map the file. */
const pageSize = 4096;
/** Moves the larger initializers to a file: its content is `data`, one piece after the other. */
export function moveOut(initializers: readonly TensorProto[], path: string): { initializer: TensorProto[]; data: Uint8Array[] } {
  const data: Uint8Array[] = [];
  let offset = 0;
  const entry = (key: string, value: string | number) => create(StringStringEntryProtoSchema, { key, value: `${value}` });
  const initializer = initializers.map((tensor) => {
    const { name, dataType, dims, rawData } = tensor;
    if (rawData.length < smallestExternal) return tensor;
    const externalData = [entry('location', path), entry('offset', offset), entry('length', rawData.length)];
    const padding = (pageSize - (rawData.length % pageSize)) % pageSize;
    data.push(rawData);
    if (padding) data.push(new Uint8Array(padding));
    offset += rawData.length + padding;
    return create(TensorProtoSchema, { name, dataType, dims, dataLocation: TensorProto_DataLocation.EXTERNAL, externalData });
  });
  return { initializer, data };
}
