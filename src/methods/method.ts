/** What a method is: two encoders, a map, a loss, and what it asks of the data. Shared code reads this and never asks which method it has. */
import type { z } from 'zod';
import type { PresetName } from '../features/choice.js';
import type { Value } from '../graph/ir.js';
import type { Scope } from '../nn/scope.js';

/**
 * Ways in which a pair's picture or sound is seen: as it is, changed at random, or that of a pair which is like it in the eyes (or ears) of
 * an encoder: a semantic positive.
 */
export const viewKinds = ['anchor', 'augmented', 'neighbour'] as const;
export type ViewKind = (typeof viewKinds)[number];

export type Named = Readonly<Record<string, Value>>;

/** What localization sees of pictures or of sounds. */
export interface Described {
  /** What maps are made of: of pictures [B, D, h, w], of sounds [B, D]; unit vectors along D. */
  features: Value;
  /** One unit vector each, [B, E]: similar for what belongs together. Retrieval and semantic positives compare them. */
  embedding: Value;
}

/** What an encoder makes of pictures or of sounds in training. */
export interface Encoded extends Described {
  /** What the loss compares, each [B, ...]. */
  compared: Named;
}

/** A network that localizes, trained here or elsewhere. `S` are its settings. */
export interface Architecture<S = unknown> {
  name: string;
  /** Paper and published code. */
  source: string;
  /** Settings as they come from options and files; unknown ones are refused. */
  settings: z.ZodType<S>;
  /** `frames` [B, 3, H, W]; fully convolutional: the map's size follows. */
  picture: (scope: Scope, frames: Value, settings: S) => Described;
  /** `spectrograms` [B, 1, F, T]. */
  sound: (scope: Scope, spectrograms: Value, settings: S) => Described;
  /** Of features of equally many pictures and sounds: maps [B, h, w], higher where the sound comes from. */
  map: (pictureFeatures: Value, soundFeatures: Value) => Value;
}

/** An architecture that can be trained. A method is a plain object; `methods/index.ts` is the table. */
export interface Method<S = unknown> extends Architecture<S> {
  /** Complete settings by the name of a preset: `paper` as published, `laptop` for two cores. */
  presets: { readonly paper: S; readonly laptop: S };
  /** What the paper trains with besides its settings: how pictures and sounds become inputs, and how often each pair is seen. */
  published: { readonly inputs: PresetName; readonly epochs: number };
  /** Which views of each pair a step is fed, the same kind at most once. */
  views: (settings: S) => { readonly picture: readonly ViewKind[]; readonly sound: readonly ViewKind[] };
  picture: (scope: Scope, frames: Value, settings: S) => Encoded;
  sound: (scope: Scope, spectrograms: Value, settings: S) => Encoded;
  /** Scalars by name, whose sum is minimized; one element of `pictures` and `sounds` for each view, in the order of `views`. */
  loss: (pictures: readonly Named[], sounds: readonly Named[], settings: S) => Named;
}

/** Forgets the type of the settings: what shared code passes to a method is always what the method's own schema has made. */
export const defineMethod = <S>(method: Method<S>): Method => method as unknown as Method;

/** The same for a network that is not trained here. */
export const defineArchitecture = <S>(architecture: Architecture<S>): Architecture => architecture as unknown as Architecture;
