/** Scores the maps of a benchmark, and adds them up. */
import type { Benchmark, BenchmarkSample } from '../datasets/benchmarks/types.js';
import type { HeatMap } from '../localization/heatMap.js';
import { constantCurve } from '../metrics/fMeasure.js';
import { fScore } from '../metrics/overlap.js';
import { successCurve } from '../metrics/success.js';
import type { Evaluation, SampleScores } from './evaluation.js';
import { intervalsOf } from './intervals.js';
import type { PlaceScores } from './placeScores.js';
import type { Protocol } from './protocol.js';
import { type Found, type PlaceOf, type SampleResult, SampleScorer, type Scoring } from './sampleScorer.js';
import { scoresOf, type Totals } from './totals.js';

/** An evaluation that cannot be made; the message names the benchmark and the sample. */
export class EvaluationError extends Error {
  override name = 'EvaluationError';
}

interface Scored {
  sample: BenchmarkSample;
  result: SampleResult;
}

type Sounding = Scored & { place: PlaceOf };

/**
 * ```
 * const evaluator = new Evaluator(benchmark, protocols.sslalign, 'my model');
 * for (const [i, map] of maps.entries()) await evaluator.add(i, map);
 * const { scores, ceiling, centreBox } = evaluator.result();
 * ```
 */
export class Evaluator {
  /** What every sample is scored by. */
  readonly scoring: Scoring;
  readonly #scorer: SampleScorer;
  /** By the number of the sample. */
  readonly #results = new Map<number, SampleResult>();
  readonly #leftOut = new Map<number, string>();

  /** `masks`: whether boxes are scored as masks too; a benchmark's masks always are. */
  constructor(
    readonly benchmark: Benchmark,
    readonly protocol: Protocol,
    readonly model: string,
    { masks = benchmark.samples.some(({ annotation: { kind } }) => kind === 'mask' || kind === 'pixels') } = {},
  ) {
    this.scoring = { protocol, annotators: benchmark.annotators, masks };
    this.#scorer = new SampleScorer(this.scoring);
  }

