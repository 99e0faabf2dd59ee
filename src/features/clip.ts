/** A clip of any length brought to the length that a spectrogram expects. */
import type { AudioClip } from '../media/types.js';
import { clipLength } from './plan.js';
import type { ClipSpec } from './spec.js';

/**
 * The samples [clipLength(spec)] that the spectrogram sees: y[i] = limit(x[index(first + i)]), where a clip of N samples that is
 * shorter than `spec.samples` is repeated, index(j) = j mod N, and of a longer one the beginning or the centre is used,
 * index(j) = j or floor((N - spec.samples) / 2) + j. The published readers truncate there too: an odd sample too many is dropped at the
 * end. `limit` is to [-1, 1] where the spec says so. A clip without any signal is as good as another. The result may share the
 * clip's memory.
 * Throws RangeError for a clip without samples and for another sample rate than the spec's.
 */
export function fitClip({ samples: x, sampleRate }: AudioClip, spec: ClipSpec): Float32Array {
  if (sampleRate !== spec.sampleRate)
    throw new RangeError(
      `fitClip: the preset expects sound at ${spec.sampleRate} Hz, the clip is at ${sampleRate} Hz; resample it, or read it with ` +
        `sampleRate: ${spec.sampleRate}`,
    );
  if (x.length === 0) throw new RangeError('fitClip: the clip has no samples; leave it out');
  const first = firstHeard(x.length, spec);
  const length = clipLength(spec);
  const fitted = x.length < spec.samples ? repeated(x, first, length) : x.subarray(first, first + length);
  return spec.clamp ? limited(fitted) : fitted;
}

/** Which sample of a clip of `length` the first is that the spectrogram sees. */
export function firstHeard(length: number, { samples, take, slice }: ClipSpec): number {
  const first = slice?.[0] ?? 0;
  if (length < samples) return first % length;
  return first + (take === 'centre' ? Math.floor((length - samples) / 2) : 0);
}

/** x[(first + i) mod N]. */
function repeated(x: Float32Array, first: number, length: number): Float32Array {
  const samples = new Float32Array(length);
  for (let from = first, at = 0; at < length; from = 0) {
    const piece = x.subarray(from, from + length - at);
    samples.set(piece, at);
    at += piece.length;
  }
  return samples;
}

/** Most sounds are within [-1, 1] as they are: only others are copied. */
const limited = (x: Float32Array): Float32Array => (isWithin(x) ? x : x.map((v) => Math.min(Math.max(v, -1), 1)));

/** True when |x[i]| <= 1 for all i; four a turn, since the loop costs more than the comparison. */
function isWithin(x: Float32Array): boolean {
  const last = x.length - (x.length % 4);
  for (let i = 0; i < last; i += 4)
    if (Math.abs(x[i]!) > 1 || Math.abs(x[i + 1]!) > 1 || Math.abs(x[i + 2]!) > 1 || Math.abs(x[i + 3]!) > 1) return false;
  return x.subarray(last).every((v) => Math.abs(v) <= 1);
}

/** One step of 16 bits: what differs by no more is no signal. */
export const leastSwing = 2 ** -15;

/** Whether samples differ by more than one step of 16 bits: silence, and a constant, are no signal. */
export function hasSignal({ samples }: Pick<AudioClip, 'samples'>): boolean {
  let [low, high] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (const x of samples) {
    if (x < low) low = x;
    if (x > high) high = x;
    if (high - low > leastSwing) return true;
  }
  return false;
}
