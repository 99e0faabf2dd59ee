/** Random changes of sounds and of spectrograms for training. */
import type { AudioClip } from '../../media/types.js';
import type { Random } from '../../random.js';
import { drawChance } from './draw.js';

/** A plain value. */
export interface ClipShift {
  /** The most a sound is shifted, either way. */
  seconds: number;
}

/**
 * The sound shifted in time by a whole number of samples, uniform within +-`seconds`: y[i] = x[(i - shift) mod N]. What leaves at
 * one end comes in at the other, so that a preset's window, or its tiling of a short clip, then sees another part of the same
 * sound: the "temporal shift" by which Senocak et al. (arXiv 2309.10724) make their second view, whose size they do not state.
 * Throws RangeError for negative seconds.
 */
export function shiftClip({ samples, sampleRate }: AudioClip, { seconds }: ClipShift, random: Random): AudioClip {
  if (!(seconds >= 0 && seconds < Infinity)) throw new RangeError(`shiftClip: expected seconds of at least 0, got ${seconds}`);
  const most = Math.round(seconds * sampleRate);
  const shift = random.below(2 * most + 1) - most;
  const shifted = new Float32Array(samples.length);
  if (samples.length > 0) {
    const start = ((shift % samples.length) + samples.length) % samples.length;
    shifted.set(samples.subarray(samples.length - start));
    shifted.set(samples.subarray(0, samples.length - start), start);
  }
  return { sampleRate, samples: shifted };
}

/** The masks of SpecAugment (Park et al. 2019): one band of time and one of frequency. A plain value. */
export interface SpectrogramMask {
  /** Widths, in spectrogram frames and in bins, below which the masks stay. */
  time: { width: number };
  frequency: { width: number };
  /** Probability of masking at all. */
  probability: number;
  /** What is written: what the spectrogram has where there is no sound, so that a mask is silence. */
  fill: number;
}

/**
 * Masks a spectrogram [bins, frames] in place. As torchaudio's TimeMasking and FrequencyMasking: with u, v uniform in [0, 1) and
 * w = u * min(width, N), the elements floor(v * (N - w)) and on, floor(w) of them, of the N along that axis. A mask can be empty.
 * Throws RangeError when the sizes disagree or a width is negative.
 */
export function maskSpectrogram(
  values: Float32Array,
  { bins, frames }: { bins: number; frames: number },
  { time, frequency, probability, fill }: SpectrogramMask,
  random: Random,
): void {
  if (values.length !== bins * frames)
    throw new RangeError(`maskSpectrogram: ${bins} bins x ${frames} frames are ${bins * frames} values, got ${values.length}`);
  for (const [axis, { width }] of Object.entries({ time, frequency }))
    if (!(width >= 0)) throw new RangeError(`maskSpectrogram: expected a ${axis} width of at least 0, got ${width}`);
  if (!drawChance(probability, random)) return;
  const [start, end] = drawBand(frames, time.width, random);
  for (let bin = 0; bin < bins; bin++) values.fill(fill, bin * frames + start, bin * frames + end);
  const [first, last] = drawBand(bins, frequency.width, random);
  values.fill(fill, first * frames, last * frames);
}

/** [start, end) of a mask along an axis of `count` elements. */
function drawBand(count: number, width: number, random: Random): [number, number] {
  const extent = random.uniform() * Math.min(width, count);
  const start = Math.floor(random.uniform() * (count - extent));
  return [start, start + Math.floor(extent)];
}
