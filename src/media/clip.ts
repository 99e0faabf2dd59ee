/** From the channels that were decoded to the clip that is asked for. No Node modules: browsers run it too. */
import { maxSampleRate, resample } from './resample.js';
import { type AudioClip, MediaError, type SoundOptions } from './types.js';

/** Throws RangeError for options that no sound could satisfy. */
export function checkSoundOptions({ channel = 'mix', sampleRate = 1, start = 0, duration = Infinity }: SoundOptions): void {
  if (channel !== 'mix' && !(Number.isInteger(channel) && channel >= 0))
    throw new RangeError(`channel: expected 'mix' or a number from 0, got ${channel}`);
  if (!Number.isInteger(sampleRate) || sampleRate < 1 || sampleRate > maxSampleRate)
    throw new RangeError(`sampleRate: expected whole Hz from 1 to ${maxSampleRate}, got ${sampleRate}`);
  if (!(start >= 0 && start < Infinity)) throw new RangeError(`start: expected seconds from 0, got ${start}`);
  if (!(duration > 0)) throw new RangeError(`duration: expected seconds over 0, got ${duration}`);
}

/** Position of the first sample that is NaN or infinite, -1 where there is none. */
export function findNonFinite(samples: Float32Array): number {
  for (let i = 0; i < samples.length; i++) if (!Number.isFinite(samples[i])) return i;
  return -1;
}

/** Throws RangeError for a clip that cannot be written: samples that are not finite, a rate that is no whole number up to 1 MHz. */
export function checkClip(what: string, { samples, sampleRate }: AudioClip): void {
  if (!Number.isInteger(sampleRate) || sampleRate < 1 || sampleRate > maxSampleRate)
    throw new RangeError(`${what}: expected a sample rate in whole Hz up to ${maxSampleRate}, got ${sampleRate}`);
  const bad = findNonFinite(samples);
  if (bad >= 0) throw new RangeError(`${what}: expected finite samples, number ${bad} is ${samples[bad]}`);
}

/**
 * One of several channels of equal length, or their mean, added in double precision. Throws MediaError `noSound` for a channel that
 * is not there.
 */
export function mixChannels(channels: readonly Float32Array[], channel: 'mix' | number, name: string): Float32Array {
  if (channel === 'mix' && channels.length > 1) {
    const sum = Float64Array.from(channels[0]!);
    for (const other of channels.slice(1)) for (let i = 0; i < sum.length; i++) sum[i]! += other[i]!;
    return Float32Array.from(sum, (v) => v / channels.length);
  }
  const chosen = channels[channel === 'mix' ? 0 : channel];
  if (!chosen) throw noChannel(name, channel, channels.length);
  return chosen;
}

/** What is thrown for a channel that a sound does not have. */
export const noChannel = (name: string, channel: 'mix' | number, channels: number): MediaError =>
  new MediaError('noSound', name, `there is no channel ${channel}: the sound has ${channels}, counted from 0`);

/** The clip at another rate; as it is when none is given. Throws MediaError `unsupported` for rates that `resample` refuses. */
export function atRate(clip: AudioClip, sampleRate: number | undefined, name: string): AudioClip {
  if (sampleRate === undefined || sampleRate === clip.sampleRate) return clip;
  try {
    return { sampleRate, samples: resample(clip.samples, clip.sampleRate, sampleRate) };
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    throw new MediaError('unsupported', name, error.message, { cause: error });
  }
}
