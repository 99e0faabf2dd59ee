/** Log spectrograms as graph fragments, so that an exported model can begin at the waveform. */
import type { Value } from '../graph/ir.js';
import { add, concat, constant, gather, indices, log, matMul, maximum, mul, reshape, slice } from '../graph/ops.js';
import { misfit } from '../graph/shape.js';
import { framedDft } from '../graph/spectrum.js';
import { float32 } from '../tensor.js';
import type { SpectrogramPlan } from './spec.js';

/** `pad` samples more at either end, mirrored at the first and the last, which are not repeated: [B, N] -> [B, N + 2 pad]. */
function reflected(x: Value, pad: number): Value {
  if (pad === 0) return x;
  const samples = x.shape[1]!;
  const mirror = (from: number) =>
    gather(
      x,
      indices(
        [pad],
        Int32Array.from({ length: pad }, (_, i) => from - i),
      ),
      1,
    );
  return concat([mirror(pad), x, mirror(samples - 2)], 1);
}

/** Rows of weights as a constant matrix. */
const matrix = (rows: readonly Float64Array[]) =>
  constant(
    float32(
      [rows.length, rows[0]!.length],
      rows.flatMap((row) => [...row]),
    ),
  );

/**
 * The log spectrogram of `fitClip`'s samples: x [B, plan.samples] -> [B, 1, plan.bins, plan.frames],
 *
 *     y[k, t] = factor ln(p + floor) or factor ln(max(p, floor)),   p = sum_f mel[k, f] gain[f] |X[f, t]|^2
 *
 * with X the discrete Fourier transform of the windowed frame t, computed as a convolution. `SpectrogramKernel` computes the same on
 * the host. Throws GraphError for a sound of another shape.
 */
export function spectrogram(x: Value, plan: SpectrogramPlan): Value {
  const { window, hop, detrend, gain, mel, bins, frames, firstFrame, pad } = plan;
  if (x.shape.length !== 2 || x.shape[1] !== plan.samples)
    throw misfit('spectrogram', `the sound must be [batch, ${plan.samples}], as fitClip makes it`, [x]);
  const batch = x.shape[0]!;
  // Only what the kept frames see.
  const seen = slice(reflected(x, pad), [0, firstFrame * hop], [batch, (frames - 1) * hop + window.length]);
  const { real, imaginary } = framedDft(seen, { hop, window, detrend });
  const square = add(mul(real, real), mul(imaginary, imaginary));
  const power = mel
    ? matMul(matrix(mel.map((row) => row.map((weight, f) => weight * gain[f]!))), square)
    : mul(square, constant(float32([gain.length, 1], gain)));
  const { floor, floorBy, factor } = plan.log;
  const bounded = floorBy === 'add' ? add(power, floor) : maximum(power, floor);
  return reshape(mul(log(bounded), factor), [batch, 1, bins, frames]);
}
