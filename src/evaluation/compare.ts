/** Two models on the same benchmark. */
import { compareModels, type ModelComparison } from '../metrics/significance.js';
import { areaOfOne } from '../metrics/success.js';
import type { Evaluation, SampleScores } from './evaluation.js';

/** The scores that are means over samples, of which differences can be tested. */
const compared = {
  cIoU: ({ ciou }: SampleScores, successAt: number) => Number((ciou ?? -1) >= successAt),
  cIoUAdap: ({ ciouAdap }: SampleScores, successAt: number) => Number((ciouAdap ?? -1) >= successAt),
  AUC: ({ ciou }: SampleScores) => areaOfOne(ciou ?? Number.NaN),
  AUCAdap: ({ ciouAdap }: SampleScores) => areaOfOne(ciouAdap ?? Number.NaN),
  pointing: ({ pointing }: SampleScores) => pointing ?? 0,
};

export type ComparedScore = keyof typeof compared;

/**
 * How the first differs from the second, on the sounding samples that both have, by pictures: see `compareModels`. Throws RangeError when they
 * are of different benchmarks or protocols, and when no sample is in both.
 */
export function compareEvaluations(first: Evaluation, second: Evaluation): Record<ComparedScore, ModelComparison> {
  for (const [what, a, b] of [
    ['benchmarks', first.benchmark, second.benchmark],
    ['protocols', first.protocol.name, second.protocol.name],
  ])
    if (a !== b)
      throw new RangeError(
        `two models are compared on one benchmark under one protocol, these have the ${what} '${a}' and '${b}'`,
      );
  const others = new Map(second.samples.map((sample) => [sample.id, sample]));
  const pairs = first.samples.flatMap((sample) => {
    const other = others.get(sample.id);
    return sample.sounding && other ? [[sample, other] as const] : [];
  });
  if (pairs.length === 0) throw new RangeError(`no sample of '${first.model}' is one of '${second.model}'`);
  const images = pairs.map(([{ image }]) => image);
  const entries = Object.entries(compared).map(([name, scoreOf]) => {
    const of = (which: 0 | 1, { protocol }: Evaluation) => pairs.map((pair) => scoreOf(pair[which], protocol.successAt));
    return [name, compareModels(of(0, first), of(1, second), images)];
  });
  return Object.fromEntries(entries) as Record<ComparedScore, ModelComparison>;
}
