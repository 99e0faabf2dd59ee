/** Bands of frequencies as wide as the ear's: triangular filters evenly spaced in mel. */
import type { SpectrogramSpec } from './spec.js';

type MelSpec = NonNullable<SpectrogramSpec['mel']>;

interface Scale {
  toMel(hz: number): number;
  toHz(mel: number): number;
}

// Slaney's scale (Auditory Toolbox): linear below 1 kHz = 15 mel, 27 logarithmic steps to 6.4 kHz above it.
const linear = 200 / 3;
const kneeHz = 1000;
const kneeMel = kneeHz / linear;
const logStep = Math.log(6.4) / 27;

const scales: { readonly [K in MelSpec['scale']]: Scale } = {
  htk: {
    toMel: (hz) => 2595 * Math.log10(1 + hz / 700),
    toHz: (mel) => 700 * (10 ** (mel / 2595) - 1),
  },
  slaney: {
    toMel: (hz) => (hz < kneeHz ? hz / linear : kneeMel + Math.log(hz / kneeHz) / logStep),
    toHz: (mel) => (mel < kneeMel ? mel * linear : kneeHz * Math.exp(logStep * (mel - kneeMel))),
  },
};

/**
 * The weights of every band over the frequencies k * sampleRate / segment, k = 0 .. segment / 2, one row a band, as
 * `torchaudio.functional.melscale_fbanks` (transposed) and `librosa.filters.mel` define them. With edges f_0 .. f_(bands + 1) evenly
 * spaced in mel from lowHz to highHz,
 *
 *     w_i(f) = max(0, min((f - f_i) / (f_(i+1) - f_i), (f_(i+2) - f) / (f_(i+2) - f_(i+1))))
 *
 * and with `norm: 'slaney'` each row times 2 / (f_(i+2) - f_i). A band narrower than the frequencies' distance may hold none of them:
 * its row is zero and its logarithm the floor, as in the published code (many of SSL-TIE's 257 bands).
 * Throws RangeError unless 0 <= lowHz < highHz <= sampleRate / 2 and there is a band.
 */
export function melFilters(
  { bands, lowHz, highHz, scale, norm }: MelSpec,
  sampleRate: number,
  segment: number,
): readonly Float64Array[] {
  if (!(lowHz >= 0 && lowHz < highHz && highHz <= sampleRate / 2))
    throw new RangeError(
      `melFilters: bands must lie between 0 Hz and half the sample rate, ${sampleRate / 2} Hz; they go from ${lowHz} to ${highHz}`,
    );
  if (!Number.isInteger(bands) || bands < 1) throw new RangeError(`melFilters: needs at least one band, got ${bands}`);
  const { toMel, toHz } = scales[scale];
  const [low, high] = [toMel(lowHz), toMel(highHz)];
  const edge = Float64Array.from({ length: bands + 2 }, (_, i) => toHz(low + ((high - low) * i) / (bands + 1)));
  return Array.from({ length: bands }, (_, i) => {
    const [from, centre, to] = [edge[i]!, edge[i + 1]!, edge[i + 2]!];
    const height = norm === 'slaney' ? 2 / (to - from) : 1;
    return Float64Array.from({ length: segment / 2 + 1 }, (_, k) => {
      const f = (k * sampleRate) / segment;
      return height * Math.max(0, Math.min((f - from) / (centre - from), (to - f) / (to - centre)));
    });
  });
}
