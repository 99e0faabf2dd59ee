/** Spectrograms as convolutions: every frame of a sound times every sine and cosine of the discrete Fourier transform. */
import { float32 } from '../tensor.js';
import type { Value } from './ir.js';
import { add, cast, concat, constant, conv2d, div, gather, mean, mul, reshape, slice, sub, vector } from './ops.js';
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

/**
 * Real parts, then imaginary parts, of all bins: [2 * bins, 1, 1, length], so that a frame's product with it is the transform. Made of one
 * period of the sine and the cosine by the graph itself: a model's file holds `length` numbers, not their square, and a runtime that folds
 * constants does it once, when it loads the model.
 */
function basis(window: ArrayLike<number>, detrend: boolean): Value {
  const length = window.length;
  const bins = Math.floor(length / 2) + 1;
  const counted = (n: number) => Array.from({ length: n }, (_, i) => i);
  const row = (values: readonly number[]) => constant(float32([1, length], values));
  // k n mod length: angles are reduced exactly, large ones lose digits. Whole numbers below 2^23, the half keeps quotients off whole numbers.
  const product = mul(constant(float32([bins, 1], counted(bins))), row(counted(length)));
  const turns = cast(cast(div(add(product, 0.5), length), 'int32'), 'float32');
  const place = cast(sub(product, mul(turns, length)), 'int32');
  const waves = [Math.cos, (angle: number) => -Math.sin(angle)].map((wave) =>
    gather(vector(counted(length).map((n) => wave((2 * Math.PI * n) / length))), place),
  );
  const kernels = mul(concat(waves, 0), row([...Array.from(window)]));
  // sum (x - mean(x)) k = sum x (k - mean(k))
  return reshape(detrend ? sub(kernels, mean(kernels, 1, true)) : kernels, [2 * bins, 1, 1, length]);
}

/** Samples that a frame can have: beyond, positions in `basis` are no longer exact. */
const longestFrame = 4096;

function transform(name: string, x: Value, o: FrameOptions) {
  const { hop, window, detrend = false } = o;
  if (x.shape.length !== 2) throw misfit(name, 'the sound must be [batch, samples]', [x]);
  const [batch, samples] = x.shape as [number, number];
  if (!Number.isInteger(hop) || hop < 1)
    throw misfit(name, `consecutive frames must be a positive number of samples apart, not ${hop}`, [x]);
  if (window.length > longestFrame) throw misfit(name, `frames have at most ${longestFrame} samples, not ${window.length}`, [x]);
  if (window.length < 1 || window.length > samples)
    throw misfit(name, `a frame of ${window.length} samples does not fit into a sound of ${samples}`, [x]);
  const both = conv2d(reshape(x, [batch, 1, 1, samples]), basis(window, detrend), { stride: [1, hop] });
  const [, doubled, , frames] = both.shape as [number, number, number, number];
  const bins = doubled / 2;
  const part = (first: number) => reshape(slice(both, [0, first, 0, 0], [batch, bins, 1, frames]), [batch, bins, frames]);
  return { real: part(0), imaginary: part(bins) };
}

/**
 * The one-sided discrete Fourier transform of overlapping frames: x [B, N] -> real and imaginary parts [B, bins, frames], with
 * X[k, t] = sum over n of window[n] x[t * hop + n] exp(-2 pi i k n / length), bins = floor(length / 2) + 1 and
 * frames = floor((N - length) / hop) + 1: no padding. Throws GraphError when a frame does not fit into the sound or has more than 4096 samples.
 */
export const framedDft = (x: Value, options: FrameOptions): { real: Value; imaginary: Value } =>
  transform('framedDft', x, options);

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
  const bins = Math.floor(segment / 2) + 1;
  const gain = Array.from({ length: bins }, (_, bin) => (bin === 0 || bin === segment / 2 ? density : 2 * density));
  const { real, imaginary } = transform('powerSpectrogram', x, { hop: segment - overlap, window, detrend: true });
  return mul(add(mul(real, real), mul(imaginary, imaginary)), constant(float32([bins, 1], gain)));
}
