/** Spectrograms as convolutions: every frame of a sound times every sine and cosine of the discrete Fourier transform. */
import { float32 } from '../tensor.js';
import type { Value } from './ir.js';
import { add, constant, conv2d, mul, reshape, slice } from './ops.js';
import { misfit } from './shape.js';

export interface FrameOptions {
  /** Samples from one frame's start to the next's. */
  hop: number;
  /** What each frame is multiplied with; its length is the frame's. */
  window: ArrayLike<number>;
  /** Subtract each frame's mean first. Costs nothing: it is folded into the basis. */
  detrend?: boolean;
}

/** Tukey (tapered cosine) window, periodic as SciPy's `get_window(('tukey', taper), size)`: `taper` of it is cosine flanks. */
export function tukeyWindow(size: number, taper = 0.25): Float64Array {
  const flank = (taper * size) / 2;
  return Float64Array.from({ length: size }, (_, n) => {
    const fromEdge = Math.min(n, size - n);
    return fromEdge < flank ? 0.5 * (1 - Math.cos((Math.PI * fromEdge) / flank)) : 1;
  });
}

/** Hann window, periodic as SciPy's `get_window('hann', size)`. */
export const hannWindow = (size: number): Float64Array => tukeyWindow(size, 1);

/** Real parts, then imaginary parts, of all bins: [2 * bins, 1, 1, length], so that a frame's product with it is the transform. */
function basis(window: ArrayLike<number>, detrend: boolean, gain: (bin: number) => number): Value {
  const length = window.length;
  const bins = Math.floor(length / 2) + 1;
  const kernels = Array.from({ length: 2 * bins }, (_, k) => {
    const bin = k % bins;
    const wave = (n: number) => {
      // The product is reduced exactly first: large angles lose digits.
      const angle = (2 * Math.PI * ((bin * n) % length)) / length;
      return k < bins ? Math.cos(angle) : -Math.sin(angle);
    };
    const kernel = Float64Array.from({ length }, (_, n) => gain(bin) * window[n]! * wave(n));
    // sum (x - mean(x)) k = sum x (k - mean(k))
    const mean = detrend ? kernel.reduce((sum, v) => sum + v, 0) / length : 0;
    return [...kernel.map((v) => v - mean)];
  });
  return constant(float32([2 * bins, 1, 1, length], kernels.flat()));
}

function transform(name: string, x: Value, o: FrameOptions, gain: (bin: number) => number) {
  const { hop, window, detrend = false } = o;
  if (x.shape.length !== 2) throw misfit(name, 'the sound must be [batch, samples]', [x]);
  const [batch, samples] = x.shape as [number, number];
  if (!Number.isInteger(hop) || hop < 1)
    throw misfit(name, `consecutive frames must be a positive number of samples apart, not ${hop}`, [x]);
  if (window.length < 1 || window.length > samples)
    throw misfit(name, `a frame of ${window.length} samples does not fit into a sound of ${samples}`, [x]);
  const both = conv2d(reshape(x, [batch, 1, 1, samples]), basis(window, detrend, gain), { stride: [1, hop] });
  const [, doubled, , frames] = both.shape as [number, number, number, number];
  const bins = doubled / 2;
  const part = (first: number) => reshape(slice(both, [0, first, 0, 0], [batch, bins, 1, frames]), [batch, bins, frames]);
  return { real: part(0), imaginary: part(bins) };
}

/**
 * The one-sided discrete Fourier transform of overlapping frames: x [B, N] -> real and imaginary parts [B, bins, frames], with
 * X[k, t] = sum over n of window[n] x[t * hop + n] exp(-2 pi i k n / length), bins = floor(length / 2) + 1 and
 * frames = floor((N - length) / hop) + 1: no padding. Throws GraphError when a frame does not fit into the sound.
 */
export const framedDft = (x: Value, options: FrameOptions): { real: Value; imaginary: Value } =>
  transform('framedDft', x, options, () => 1);

export interface SpectrogramOptions {
  /** Hz. */
  sampleRate: number;
  /** Samples in a frame (SciPy: nperseg). */
  segment: number;
  /** Samples that consecutive frames share (SciPy: noverlap). */
  overlap: number;
}

/**
 * Power spectral density over time, x [B, N] -> [B, bins, frames], as `scipy.signal.spectrogram` with its defaults computes it:
 * Tukey(0.25) window, each frame's mean removed, |X|^2 / (sampleRate * sum window^2), doubled at every bin but 0 and, for an even
 * segment, the last (what the negative frequencies hold). Throws GraphError when a frame does not fit into the sound.
 */
export function powerSpectrogram(x: Value, { sampleRate, segment, overlap }: SpectrogramOptions): Value {
  const window = tukeyWindow(segment);
  const density = 1 / (sampleRate * window.reduce((sum, w) => sum + w * w, 0));
  const alone = (bin: number) => bin === 0 || bin === segment / 2;
  const gain = (bin: number) => Math.sqrt(alone(bin) ? density : 2 * density);
  const { real, imaginary } = transform('powerSpectrogram', x, { hop: segment - overlap, window, detrend: true }, gain);
  return add(mul(real, real), mul(imaginary, imaginary));
}
