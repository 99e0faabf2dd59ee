/** Encoders of pictures or of sounds alone: a model's own, or ONNX files of any program. */
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { basename } from 'node:path';
import { shapeOf, type View } from '../datasets/loader/views.js';
import { type PresetName, pictureSpecOf, soundSpecOf } from '../features/choice.js';
import { readOnnx } from '../runtime/onnxFile.js';
import { Session } from '../runtime/session.js';
import { sameShape, showShape, type Tensor, tensor } from '../tensor.js';
import { LocalizerError } from './localizer.js';
import { type Model, viewsOf } from './model.js';
import { encoderGraph, type ModelSessionOptions, openGraph } from './network.js';

export type Side = 'picture' | 'sound';

export interface Encoder {
  /** How pictures or sounds become its input. */
  view: View;
  /** Inputs at a time: exactly so many are given. */
  batch: number;
  /** Of everything that its embeddings depend on besides the data. */
  hash: string;
  /** [B, ...] as the view makes them -> [B, D]. */
  embed: (inputs: Tensor<'float32'>) => Promise<Tensor<'float32'>>;
  release: () => Promise<void>;
}

/** One side of a model. Throws LocalizerError and SessionError. */
export async function modelEncoder(model: Model, side: Side, options: ModelSessionOptions): Promise<Encoder> {
  const { frame, spectrogram } = viewsOf(model, options.size);
  const { weights, ...about } = model;
  const hash = createHash('sha256').update(JSON.stringify([about, side, ...(options.size === undefined ? [] : [options.size])]));
  for (const name of Object.keys(weights).sort()) hash.update(name).update(bytesOf(weights[name]!));
  const session = await openGraph(encoderGraph(model, side, options), model, options);
  const input = side === 'picture' ? 'frame' : 'spectrogram';
  return {
    view: side === 'picture' ? frame : spectrogram,
    batch: options.batch,
    hash: hash.digest('hex'),
    embed: async (inputs) => (await session.run({ [input]: inputs })).embedding as Tensor<'float32'>,
    release: () => session.release(),
  };
}

const bytesOf = ({ data }: Tensor) => new Uint8Array(data.buffer, data.byteOffset, data.byteLength);

/**
 * An ONNX file with one input, of the preset's size, and a first output [B, D]; `batch` is for a file that leaves B open. Throws LocalizerError for
 * another file, OnnxFileError and SessionError when it cannot be run.
 */
export async function onnxEncoder(
  path: string,
  side: Side,
  { preset, batch: wanted, ...options }: { preset: PresetName } & Pick<ModelSessionOptions, 'batch' | 'threads' | 'onWarning'>,
): Promise<Encoder> {
  const view: View = side === 'picture' ? { picture: pictureSpecOf({ preset }) } : { sound: soundSpecOf({ preset }) };
  const model = await readOnnx(path, { batch: wanted });
  const [input, ...others] = model.inputs;
  const batch = input?.shape[0] ?? wanted;
  const made = [batch, ...shapeOf(side, view)];
  const output = model.outputs[0];
  const withoutChannel = made.filter((_, axis) => axis !== 1);
  const fits = input && (sameShape(input.shape, made) || (side === 'sound' && sameShape(input.shape, withoutChannel)));
  if (!fits || others.length > 0)
    throw new LocalizerError(
      `${path}: expected one input ${showShape(made)}, as the preset '${preset}' makes ${side}s, it has ` +
        `${model.inputs.map(({ name, shape }) => `'${name}' ${showShape(shape)}`).join(', ')}`,
    );
  if (output?.shape.length !== 2 || output.shape[0] !== batch)
    throw new LocalizerError(
      `${path}: expected embeddings [${batch}, D] as its first output, got ${output ? `'${output.name}' ${showShape(output.shape)}` : 'none'}`,
    );
  const hash = createHash('sha256')
    .update(await readFile(path))
    .update(`${side} ${preset}`)
    .digest('hex');
  const session = await Session.create(model, { ...options, name: basename(path) });
  return {
    view,
    batch,
    hash,
    embed: async (inputs) => {
      const outputs = await session.run({ [input.name]: tensor('float32', input.shape, inputs.data) });
      return outputs[output.name] as Tensor<'float32'>;
    },
    release: () => session.release(),
  };
}
