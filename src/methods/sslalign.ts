/** Sound source localization by cross-modal alignment: several positives, and a space of its own for semantics. */
import { z } from 'zod';
import type { Value } from '../graph/ir.js';
import * as ops from '../graph/ops.js';
import { infoNce } from '../losses/infoNce.js';
import { cosine, peakSimilarity, topSimilarity } from '../losses/similarity.js';
import { projectionHead } from '../nn/projection.js';
import type { Scope } from '../nn/scope.js';
import {
  correspondence,
  encoderSettings,
  laptopEncoders,
  paperEncoders,
  pictureEncoder,
  sameLengths,
  soundEncoder,
} from './encoders.js';
import { defineMethod, type Named, type ViewKind } from './method.js';

const settings = z
  .strictObject({
    ...encoderSettings,
    tau: z.number().positive(),
    /** A view of each picture and sound that is changed at random. */
    multiView: z.boolean(),
    /** Which of them have semantically similar ones as further positives. */
    semantic: z.enum(['both', 'picture', 'sound', 'none']),
    /** s_A, the similarity in the projected space. */
    alignment: z.boolean(),
    /** Dimensions of that space, and of the hidden layer of the heads that lead there. */
    dimensions: z.int().min(1).max(4096),
    hidden: z.int().min(1).max(4096),
    /** Weight of L_intra, which compares pictures with pictures and sounds with sounds. */
    intra: z.number().min(0),
    /** How s_L takes a map as one number. */
    pool: z.enum(['mean', 'max', 'top']),
    /** A linear map of the features before they are compared, to so many dimensions; none: as the encoders make them, never negative. */
    localizationDimensions: z.int().min(1).max(4096).nullish(),
    /** Softmax over the sounds for each picture, as in the paper, or over the pictures for each sound too. */
    directions: z.union([z.literal(1), z.literal(2)]),
  })
  .refine(sameLengths.check, sameLengths.options)
  .refine((s) => s.intra === 0 || s.multiView || s.semantic !== 'none', {
    error: 'compares views of one modality, and there is only one of each: switch multiView or semantic on',
    path: ['intra'],
  });

type Settings = z.infer<typeof settings>;

const mean = (values: readonly Value[]): Value =>
  ops.mul(
    values.reduce((a, b): Value => ops.add(a, b)),
    1 / values.length,
  );

/** Share of the positions that `top` is the mean of: about as much as an object. */
const topShare = 0.1;

const pooled = {
  mean: cosine,
  max: peakSimilarity,
  top: (maps: Value, sounds: Value) => topSimilarity(maps, sounds, topShare),
} as const;

/** infoNce in one direction, or the mean of both. */
function contrast(similarity: Value, { tau, directions }: Settings): Value {
  const rows = infoNce(similarity, tau);
  return directions === 1 ? rows : mean([rows, infoNce(ops.transpose(similarity, [1, 0]), tau)]);
}

/** Every combination of two views, the mean of its losses. */
const overPairs = (as: readonly Named[], bs: readonly Named[], loss: (a: Named, b: Named) => Value): Value =>
  mean(as.flatMap((a) => bs.map((b) => loss(a, b))));

const views = (multiView: boolean, semantic: boolean): readonly ViewKind[] => [
  'anchor',
  ...(multiView ? (['augmented'] as const) : []),
  ...(semantic ? (['neighbour'] as const) : []),
];

/**
 * Senocak et al., "Sound Source Localization is All about Cross-Modal Alignment", ICCV 2023 (arXiv 2309.10724), section 3 and its extension.
 * Positives of a pair are its views V = {v, v_aug, v_conc} and A = {a, a_aug, a_conc}:
 *
 *     s_L(v, a) = 1/hw sum_xy cos(v^xy, a)        s_A(v, a) = cos(p_v(mean_xy v^xy), p_a(a))
 *     L = mean over V x A of [ infoNce(s_L, tau) + infoNce(s_A, tau) ]  + intra * L_intra
 *
 * `anchor` and `augmented` are the pair's own, `neighbour` is one of the nearest of its modality (v_conc, a_conc). The paper sums over the
 * nine combinations; but for weight decay and clipping Adam does not see the difference. L_intra is the mean over all ordered pairs of different views of one modality, of
 * infoNce of their cosines: in the projected space where there is one. p_v and p_a are linear - relu - linear.
 */