  /**
   * Scores the map of `benchmark.samples[index]`; `prior` is the object prior's where the protocol has one. Throws EvaluationError for a map
   * with NaN or infinite values, a missing prior, a mask that cannot be read, and a sample that was there before.
   */
  add(index: number, map: HeatMap, prior?: HeatMap): Promise<void> {
    return this.record(index, (sample) => this.#scorer.score(sample, map, prior));
  }

  /** `add`, with the scoring done by somebody else: see `SampleScorer`. */
  async record(index: number, score: (sample: BenchmarkSample) => Promise<SampleResult>): Promise<void> {
    const { name, samples } = this.benchmark;
    const sample = samples[index];
    if (!sample) throw new EvaluationError(`${name} has ${samples.length} samples, and none with the number ${index}`);
    try {
      const result = await score(sample);
      if (this.#results.has(index)) throw new RangeError('it was given a map before');
      this.#results.set(index, result);
    } catch (error) {
      throw new EvaluationError(`sample '${sample.id}' of ${name}: ${(error as Error).message}`, { cause: error });
    }
  }

  /** Says why a sample has no map; it is among the missing ones then. */
  leaveOut(index: number, reason: string): void {
    this.#leftOut.set(index, reason);
  }

  /** The scores of the maps added so far. Throws EvaluationError when none of them has something that sounds. */
  result(): Evaluation {
    const { benchmark, protocol, model } = this;
    const { samples } = benchmark;
    const scored = samples.flatMap((sample, i): Scored[] => {
      const result = this.#results.get(i);
      return result ? [{ sample, result }] : [];
    });
    const sounding = scored.flatMap((one): Sounding[] => (one.result.place ? [{ ...one, place: one.result.place }] : []));
    if (sounding.length === 0) throw new EvaluationError(`${benchmark.name}: no sample with a sounding object has a map`);
    const images = sounding.map(({ sample }) => sample.image);
    const sounds = new Map<string, number>();
    for (const image of images) sounds.set(image, (sounds.get(image) ?? 0) + 1);

    const totals = this.#totals(scored, sounding, ({ model: found }) => found, true);
    const masked = sounding.filter(({ place }) => place.model.fCurve);
    const { AP: _, maxF1: __, LocAcc: ___, ...ceiling } = scoresOf(this.#totals(scored, sounding, bestOf));
    return {
      benchmark: benchmark.name,
      model,
      protocol,
      N: scored.length,
      sounding: sounding.length,
      images: sounds.size,
      singleImages: [...sounds.values()].filter((n) => n === 1).length,
      tied: sounding.filter(({ place }) => place.model.tied).length,
      scores: scoresOf(totals),
      ceiling,
      centreBox: scoresOf(this.#totals(scored, sounding, ({ centreBox }) => centreBox)),
      wholeImage: scoresOf(this.#totals(scored, sounding, wholeOf)),
      intervals: intervalsOf(totals, {
        sounding: images,
        curves: masked.map(({ sample }) => sample.image),
        all: scored.map(({ sample }) => sample.image),
      }),
      successCurve: successCurve(totals.places.map(({ ciou }) => ciou)),
      successCurveAdap: successCurve(totals.places.map(({ ciouAdap }) => ciouAdap)),
      missing: [
        ...benchmark.problems,
        ...samples.flatMap(({ id }, i) =>
          this.#results.has(i) ? [] : [{ file: id, reason: this.#leftOut.get(i) ?? 'the sample was given no map' }],
        ),
      ],
      samples: scored.map((one) => this.#inJson(one)),
    };
  }

  /** What predictions of one kind add up to. Only a model is more or less certain; the others always say yes. */
  #totals(
    scored: readonly Scored[],
    sounding: readonly Sounding[],
    of: (place: PlaceOf) => Pick<Found, 'place' | 'fCurve'>,
    isModel = false,
  ): Totals {
    const { groupBy, successAt } = this.protocol;
    const found = sounding.map(({ place }) => of(place));
    const isExtended = this.benchmark.samples.some(({ annotation }) => annotation.kind === 'nonSounding');
    return {
      places: found.map(({ place }) => place),
      groups: sounding.map(({ sample }) => (groupBy === 'image' ? sample.image : upToLastUnderscore(sample.publishedName))),
      fCurves: this.scoring.masks ? found.flatMap(({ fCurve }) => (fCurve ? [fCurve] : [])) : undefined,
      detections: isExtended
        ? scored.map(({ result: { place, confidence } }) => ({
            sounding: place !== undefined,
            confidence: isModel ? confidence : 0,
            ciou: place ? of(place).place.ciou : Number.NaN,
          }))
        : undefined,
      successAt,
    };
  }

  /** A sample's scores as JSON has them: NaN is null. */
  #inJson({ sample: { id, image, category }, result: { place, confidence } }: Scored): SampleScores {
    const scores: PlaceScores | undefined = place?.model.place;
    const orNull = (v: number | undefined) => (v === undefined || Number.isNaN(v) ? null : v);
    return {
      id,
      image,
      category,
      sounding: place !== undefined,
      area: place?.area ?? 0,
      confidence,
      ciou: orNull(scores?.ciou),
      ciouAdap: orNull(scores?.ciouAdap),
      pointing: orNull(scores?.pointing),
      NSA: orNull(scores?.nsa),
      ...(this.scoring.masks && scores && { iou: scores.iou, iouAdap: scores.iouAdap, fScoreAdap: orNull(scores.fScoreAdap) }),
    };
  }
}

/** The whole picture predicted, at every threshold. */
const wholeOf = ({ wholeImage, area, model }: PlaceOf) => ({
  place: wholeImage,
  fCurve: model.fCurve && constantCurve(fScore(area, 1, area)),
});

/** The best that a map can get, at every threshold. */
const bestOf = ({ ceiling, model }: PlaceOf) => ({ place: ceiling, fCurve: model.fCurve && constantCurve(1) });

/** What the published evaluators group by: `a/cat_dog_17_cat` is `cat_dog_17`. */
function upToLastUnderscore(name: string): string {
  const file = name.slice(name.lastIndexOf('/') + 1);
  return file.slice(0, Math.max(0, file.lastIndexOf('_')));
}
