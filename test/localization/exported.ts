/** Exported models at work, as a user of ONNX Runtime runs them. */
import { InferenceSession, Tensor } from 'onnxruntime-node';
import { fitClip } from '../../src/features/clip.js';
import type { ClipSpec } from '../../src/features/spec.js';
import type { AudioClip, Frame } from '../../src/media/index.js';

export type Outputs = Record<
  'heatmap' | 'map' | 'score' | 'imageEmbedding' | 'soundEmbedding',
  { data: Float32Array; dims: number[] }
>;

/** Runs an exported file once. */
export async function runExported(onnx: Uint8Array, { rgb, width, height }: Frame, samples: Float32Array): Promise<Outputs> {
  const session = await InferenceSession.create(onnx, { intraOpNumThreads: 1 });
  try {
    const found = await session.run({
      pixels: new Tensor('uint8', rgb, [1, height, width, 3]),
      waveform: new Tensor('float32', samples, [1, samples.length]),
    });
    return Object.fromEntries(
      Object.entries(found).map(([name, { data, dims }]) => [name, { data: data as Float32Array, dims: [...dims] }]),
    ) as Outputs;
  } finally {
    await session.release();
  }
}

/** The samples that an exported file takes, not limited: it does that itself. */
export const samplesOf = (clip: AudioClip, spec: ClipSpec): Float32Array => fitClip(clip, { ...spec, clamp: false }).slice();

export const worst = (found: ArrayLike<number>, wanted: ArrayLike<number>): number => {
  if (found.length !== wanted.length) return Number.POSITIVE_INFINITY;
  return Array.from(wanted).reduce((most, x, i) => Math.max(most, Math.abs(found[i]! - x)), 0);
};