export const sslalign = defineMethod<Settings>({
  name: 'sslalign',
  source:
    'Senocak et al., Sound Source Localization is All about Cross-Modal Alignment, ICCV 2023, arXiv 2309.10724 (kaistmm/SSLalignment)',
  settings,
  presets: {
    paper: {
      ...paperEncoders,
      pictureStride: 1,
      soundStride: 1,
      tau: 0.07,
      multiView: true,
      semantic: 'both',
      alignment: true,
      dimensions: 512,
      hidden: 512,
      intra: 0,
      pool: 'mean',
      directions: 1,
    },
    laptop: {
      ...laptopEncoders,
      tau: 0.07,
      multiView: true,
      semantic: 'both',
      alignment: true,
      dimensions: 128,
      hidden: 128,
      intra: 0,
      pool: 'top',
      localizationDimensions: 128,
      directions: 2,
    },
  },
  published: { inputs: 'sslalign', epochs: 50 },
  views: ({ multiView, semantic }) => ({
    picture: views(multiView, semantic === 'both' || semantic === 'picture'),
    sound: views(multiView, semantic === 'both' || semantic === 'sound'),
  }),
  picture: (scope, frames, s) => {
    const encoded = pictureEncoder(scope.child('vision'), frames, s);
    const features = ops.l2Normalize(localized(encoded, 'vision', scope, s), 1);
    // The mean of cosines is the product with the mean.
    const averaged = ops.globalAveragePool(features);
    const summary = s.alignment ? ops.globalAveragePool(encoded) : averaged;
    return { features, ...semantics(summary, s.pool === 'mean' ? averaged : features, 'vision', scope, s) };
  },
  sound: (scope, spectrograms, s) => {
    const encoded = soundEncoder(scope.child('audio'), spectrograms, s);
    const features = ops.l2Normalize(localized(encoded, 'audio', scope, s), 1);
    return { features, ...semantics(s.alignment ? encoded : features, features, 'audio', scope, s) };
  },
  map: correspondence,
  loss: (pictures, sounds, s) => {
    const similarity = pooled[s.pool];
    const localization = (v: Named, a: Named) => contrast(similarity(v.localization!, a.localization!), s);
    const alignment = (v: Named, a: Named) => contrast(cosine(v.semantics!, a.semantics!), s);
    return {
      localization: overPairs(pictures, sounds, localization),
      ...(s.alignment && { alignment: overPairs(pictures, sounds, alignment) }),
      // Before there are neighbours there may be one view of each: nothing to compare.
      ...(s.intra > 0 && pictures.length + sounds.length > 2 && { intra: intraLoss(pictures, sounds, s) }),
    };
  },
});

/** The features that maps are made of. */
const localized = (encoded: Value, name: 'vision' | 'audio', scope: Scope, { localizationDimensions }: Settings): Value =>
  localizationDimensions === undefined || localizationDimensions === null
    ? encoded
    : projectionHead(scope.child(`${name}Localization`), encoded, { dimensions: localizationDimensions });

/** The embedding of a picture or a sound, and what the loss compares of it. */
function semantics(
  pooled: Value,
  localization: Value,
  name: 'vision' | 'audio',
  scope: Scope,
  s: Settings,
): { embedding: Value; compared: Named } {
  const projected = s.alignment ? projectionHead(scope.child(`${name}Projection`), pooled, s) : pooled;
  const embedding = ops.l2Normalize(projected, 1);
  return { embedding, compared: { localization, ...((s.alignment || s.intra > 0) && { semantics: embedding }) } };
}

/** L_intra, weighted. */
function intraLoss(pictures: readonly Named[], sounds: readonly Named[], s: Settings): Value {
  const pairs = [pictures, sounds].flatMap((views) =>
    views.flatMap((a) => views.filter((b) => b !== a).map((b) => [a, b] as const)),
  );
  return ops.mul(mean(pairs.map(([a, b]) => contrast(cosine(a.semantics!, b.semantics!), s))), s.intra);
}
