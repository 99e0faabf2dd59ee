/** EZ-VSL: one positive, the best position of the map. */
import { z } from 'zod';
import * as ops from '../graph/ops.js';
import { infoNce } from '../losses/infoNce.js';
import { peakSimilarity } from '../losses/similarity.js';
import { projectionHead } from '../nn/projection.js';
import {
  correspondence,
  encoderSettings,
  laptopEncoders,
  paperEncoders,
  pictureEncoder,
  sameLengths,
  soundEncoder,
} from './encoders.js';
import { defineMethod } from './method.js';

const settings = z
  .strictObject({
    ...encoderSettings,
    /** Of the space in which pictures and sounds are compared. */
    dimensions: z.int().min(1).max(4096),
    tau: z.number().positive(),
  })
  .refine(sameLengths.check, sameLengths.options);

type Settings = z.infer<typeof settings>;

/**
 * Mo and Morgado, "Localizing Visual Sounds the Easy Way", ECCV 2022, eq. 3-5. With v^xy the projected picture features and a the projected
 * sound, S_ij = max_xy cos(v_i^xy, a_j),
 *
 *     L = infoNce(S, tau) + infoNce(S^T, tau)
 */
export const ezvsl = defineMethod<Settings>({
  name: 'ezvsl',
  source: 'Mo and Morgado, Localizing Visual Sounds the Easy Way, ECCV 2022 (stoneMo/EZ-VSL)',
  settings,
  presets: {
    paper: { ...paperEncoders, pictureStride: 2, soundStride: 2, dimensions: 512, tau: 0.03 },
    laptop: { ...laptopEncoders, dimensions: 128, tau: 0.03 },
  },
  published: { inputs: 'ezvsl', epochs: 20 },
  views: () => ({ picture: ['anchor'], sound: ['anchor'] }),
  picture: (scope, frames, s) => {
    const encoded = pictureEncoder(scope.child('vision'), frames, s);
    const features = ops.l2Normalize(projectionHead(scope.child('visionProjection'), encoded, s), 1);
    return { features, embedding: ops.l2Normalize(ops.globalAveragePool(features), 1), compared: { features } };
  },
  sound: (scope, spectrograms, s) => {
    const encoded = soundEncoder(scope.child('audio'), spectrograms, s);
    const features = ops.l2Normalize(projectionHead(scope.child('audioProjection'), encoded, s), 1);
    return { features, embedding: features, compared: { features } };
  },
  map: correspondence,
  loss: ([picture], [sound], { tau }) => {
    const similarity = peakSimilarity(picture!.features!, sound!.features!);
    return { pictures: infoNce(similarity, tau), sounds: infoNce(ops.transpose(similarity, [1, 0]), tau) };
  },
});
