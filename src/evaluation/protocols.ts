/**
 * The published protocols by name. One name of a score hides different numbers: they differ in how maps are resized, where the threshold
 * is, whether pixels at it count, and what is grouped. Numbers of two protocols belong in no common column.
 */
import type { Protocol } from './protocol.js';

const common = { size: 224, consensus: 2, successAt: 0.5, groupBy: 'image' } as const;
const median = { by: 'rank', share: 0.5 } as const;
/** Logits of SLAVC are cosines over this. */
const tau = 0.03;
const cosines = { low: -1 / tau, high: 1 / tau };

export const protocols = {
  /** Bilinear with aligned corners, above the median. Every set but VGG-SS. */
  sslalign: {
    ...common,
    name: 'sslalign',
    source: 'Senocak et al., ICCV 2023 and TPAMI 2025 (kaistmm/SSLalignment, test.py: validate, validate_lvs)',
    resize: 'bilinear',
    alignCorners: true,
    values: { scale: 'minMax' },
    binarize: median,
    comparison: '>',
  },
  /** The same authors on VGG-SS: OpenCV's resize instead. */
  'sslalign-vggss': {
    ...common,
    name: 'sslalign-vggss',
    source: 'Senocak et al., ICCV 2023 and TPAMI 2025, on VGG-SS (kaistmm/SSLalignment, test.py: validate_lvs)',
    resize: 'bilinear',
    alignCorners: false,
    values: { scale: 'negatedMinMax' },
    binarize: median,
    comparison: '>',
  },
  lvs: {
    ...common,
    name: 'lvs',
    source: 'Chen et al., CVPR 2021 (hche11/Localizing-Visual-Sounds-the-Hard-Way, test.py)',
    resize: 'bilinear',
    alignCorners: false,
    values: { scale: 'negatedMinMax' },
    binarize: median,
    comparison: '>',
  },
  ezvsl: {
    ...common,
    name: 'ezvsl',
    source: 'Mo and Morgado, ECCV 2022 (stoneMo/EZ-VSL, test.py)',
    resize: 'bilinear',
    alignCorners: true,
    values: { scale: 'minMax' },
    binarize: median,
    comparison: '>=',
  },
  /** A fixed threshold on logits cos / 0.03: 0.5 of their range is a cosine of 0. */
  slavc: {
    ...common,
    name: 'slavc',
    source: 'Mo and Morgado, NeurIPS 2022 (stoneMo/SLAVC, test.py)',
    resize: 'bicubic',
    alignCorners: true,
    values: { scale: 'range', ...cosines },
    priorRange: { low: 0, high: 2.5 },
    binarize: { by: 'value', threshold: 0.5 },
    comparison: '>=',
  },
  /** `--relative_prediction` of the same program, as its README calls it: a rank instead of a value. */
  'slavc-relative': {
    ...common,
    name: 'slavc-relative',
    source: 'Mo and Morgado, NeurIPS 2022 (stoneMo/SLAVC, test.py --relative_prediction)',
    resize: 'bicubic',
    alignCorners: true,
    values: { scale: 'range', ...cosines },
    priorRange: { low: 0, high: 2.5 },
    binarize: median,
    comparison: '>=',
  },
  fnac: {
    ...common,
    name: 'fnac',
    source: 'Sun et al., CVPR 2023 (OpenNLPLab/FNAC_AVL, test.py: validate)',
    resize: 'bilinear',
    alignCorners: true,
    values: { scale: 'minMax' },
    binarize: median,
    comparison: '>=',
  },
  /** The second evaluation that the same program prints. Its object prior stays bilinear there; here both are bicubic. */
  'fnac-bicubic': {
    ...common,
    name: 'fnac-bicubic',
    source: 'Sun et al., CVPR 2023 (OpenNLPLab/FNAC_AVL, test.py: validate2)',
    resize: 'bicubic',
    alignCorners: false,
    values: { scale: 'minMax' },
    binarize: median,
    comparison: '>=',
  },
  ssltie: {
    ...common,
    name: 'ssltie',
    source: 'Liu et al., ACM MM 2022 (jinxiang-liu/SSL-TIE, main.py: validate)',
    resize: 'bilinear',
    alignCorners: false,
    values: { scale: 'negatedMinMax' },
    binarize: median,
    comparison: '>',
  },
  /** The threshold is half of the map's range, so the number of pixels is free; one annotator is enough. */
  avin: {
    ...common,
    name: 'avin',
    source: 'Liu et al., ACM MM 2023 (Tahy1/AVIN, AVIN-RN/utils.py: metric)',
    resize: 'bilinear',
    alignCorners: false,
    values: { scale: 'minMax' },
    binarize: { by: 'value', threshold: 0.5 },
    comparison: '>=',
    consensus: 1,
  },
  /** Maps are logits. Its scores are mIoU and the F-score; ciou is that of the same masks. */
  avsbench: {
    ...common,
    name: 'avsbench',
    source: 'Zhou et al., ECCV 2022 (OpenNLPLab/AVSBench, utils/utility.py: mask_iou, Eval_Fmeasure)',
    resize: 'bilinear',
    alignCorners: false,
    values: { scale: 'sigmoid' },
    binarize: { by: 'value', threshold: 0.5 },
    comparison: '>',
  },
} as const satisfies Record<string, Protocol>;

export type ProtocolName = keyof typeof protocols;
export const protocolNames = Object.keys(protocols) as ProtocolName[];

/**
 * OGL: maps mixed with an object prior, alpha * map + (1 - alpha) * prior, both on the protocol's scale (EZ-VSL; alpha 0.4, 0.9 on the extended
 * sets). Throws RangeError for an alpha outside [0, 1].
 */
export function withObjectPrior(protocol: Protocol, alpha = 0.4): Protocol {
  if (!(alpha >= 0 && alpha <= 1)) throw new RangeError(`OGL: alpha lies in [0, 1], got ${alpha}`);
  return { ...protocol, objectPrior: { alpha } };
}

/** The published way to group samples for IIoU: by file name up to its last `_`, which is no picture in every benchmark. */
export const groupedByName = (protocol: Protocol): Protocol => ({ ...protocol, groupBy: 'publishedName' });

/** The protocol that the numbers in the literature are under, by benchmark; what `earshot evaluate` takes when none is named. */
export const defaultProtocol = (benchmark: string): ProtocolName => {
  if (benchmark.endsWith('-extended')) return 'slavc-relative';
  return benchmark === 'vggss' ? 'sslalign-vggss' : 'sslalign';
};
