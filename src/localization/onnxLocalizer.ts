/** ONNX files, of any program, as models to evaluate. */
import { basename } from 'node:path';
import { shapeOf } from '../datasets/loader/views.js';
import { picturePresets, soundPresets } from '../features/presets.js';
import type { PictureSpec, SoundSpec } from '../features/spec.js';
import type { Port } from '../graph/lower/lowered.js';
import { type OnnxModel, readOnnx } from '../runtime/onnxFile.js';
import { Session, type SessionOptions } from '../runtime/session.js';
import { sameShape, showShape, type Tensor, tensor } from '../tensor.js';
import { type Localized, type Localizer, LocalizerError } from './localizer.js';

export interface OnnxLocalizerOptions extends Pick<SessionOptions, 'threads' | 'onWarning' | 'executionProvider'> {
  /** In tables; the file's name when not given. */
  name?: string;
  /** Names of `picturePresets` and `soundPresets`; the file's metadata `earshot.picture` and `earshot.sound` when not given. */
  picture?: string;
  sound?: string;
  batch: number;
}

const showPorts = (ports: readonly Port[]) => ports.map(({ name, shape }) => `'${name}' ${showShape(shape)}`).join(', ');

/** The preset of that name. */
function presetOf<T extends PictureSpec | SoundSpec>(
  path: string,
  what: 'picture' | 'sound',
  name: string | undefined,
  presets: Readonly<Record<string, T>>,
): T {
  const known = Object.keys(presets).join(', ');
  if (name === undefined)
    throw new LocalizerError(
      `${path}: it does not say how ${what}s become its input (metadata earshot.${what}); pass --${what} with one of ${known}`,
    );
  if (!Object.hasOwn(presets, name)) throw new LocalizerError(`${path}: there is no ${what} preset '${name}', only ${known}`);
  return presets[name]!;
}

/** Which inputs and outputs are what. */
interface Roles {
  frame: Port;
  spectrogram: Port;
  map: Port;
  image?: Port;
  sound?: Port;
}

function rolesOf(path: string, { inputs, outputs }: OnnxModel): Roles {
  const isFrame = ({ shape }: Port) => shape.length === 4 && shape[1] === 3;
  const frames = inputs.filter(isFrame);
  const spectrograms = inputs.filter((port) => !isFrame(port));
  if (frames.length !== 1 || spectrograms.length !== 1)
    throw new LocalizerError(
      `${path}: expected two inputs, a picture [B, 3, S, S] and a spectrogram [B, 1, F, T] or [B, F, T], it has ${showPorts(inputs)}`,
    );
  const isMap = ({ shape }: Port) => shape.length === 3 || (shape.length === 4 && shape[1] === 1);
  const maps = outputs.filter(isMap);
  const map = maps.find(({ name }) => /^(heat)?map$/i.test(name)) ?? maps[0];
  if (!map || (maps.length > 1 && !/^(heat)?map$/i.test(map.name)))
    throw new LocalizerError(
      `${path}: expected an output map [B, h, w] or [B, 1, h, w], called 'map' where there are several, it has ${showPorts(outputs)}`,
    );
  const embedding = (pattern: RegExp) => outputs.find(({ name, shape }) => shape.length === 2 && pattern.test(name));
  const image = embedding(/^(image|picture|frame|visual)_?embeddings?$/i);
  const sound = embedding(/^(sound|audio)_?embeddings?$/i);
  return { frame: frames[0]!, spectrogram: spectrograms[0]!, map, ...(image && sound && { image, sound }) };
}

/** Throws LocalizerError unless an input is what the preset makes, with or without a channel of one. */
function checkInput(path: string, { name, shape }: Port, made: readonly number[], batch: number, preset: string): void {
  const fits = [made, ...(made[0] === 1 ? [made.slice(1)] : [])].some((one) => sameShape(shape, [batch, ...one]));
  if (!fits)
    throw new LocalizerError(
      `${path}: its input '${name}' is ${showShape(shape)}, the preset '${preset}' makes ${showShape([batch, ...made])} ` +
        `for a batch of ${batch}; pass another preset${shape[0] === batch ? '' : `, or --batch ${shape[0]}`}`,
    );
}

/** Throws LocalizerError unless the map and the embeddings have a row for each pair. */
function checkOutputs(path: string, { map, image, sound }: Roles, batch: number): void {
  for (const { name, shape } of [map, image, sound].filter((port) => port !== undefined))
    if (shape[0] !== batch)
      throw new LocalizerError(
        `${path}: its output '${name}' is ${showShape(shape)}, expected ${batch} as its first size, the batch`,
      );
}

/**
 * A model with a picture and a spectrogram as inputs and a map as output, and embeddings `imageEmbedding` and `soundEmbedding` (or `image_embedding`,
 * `audio_embedding`) where it has both. Throws LocalizerError when inputs and outputs are others, or of other sizes than the presets make;
 * OnnxFileError and SessionError when the file cannot be run.
 */
export async function onnxLocalizer(path: string, options: OnnxLocalizerOptions): Promise<Localizer> {
  const { name = basename(path), batch, picture, sound, ...sessionOptions } = options;
  const model = await readOnnx(path, { batch });
  const roles = rolesOf(path, model);
  const views = {
    frame: { picture: presetOf<PictureSpec>(path, 'picture', picture ?? model.metadata['earshot.picture'], picturePresets) },
    spectrogram: { sound: presetOf<SoundSpec>(path, 'sound', sound ?? model.metadata['earshot.sound'], soundPresets) },
  };
  checkInput(path, roles.frame, shapeOf('frame', views.frame), batch, views.frame.picture.name);
  checkInput(path, roles.spectrogram, shapeOf('spectrogram', views.spectrogram), batch, views.spectrogram.sound.name);
  checkOutputs(path, roles, batch);
  const session = await Session.create(model, { ...sessionOptions, name });
  return {
    name,
    views,
    batch,
    localize: async (frames, spectrograms): Promise<Localized> => {
      const outputs = await session.run({
        [roles.frame.name]: tensor('float32', roles.frame.shape, frames.data),
        [roles.spectrogram.name]: tensor('float32', roles.spectrogram.shape, spectrograms.data),
      });
      const { data } = outputs[roles.map.name] as Tensor<'float32'>;
      const embedding = (port: Port | undefined) => port && (outputs[port.name] as Tensor<'float32'>);
      return {
        maps: tensor('float32', [batch, ...roles.map.shape.slice(-2)], data),
        imageEmbeddings: embedding(roles.image),
        soundEmbeddings: embedding(roles.sound),
      };
    },
    release: () => session.release(),
  };
}
