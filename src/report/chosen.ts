/** Which samples a report shows. */
import type { Run } from '../evaluation/run.js';

type Sample = Run['evaluation']['samples'][number];

/** Positions in `evaluation.samples`. */
export interface Chosen {
  best: number[];
  worst: number[];
  /** Pictures with several sounds, all sounds of each. */
  interactive: number[][];
}

const [shownSamples, shownPictures, mostSounds] = [8, 4, 4];

/** Adaptive: a score that small objects can reach too. 0/0 is worst. */
export const scoreOf = ({ ciouAdap }: Sample): number => ciouAdap ?? -1;

/** Spreads `count` choices over a list, both ends included. */
const spread = <T>(list: readonly T[], count: number): T[] =>
  list.length <= count
    ? [...list]
    : Array.from({ length: count }, (_, i) => list[Math.round((i * (list.length - 1)) / (count - 1))]!);

/** The samples with the highest and the lowest scores, one of a picture, and pictures from the best found to the worst. */
export function choose({ evaluation: { samples } }: Run): Chosen {
  const ranked = samples
    .map((sample, i) => ({ sample, i }))
    .filter(({ sample }) => sample.sounding)
    .sort((a, b) => scoreOf(b.sample) - scoreOf(a.sample) || a.i - b.i);
  const ends = (list: typeof ranked) => {
    const pictures = new Set<string>();
    return list.filter(({ sample: { image } }) => !pictures.has(image) && pictures.add(image)).slice(0, shownSamples);
  };
  const best = ends(ranked);
  const shown = new Set(best.map(({ i }) => i));
  const worst = ends(ranked.toReversed().filter(({ i }) => !shown.has(i)));
  const pictures = new Map<string, number[]>();
  for (const { sample, i } of ranked) pictures.set(sample.image, [...(pictures.get(sample.image) ?? []), i]);
  // As good as their worst sound, which comes last.
  const several = [...pictures.values()]
    .filter((sounds) => sounds.length > 1)
    .sort((a, b) => scoreOf(samples[b.at(-1)!]!) - scoreOf(samples[a.at(-1)!]!));
  return {
    best: best.map(({ i }) => i),
    worst: worst.map(({ i }) => i),
    interactive: spread(several, shownPictures).map((sounds) => sounds.toSorted((a, b) => a - b).slice(0, mostSounds)),
  };
}

/** The samples, as positions in both runs, on which two models differ most, one of a picture. */
export function mostDifferent(first: Run, second: Run): { first: number; second: number }[] {
  const others = new Map(second.evaluation.samples.map(({ id }, i) => [id, i]));
  const difference = ({ first: i, second: j }: { first: number; second: number }) =>
    Math.abs(scoreOf(first.evaluation.samples[i]!) - scoreOf(second.evaluation.samples[j]!));
  const pictures = new Set<string>();
  return first.evaluation.samples
    .flatMap(({ id, sounding }, i) => (sounding && others.has(id) ? [{ first: i, second: others.get(id)! }] : []))
    .sort((a, b) => difference(b) - difference(a) || a.first - b.first)
    .filter(({ first: i }) => {
      const { image } = first.evaluation.samples[i]!;
      return !pictures.has(image) && pictures.add(image);
    })
    .slice(0, shownSamples);
}
