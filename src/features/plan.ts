/** A preset worked out: window, gains and bands as arrays, for the graph fragment and the kernel alike. */
import { hannWindow, tukeyWindow } from '../graph/spectrum.js';
import { melFilters } from './mel.js';
import type { ClipSpec, SoundSpec, SpectrogramPlan, SpectrogramSpec } from './spec.js';

const windows: { readonly [K in SpectrogramSpec['window']]: (size: number) => Float64Array } = {
  tukey: tukeyWindow,
  hann: hannWindow,
};

/** What |X|^2 of each frequency is multiplied with. */
function gains({ scaling, segment }: SpectrogramSpec, window: Float64Array, sampleRate: number): Float64Array {
  const energy = window.reduce((sum, w) => sum + w * w, 0);
  const last = segment / 2;
  return Float64Array.from({ length: last + 1 }, (_, bin) => {
    if (scaling === 'none') return 1;
    if (scaling === 'window') return 1 / energy;
    return (bin === 0 || bin === last ? 1 : 2) / (sampleRate * energy);
  });
}

/** How many samples `fitClip` makes. */
export const clipLength = ({ samples, slice }: ClipSpec): number => (slice ? slice[1] - slice[0] : samples);

/**
 * The arrays of a preset. Frames: floor((samples + 2 pad - segment) / hop) + 1, pad = segment / 2 when `centred`, else 0; of these
 * `keep`. Throws RangeError, with the preset's name, when the numbers do not fit together.
 */
export function planOf({ name, clip, spectrogram: spec }: SoundSpec): SpectrogramPlan {
  const { segment, hop, keep, mel } = spec;
  const need = (condition: boolean, message: string) => {
    if (!condition) throw new RangeError(`the sound preset '${name}': ${message}`);
  };
  const samples = clipLength(clip);
  need(
    samples > 0 && (clip.slice ?? [0, 0]).every((n) => Number.isInteger(n) && n >= 0 && n <= clip.samples),
    `the slice must be whole samples [first, end) of the ${clip.samples} there are, it is [${clip.slice}]`,
  );
  need(
    Number.isInteger(Math.log2(segment)) && segment >= 2,
    `the segment must be a power of two of at least 2 samples, it is ${segment}`,
  );
  need(Number.isInteger(hop) && hop >= 1, `the hop must be a whole number of samples from 1 on, it is ${hop}`);
  const pad = spec.centred ? segment / 2 : 0;
  need(samples > pad, `reflecting ${pad} samples needs more than that many, there are ${samples}`);
  need(samples + 2 * pad >= segment, `a segment of ${segment} samples does not fit into ${samples}`);
  const all = Math.floor((samples + 2 * pad - segment) / hop) + 1;
  const [firstFrame, end] = keep ?? [0, all];
  need(firstFrame >= 0 && firstFrame < end && end <= all, `frames [${firstFrame}, ${end}) are not among the ${all} there are`);

  const window = windows[spec.window](segment);
  const rows = mel && melFilters(mel, clip.sampleRate, segment);
  return {
    samples,
    pad,
    window,
    hop,
    detrend: spec.detrend,
    gain: gains(spec, window, clip.sampleRate),
    ...(rows && { mel: rows }),
    log: spec.log,
    firstFrame,
    bins: rows?.length ?? segment / 2 + 1,
    frames: end - firstFrame,
  };
}
