/** Annotations as the pixels on which maps are scored. */

import type { Benchmark, BenchmarkSample } from '../datasets/benchmarks/types.js';
import type { Frame } from '../media/types.js';
import { boxTruth, maskTruth, type Truth } from '../metrics/truth.js';
import type { Protocol } from './protocol.js';

/** Of each pixel of a mask in colours: the brightest channel. */
export const brightnessOf = ({ rgb, width, height }: Frame): Uint8Array =>
  Uint8Array.from({ length: width * height }, (_, i) => Math.max(rgb[3 * i]!, rgb[3 * i + 1]!, rgb[3 * i + 2]!));

/**
 * The ground truth of a sample at the protocol's size; undefined where nothing in the picture sounds. Pixels count by the number of agreeing
 * annotators where the benchmark has several. Throws MediaError for a mask that cannot be read.
 */
export async function sampleTruth(
  { annotation }: BenchmarkSample,
  annotators: Benchmark['annotators'],
  { size, consensus }: Protocol,
): Promise<Truth | undefined> {
  const grid = { width: size, height: size };
  switch (annotation.kind) {
    case 'nonSounding':
      return undefined;
    case 'boxes':
      return boxTruth(annotation.boxes, annotation.frame, grid, annotators === 'several' ? consensus : 1);
    case 'pixels':
      return maskTruth(annotation.brightness, annotation, grid);
    case 'mask': {
      // Loaded where it is needed: most benchmarks have boxes, and their threads then need no decoders.
      const { openPicture } = await import('../datasets/media.js');
      const mask = await openPicture({ path: annotation.path });
      return maskTruth(brightnessOf(mask), mask, grid);
    }
  }
}
