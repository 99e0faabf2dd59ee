/** A trained model as one file: weights as safetensors, and in its metadata what is needed to build the network and to feed it. */
import { z } from 'zod';
import { type PictureChoice, pictureSpecOf, presetNames, type SoundChoice, soundSpecOf } from '../features/choice.js';
import type { Weights } from '../graph/lower/weights.js';
import { type ArchitectureName, architectureNames, architectures } from '../methods/index.js';
import { loadSafetensors, saveSafetensors } from '../runtime/safetensors.js';
import { LocalizerError } from './localizer.js';

export const modelFormat = 'earshot-model-1';

export const pictureChoice = z.strictObject({ preset: z.enum(presetNames), size: z.int().min(16).max(4096).optional() });
export const soundChoice = z.strictObject({ preset: z.enum(presetNames), seconds: z.number().min(0.1).max(600).optional() });

const matching = z.strictObject({ slope: z.number(), offset: z.number() });

const description = z.strictObject({
  method: z.enum(architectureNames),
  settings: z.unknown(),
  picture: pictureChoice,
  sound: soundChoice,
  /** Turns a map's peak into the probability that the picture makes the sound; see `confidence.ts`. */
  confidence: matching.optional(),
});

/** What a network is, without its weights. */
export interface ModelDescription {
  /** Whose network it is. */
  method: ArchitectureName;
  /** As the network's own schema has made them. */
  settings: unknown;
  picture: PictureChoice;
  sound: SoundChoice;
  confidence?: z.infer<typeof matching>;
}

export interface Model extends ModelDescription {
  /** All parameters, running statistics among them, by name. */
  weights: Weights;
}

/** How pictures and sounds become the model's inputs; `size` in place of the one that it was trained with. */
export const viewsOf = ({ picture, sound }: ModelDescription, size = picture.size) => ({
  frame: { picture: pictureSpecOf({ ...picture, size }) },
  spectrogram: { sound: soundSpecOf(sound) },
});

/** Writes the file, whole or not at all. `more` is further metadata. */
export async function saveModel(path: string, { weights, ...about }: Model, more: Record<string, string> = {}): Promise<void> {
  await saveSafetensors(path, { ...weights }, { ...more, format: modelFormat, earshot: JSON.stringify(about) });
}

/** Reads what `saveModel` wrote. Throws LocalizerError for other files, SafetensorsError for damaged ones. */
export async function loadModel(path: string): Promise<Model> {
  return (await loadModelAndNotes(path)).model;
}

/** `loadModel`, and what else the file says of itself: where its weights come from, for one. */
export async function loadModelAndNotes(path: string): Promise<{ model: Model; notes: Record<string, string> }> {
  const { tensors, metadata } = await loadSafetensors(path);
  if (metadata.format === 'earshot-checkpoint-1')
    throw new LocalizerError(`${path} is where a training goes on, not its model: take best.safetensors beside it`);
  if (metadata.format !== modelFormat)
    throw new LocalizerError(
      `${path} is no model: its metadata gives format '${metadata.format ?? 'none'}', not '${modelFormat}'`,
    );
  const { format: _, earshot, ...notes } = metadata;
  return { model: { ...readDescription(path, earshot), weights: tensors }, notes };
}

function readDescription(path: string, text: string | undefined): ModelDescription {
  let given: unknown;
  try {
    given = JSON.parse(text ?? '');
  } catch {
    throw new LocalizerError(`${path}: its metadata do not say what the model is (expected JSON in 'earshot')`);
  }
  const found = description.safeParse(given);
  const settings = found.success ? architectures[found.data.method].settings.safeParse(found.data.settings) : undefined;
  const [issue] = found.error?.issues ?? settings?.error?.issues ?? [];
  if (!found.success || !settings?.success) {
    const place = [...(found.success ? ['settings'] : []), ...(issue?.path ?? [])].join('.');
    throw new LocalizerError(`${path}: its metadata 'earshot' are wrong${place && ` at '${place}'`}: ${issue?.message}`);
  }
  return { ...found.data, settings: settings.data };
}
