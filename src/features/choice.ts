/** Presets with the one number of them that is often changed. */
import { picturePresets, soundPresets } from './presets.js';
import type { PictureSpec, SoundSpec, SpectrogramSpec } from './spec.js';

export type PresetName = keyof typeof picturePresets & keyof typeof soundPresets;
export const presetNames = Object.keys(picturePresets) as [PresetName, ...PresetName[]];

export interface PictureChoice {
  preset: PresetName;
  /** Pixels a side in place of the preset's; parts of pictures are cut in proportion. */
  size?: number;
}

export interface SoundChoice {
  preset: PresetName;
  /** Length of the part in the middle of a sound, in place of the preset's. */
  seconds?: number;
}

export function pictureSpecOf({ preset, size }: PictureChoice): PictureSpec {
  const spec: PictureSpec = picturePresets[preset];
  if (size === undefined || size === spec.size) return spec;
  const fit = spec.fit === 'squash' ? spec.fit : { shortSide: Math.round((spec.fit.shortSide * size) / spec.size) };
  return { ...spec, name: `${preset} at ${size} pixels`, size, fit };
}

/** Frames that there are, kept or not; as `planOf` counts them. */
const framesIn = (samples: number, { segment, centred }: SpectrogramSpec, hop: number): number =>
  Math.floor((samples - (centred ? 0 : segment)) / hop) + 1;

/** The step between two frames changes with the length, so that there are as many frames: of a shorter sound more is seen. */
export function soundSpecOf({ preset, seconds }: SoundChoice): SoundSpec {
  const spec: SoundSpec = soundPresets[preset];
  const { clip, spectrogram } = spec;
  const [first, end] = clip.slice ?? [0, clip.samples];
  const before = end - first;
  const samples = seconds === undefined ? before : Math.round(seconds * clip.sampleRate);
  if (samples === before) return spec;
  const { slice: _, ...rest } = clip;
  const all = framesIn(before, spectrogram, spectrogram.hop);
  const needed = spectrogram.keep?.[1] ?? all;
  let hop = Math.max(1, Math.round((spectrogram.hop * samples) / before));
  while (hop > 1 && framesIn(samples, spectrogram, hop) < needed) hop--;
  // Of frames too many those in the middle.
  const spare = Math.floor((framesIn(samples, spectrogram, hop) - all) / 2);
  return {
    ...spec,
    name: `${preset} of ${seconds} s`,
    clip: { ...rest, samples, take: 'centre' },
    spectrogram: { ...spectrogram, hop, keep: spectrogram.keep ?? [spare, spare + all] },
  };
}
