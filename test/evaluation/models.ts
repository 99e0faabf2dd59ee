/** Small ONNX models with a picture and a sound as inputs and a map as output. */
import { writeFileSync } from 'node:fs';
import { create, fromBinary, toBinary } from '@bufbuild/protobuf';
import * as g from '../../src/graph/index.js';
import { type ModelProto, ModelProtoSchema, StringStringEntryProtoSchema } from '../../src/graph/onnx/onnx_pb.js';
import { Random } from '../../src/random.js';
import { float32 } from '../../src/tensor.js';

export interface TinyModel {
  graph: g.Graph;
  bytes: Uint8Array;
}

const noise = (name: string, shape: number[]) => {
  const random = new Random(1, name);
  return g.constant(
    float32(
      shape,
      Array.from({ length: shape.reduce((n, d) => n * d) }, () => random.normal() / 4),
    ),
  );
};

/** Of the laptop's inputs: two convolutions each, the cosine of every position with the sound. */
export function tinyModel(batch: number): TinyModel {
  const frame = g.input('frame', [batch, 3, 96, 96]);
  const spectrogram = g.input('spectrogram', [batch, 1, 64, 100]);
  const picture = g.conv2d(frame, noise('picture', [8, 3, 16, 16]), { stride: 16 });
  const sound = g.globalAveragePool(g.conv2d(spectrogram, noise('sound', [8, 1, 16, 20]), { stride: 16 }));
  const unit = g.l2Normalize(sound, 1);
  const map = g.sum(g.mul(g.l2Normalize(picture, 1), g.reshape(unit, [batch, 8, 1, 1])), 1);
  const imageEmbedding = g.globalAveragePool(picture);
  const graph = { outputs: { map, imageEmbedding, soundEmbedding: unit } };
  return { graph, bytes: g.lowerNchw(graph).model };
}

/** Writes a model with something about it changed. */
export function writeModel(path: string, { bytes }: TinyModel, change: (model: ModelProto) => void = () => {}): string {
  const model = fromBinary(ModelProtoSchema, bytes);
  change(model);
  writeFileSync(path, toBinary(ModelProtoSchema, model));
  return path;
}

/** The batch of all inputs and outputs becomes a name, as exporters write it. */
export function openBatch({ graph }: ModelProto): void {
  for (const { type } of [...graph!.input, ...graph!.output])
    if (type?.value.case === 'tensorType') type.value.value.shape!.dim[0]!.value = { case: 'dimParam', value: 'batch' };
}

export const withMetadata =
  (entries: Record<string, string>) =>
  (model: ModelProto): void => {
    model.metadataProps = Object.entries(entries).map(([key, value]) => create(StringStringEntryProtoSchema, { key, value }));
  };
