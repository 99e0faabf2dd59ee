/** A kind's sound as it would be recorded: some level, some background. */
import { drawWithin } from '../features/augment/draw.js';
import type { AudioClip } from '../media/types.js';
import type { Random } from '../random.js';
import type { Kind } from './kind.js';
import { filter, noise, sampleRate } from './synth.js';

/** Seconds. */
const lengths = [1, 1.5] as const;

/**
 * A sound of a kind: of 1 to 1.5 s unless `seconds` says otherwise, 16 kHz, its largest sample between 0.3 and 0.9, with noise of a random
 * colour 34 to 54 dB below that.
 */
export function soundOf(kind: Kind, random: Random, seconds = drawWithin(lengths, random)): AudioClip {
  const samples = kind.sound(random, seconds);
  const largest = samples.reduce((max, x) => Math.max(max, Math.abs(x)), 0);
  const level = drawWithin([0.3, 0.9], random);
  const hiss = filter(noise(random, seconds), 'low', drawWithin([500, 7000], random));
  const gain = level * 10 ** (drawWithin([-54, -34], random) / 20);
  for (let i = 0; i < samples.length; i++) samples[i] = (samples[i]! * level) / largest + gain * hiss[i]!;
  return { sampleRate, samples };
}
