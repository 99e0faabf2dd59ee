/** Numbers that papers report, to stand beside measured ones: each with the protocol in which its own code measures. */
import type { BenchmarkName } from '../datasets/index.js';
import type { Scores } from './evaluation.js';
import type { Protocol } from './protocol.js';
import type { ProtocolName } from './protocols.js';

type PublishedProtocol = ProtocolName | 'own';

export interface PublishedRow {
  method: string;
  /** Who published it, and when. */
  paper: string;
  benchmark: BenchmarkName;
  /** `own` for a procedure that none of the protocols repeats. */
  protocol: PublishedProtocol;
  /** Set when the score is that of maps mixed with an object prior, as in a protocol. */
  objectPrior?: Protocol['objectPrior'];
  /** Not set where it was not found. */
  trainedOn?: string;
  /** Shares of 1, as all scores. */
  scores: Partial<Scores>;
}

const percent = (scores: Partial<Scores>): Partial<Scores> =>
  Object.fromEntries(Object.entries(scores).map(([name, value]) => [name, Number((value / 100).toFixed(6))]));

/** Rows of one paper, scores in per cent; a row's protocol is the paper's unless it names another. */
const rowsOf = (
  common: Pick<PublishedRow, 'paper' | 'protocol' | 'objectPrior'>,
  rows: readonly (readonly [
    method: string,
    benchmark: BenchmarkName,
    trainedOn: string | undefined,
    scores: Partial<Scores>,
    protocol?: PublishedProtocol,
  ])[],
): PublishedRow[] =>
  rows.map(([method, benchmark, trainedOn, scores, protocol = common.protocol]) => ({
    ...common,
    method,
    benchmark,
    protocol,
    trainedOn,
    scores: percent(scores),
  }));

const rows: readonly PublishedRow[] = [
  ...rowsOf({ paper: 'Chen et al., CVPR 2021', protocol: 'lvs' }, [['LVS', 'vggss', 'VGGSound 144k', { cIoU: 34.4 }]]),
  // The table in the README of stoneMo/EZ-VSL; its scores are with the object prior, alpha as in its scripts.
  ...rowsOf({ paper: 'Mo and Morgado, ECCV 2022', protocol: 'ezvsl', objectPrior: { alpha: 0.4 } }, [
    ['EZ-VSL + OGL', 'vggss', 'VGGSound 10k', { cIoU: 37.18, AUC: 38.75 }],
    ['EZ-VSL + OGL', 'vggss', 'VGGSound 144k', { cIoU: 38.85, AUC: 39.54 }],
    ['EZ-VSL + OGL', 'vggss', 'VGGSound', { cIoU: 39.34, AUC: 39.78 }],
    ['EZ-VSL + OGL', 'flickr', 'Flickr 10k', { cIoU: 81.93, AUC: 62.58 }],
    ['EZ-VSL + OGL', 'flickr', 'Flickr 144k', { cIoU: 83.13, AUC: 63.06 }],
    ['EZ-VSL + OGL', 'flickr', 'VGGSound 144k', { cIoU: 83.94, AUC: 63.6 }],
  ]),
  // The table in the README of stoneMo/SLAVC, whose "Precision" is LocAcc. The command in the README has --relative_prediction,
  // the scripts that the table links to do not.
  ...rowsOf({ paper: 'Mo and Morgado, NeurIPS 2022', protocol: 'slavc-relative' }, [
    ['SLAVC', 'vggss-extended', 'VGGSound 144k', { AP: 32.95, maxF1: 40, LocAcc: 37.79 }],
    ['SLAVC', 'flickr-extended', 'VGGSound 144k', { AP: 51.63, maxF1: 59.1, LocAcc: 83.6 }],
  ]),
  // The table in the README of OpenNLPLab/FNAC_AVL, without the object prior. The program prints scores under two protocols and
  // the README does not say whose these are; taken for the first.
  ...rowsOf({ paper: 'Sun et al., CVPR 2023', protocol: 'fnac' }, [
    ['FNAC', 'vggss', 'VGGSound 10k', { cIoU: 37.29, AUC: 38.99 }],
    ['FNAC', 'vggss', 'VGGSound 144k', { cIoU: 39.5, AUC: 39.66 }],
    ['FNAC', 'vggss', 'Flickr 10k', { cIoU: 35.27, AUC: 38 }],
    ['FNAC', 'vggss', 'Flickr 144k', { cIoU: 33.93, AUC: 37.29 }],
  ]),
  // The table in the README of kaistmm/SSLalignment.
  ...rowsOf({ paper: 'Senocak et al., ICCV 2023', protocol: 'sslalign-vggss' }, [
    ['SSLalignment', 'vggss', 'VGGSound 144k', { cIoU: 39.94 }],
    ['SSLalignment, self-supervised neighbours', 'vggss', 'VGGSound 144k', { cIoU: 39.16 }],
    ['SSLalignment, pretrained vision', 'vggss', 'VGGSound 144k', { cIoU: 41.42 }],
    ['SSLalignment', 'flickr', 'Flickr 144k', { cIoU: 85.2 }, 'sslalign'],
    ['SSLalignment, self-supervised neighbours', 'flickr', 'Flickr 144k', { cIoU: 84.8 }, 'sslalign'],
    ['SSLalignment, pretrained vision', 'flickr', 'Flickr 144k', { cIoU: 86 }, 'sslalign'],
  ]),
  ...rowsOf({ paper: 'Liu et al., ACM MM 2023', protocol: 'avin' }, [
    ['AVIN-RN', 'vggss', 'VGGSound', { cIoU: 45, AUC: 43.1 }],
    ['AVIN-RN', 'flickr', 'Flickr', { cIoU: 86.8, AUC: 65.9 }],
  ]),
  // All measured by the authors of the last three.
  ...rowsOf({ paper: 'Senocak et al., TPAMI 2025', protocol: 'sslalign' }, [
    ['FNAC', 'is3', 'VGGSound 144k', { cIoUAdap: 49.5, IIoUAdap: 22.4 }],
    ['MarginNCE', 'is3', 'VGGSound 144k', { cIoUAdap: 52.6, IIoUAdap: 23.7 }],
    ['SSLalignment', 'is3', 'VGGSound 144k', { cIoUAdap: 59.4, IIoUAdap: 31.4 }],
    ['SSLalignment, pretrained vision', 'is3', 'VGGSound 144k', { cIoUAdap: 63.1, IIoUAdap: 37.6 }],
  ]),
  // CLIP-based; their procedures are their own.
  ...rowsOf({ paper: 'Park et al., WACV 2024', protocol: 'own' }, [['ACL-SSL', 'vggss', 'VGGSound 144k', { cIoU: 49.5 }]]),
  // The best of a sweep of thresholds.
  ...rowsOf({ paper: 'arXiv 2603.22732, CVPR 2026', protocol: 'own' }, [['SouPLe', 'vggss', undefined, { cIoU: 53.2 }]]),
];

/** What papers report on a benchmark. */
export const publishedRows = (benchmark: string): readonly PublishedRow[] => rows.filter((row) => row.benchmark === benchmark);
