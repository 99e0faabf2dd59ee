/** A clip of any length brought to the length that a spectrogram expects. */
import type { AudioClip } from '../media/types.js';
import { clipLength } from './plan.js';
import type { ClipSpec } from './spec.js';

/**
 * The samples [clipLength(spec)] that the spectrogram sees: y[i] = limit(x[index(first + i)]), where a clip of N samples that is
 * shorter than `spec.samples` is repeated, index(j) = j mod N, and of a longer one the beginning or the centre is used,
 * index(j) = j or floor((N - spec.samples) / 2) + j. The published readers truncate there too: an odd sample too many is dropped at the
 * end. `limit` is to [-1, 1] where the spec says so. A clip without any signal is as good as another.
 * Throws RangeError for a clip without samples and for another sample rate than the spec's.
 */
export function fitClip({ samples: x, sampleRate }: AudioClip, spec: ClipSpec): Float32Array {
  if (sampleRate !== spec.sampleRate)
    throw new RangeError(
      `fitClip: the preset expects sound at ${spec.sampleRate} Hz, the clip is at ${sampleRate} Hz; resample it, or read it with ` +
        `sampleRate: ${spec.sampleRate}`,
    );
  if (x.length === 0) throw new RangeError('fitClip: the clip has no samples; leave it out');
  const fitted = new Float32Array(clipLength(spec));
  const first = spec.slice?.[0] ?? 0;
  if (x.length < spec.samples) {
    for (let from = first % x.length, at = 0; at < fitted.length; from = 0) {
      const piece = x.subarray(from, from + fitted.length - at);
      fitted.set(piece, at);
      at += piece.length;
    }
  } else {
    const start = first + (spec.take === 'centre' ? Math.floor((x.length - spec.samples) / 2) : 0);
    fitted.set(x.subarray(start, start + fitted.length));
  }
  if (spec.clamp) for (let i = 0; i < fitted.length; i++) fitted[i] = Math.min(Math.max(fitted[i]!, -1), 1);
  return fitted;
}
