/** What a loader makes of each pair: named tensors, each a picture or a sound seen in one way. */
import type { PictureAugmentation } from '../../features/augment/pictures.js';
import type { ClipShift, SpectrogramMask } from '../../features/augment/sound.js';
import { planOf } from '../../features/plan.js';
import type { PictureSpec, SoundSpec } from '../../features/spec.js';
import type { Shape } from '../../tensor.js';

/** The pair's picture as [3, size, size]: as `picture` says, or augmented at random to the same size and then normalized. */
export interface PictureView {
  picture: PictureSpec;
  /** Of the pair's partner instead; see `Partners`. */
  partner?: boolean;
  augmentation?: PictureAugmentation;
}

/** The pair's sound as [1, bins, frames]. */
export interface SoundView {
  sound: SoundSpec;
  /** Of the pair's partner instead; see `Partners`. */
  partner?: boolean;
  /** Sounds without signal (see `hasSignal`) are bad: nothing can be learned of them. */
  needsSignal?: boolean;
  /** Shifts the sound in time at random first. */
  shift?: ClipShift;
  /** Masks bands of time and frequency at random. */
  mask?: SpectrogramMask;
}

export type View = PictureView | SoundView;
export type Views = Readonly<Record<string, View>>;

/** For a pair, the pair whose picture and the one whose sound views of its partner show: positions in the set. */
export type Partners = (index: number) => { picture: number; sound: number };

/** Shape of one sample. Throws RangeError when an augmentation makes another size than the view's. */
export function shapeOf(name: string, view: View): Shape {
  if ('sound' in view) {
    const { bins, frames } = planOf(view.sound);
    return [1, bins, frames];
  }
  const { size } = view.picture;
  if (view.augmentation && view.augmentation.size !== size)
    throw new RangeError(
      `view '${name}': its augmentation makes pictures of ${view.augmentation.size} pixels, the view wants ${size}`,
    );
  return [3, size, size];
}
