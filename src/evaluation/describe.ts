/** Protocols in words. */
import type { Protocol } from './protocol.js';

const scales: Readonly<Record<Protocol['values']['scale'], string>> = {
  minMax: 'scaled to their range',
  negatedMinMax: 'scaled to their range as LVS does',
  range: 'on a fixed scale',
  sigmoid: 'logits',
};

function thresholdOf({ binarize, comparison }: Protocol): string {
  const side = comparison === '>' ? 'above' : 'at or above';
  if (binarize.by === 'value') return `${side} ${binarize.threshold}`;
  return binarize.share === 0.5 ? `${side} the median` : `${side} the ${100 * binarize.share} % quantile`;
}

/**
 * One line: `bilinear with aligned corners to 224 x 224, values scaled to their range, pixels above the median; success at ciou >=
 * 0.5; 2 annotators must agree where there are several; IIoU by picture`.
 */
export function describeProtocol(protocol: Protocol): string {
  const { resize, alignCorners, size, values, consensus, successAt, groupBy, objectPrior } = protocol;
  const parts = [
    `${resize} with ${alignCorners ? 'aligned corners' : 'half-pixel centres'} to ${size} x ${size}`,
    `values ${scales[values.scale]}`,
    ...(objectPrior ? [`mixed with an object prior (${objectPrior.alpha} of the map)`] : []),
    `pixels ${thresholdOf(protocol)}`,
  ];
  const agreement = consensus > 1 ? `; ${consensus} annotators must agree where there are several` : '';
  const grouping = groupBy === 'publishedName' ? 'file names, as published' : 'picture';
  return `${parts.join(', ')}; success at ciou >= ${successAt}${agreement}; IIoU by ${grouping}`;
}
