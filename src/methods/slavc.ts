/** SLAVC's network, to localize with: its map is the mean of two. It is not trained here. */
import { z } from 'zod';
import type { Value } from '../graph/ir.js';
import * as ops from '../graph/ops.js';
import { projectionHead } from '../nn/projection.js';
import type { Scope } from '../nn/scope.js';
import { correspondence, encoderSettings, pictureEncoder, sameLengths, soundEncoder } from './encoders.js';
import { defineArchitecture } from './method.js';

const settings = z
  .strictObject({
    ...encoderSettings,
    /** Of each of the two spaces in which pictures and sounds are compared. */
    dimensions: z.int().min(1).max(4096),
  })
  .refine(sameLengths.check, sameLengths.options);

type Settings = z.infer<typeof settings>;

/**
 * Mo and Morgado, "A Closer Look at Weakly-Supervised Audio-Visual Source Localization", NeurIPS 2022, section 3. With v_1, v_2 and a_1, a_2
 * the two projections of pictures and sounds,
 *
 *     map^xy = (cos(v_1^xy, a_1) + cos(v_2^xy, a_2)) / 2
 *
 * which is one cosine, of the two unit vectors behind each other, over sqrt 2. The published code also divides by its temperature.
 */
export const slavc = defineArchitecture<Settings>({
  name: 'slavc',
  source: 'Mo and Morgado, A Closer Look at Weakly-Supervised Audio-Visual Source Localization, NeurIPS 2022 (stoneMo/SLAVC)',
  settings,
  picture: (scope, frames, s) => {
    const features = twoProjections(scope, 'visionProjection', pictureEncoder(scope.child('vision'), frames, s), s);
    return { features, embedding: ops.l2Normalize(ops.globalAveragePool(features), 1) };
  },
  sound: (scope, spectrograms, s) => {
    const features = twoProjections(scope, 'audioProjection', soundEncoder(scope.child('audio'), spectrograms, s), s);
    return { features, embedding: features };
  },
  map: correspondence,
});

/** [B, C, ...] -> [B, 2 dimensions, ...]: unit vectors, each half of which has the length 1 / sqrt 2. */
function twoProjections(scope: Scope, name: string, encoded: Value, { dimensions }: Settings): Value {
  const one = (which: 1 | 2) => ops.l2Normalize(projectionHead(scope.child(`${name}${which}`), encoded, { dimensions }), 1);
  return ops.mul(ops.concat([one(1), one(2)], 1), Math.SQRT1_2);
}
