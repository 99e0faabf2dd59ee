/** Scores the maps of a benchmark, one after the other. */
import type { Benchmark } from '../datasets/benchmarks/types.js';
import type { Detection } from '../metrics/detection.js';
import { constantCurve } from '../metrics/fMeasure.js';
import { fScore } from '../metrics/overlap.js';
import { successCurve } from '../metrics/success.js';
import type { Truth } from '../metrics/truth.js';
import { centreBoxMap } from './baselines.js';
import type { Evaluation, SampleScores } from './evaluation.js';
import type { HeatMap } from './heatMap.js';
import { intervalsOf } from './intervals.js';
import { MapScorer } from './mapScorer.js';
import { ceilingOf, type PlaceScores, wholeImageScores } from './placeScores.js';
import type { Protocol } from './protocol.js';
import { sampleTruth } from './sampleTruth.js';
import { scoresOf, type Totals } from './totals.js';

/** An evaluation that cannot be made; the message names the benchmark and the sample. */
export class EvaluationError extends Error {
  override name = 'EvaluationError';
}

/** What the predictions of one kind got, sample by sample. */
class Column {
  readonly places: PlaceScores[] = [];
  readonly fCurves: Float32Array[] = [];
  readonly detections: Detection[] = [];
}

/**
 * ```
 * const evaluator = new Evaluator(benchmark, protocols.sslalign, 'my model');
 * for (const [i, map] of maps.entries()) await evaluator.add(i, map);
 * const { scores, ceiling, centreBox } = evaluator.result();
 * ```
 */
export class Evaluator {
  readonly #scorer: MapScorer;
  /** Has the centre box in it. */
  readonly #centre: MapScorer;
  readonly #masks: boolean;
  readonly #extended: boolean;
  readonly #columns = { model: new Column(), centreBox: new Column(), wholeImage: new Column(), ceiling: new Column() };
  /** By the number of the sample. */
  readonly #samples = new Map<number, SampleScores>();
  /** The picture and the group of every sample with something that sounds; those of them that have an F-score; those of all. */
  readonly #images: string[] = [];
  readonly #groups: string[] = [];
  readonly #curveImages: string[] = [];
  readonly #allImages: string[] = [];
  readonly #leftOut = new Map<number, string>();
  #tied = 0;

  /** `masks`: whether boxes are scored as masks too; a benchmark's masks always are. */
  constructor(
    readonly benchmark: Benchmark,
    readonly protocol: Protocol,
    readonly model: string,
    { masks = benchmark.samples.some(({ annotation }) => annotation.kind === 'mask') } = {},
  ) {
    this.#scorer = new MapScorer(protocol);
    const { objectPrior: _, ...plain } = protocol;
    this.#centre = new MapScorer(plain);
    this.#centre.load(centreBoxMap(protocol));
    this.#masks = masks;
    this.#extended = benchmark.samples.some(({ annotation }) => annotation.kind === 'nonSounding');
  }

  /**
   * Scores the map of `benchmark.samples[index]`; `prior` is the object prior's where the protocol has one. Throws EvaluationError for a map
   * with NaN or infinite values, a missing prior, a mask that cannot be read, and a sample that was there before.
   */
  async add(index: number, map: HeatMap, prior?: HeatMap): Promise<void> {
    const { name, samples } = this.benchmark;
    const sample = samples[index];
    if (!sample) throw new EvaluationError(`${name} has ${samples.length} samples, and none with the number ${index}`);
    if (this.#samples.has(index)) throw new EvaluationError(`sample '${sample.id}' of ${name}: it was given a map before`);
    try {
      const truth = await sampleTruth(sample, this.benchmark, this.protocol);
      this.#score(index, truth, map, prior);
    } catch (error) {
      throw new EvaluationError(`sample '${sample.id}' of ${name}: ${(error as Error).message}`, { cause: error });
    }
  }

  /** Says why a sample has no map; it is among the missing ones then. */
  leaveOut(index: number, reason: string): void {
    this.#leftOut.set(index, reason);
  }

  #score(index: number, truth: Truth | undefined, map: HeatMap, prior: HeatMap | undefined): void {
    this.#scorer.load(map, prior);
    const { model, centreBox, wholeImage, ceiling } = this.#columns;
    const found = truth && this.#scorer.against(truth);
    const confidence = this.#scorer.confidence();
    const { id, image, category, publishedName } = this.benchmark.samples[index]!;
    const sounding = truth !== undefined;
    const area = truth ? truth.area / truth.weight.length : 0;
    this.#samples.set(index, { id, image, category, sounding, area, confidence, ...this.#inJson(found?.place) });
    this.#allImages.push(image);
    model.detections.push({ sounding, confidence, ciou: found?.place.ciou ?? Number.NaN });
    const centre = truth && this.#centre.against(truth).place;
    const whole = truth && wholeImageScores(truth);
    centreBox.detections.push({ sounding, confidence: 0, ciou: centre?.ciou ?? Number.NaN });
    wholeImage.detections.push({ sounding, confidence: 0, ciou: whole?.ciou ?? Number.NaN });
    if (!truth || !found || !centre || !whole) return;

    this.#images.push(image);
    this.#groups.push(this.protocol.groupBy === 'image' ? image : upToLastUnderscore(publishedName));
    this.#tied += Number(found.tied);
    model.places.push(found.place);
    centreBox.places.push(centre);
    wholeImage.places.push(whole);
    ceiling.places.push(ceilingOf(truth, this.protocol));
    if (!this.#masks || truth.area === 0) return;
    this.#curveImages.push(image);
    model.fCurves.push(this.#scorer.fCurve(truth));
    centreBox.fCurves.push(this.#centre.fCurve(truth));
    wholeImage.fCurves.push(constantCurve(fScore(truth.area, truth.weight.length, truth.area)));
    ceiling.fCurves.push(constantCurve(1));
  }

  /** A sample's scores as JSON has them: NaN is null. */
  #inJson(place: PlaceScores | undefined) {
    const orNull = (v: number | undefined) => (v === undefined || Number.isNaN(v) ? null : v);
    return {
      ciou: orNull(place?.ciou),
      ciouAdap: orNull(place?.ciouAdap),
      pointing: orNull(place?.pointing),
      NSA: orNull(place?.nsa),
      ...(this.#masks && place && { iou: place.iou, iouAdap: place.iouAdap, fScoreAdap: orNull(place.fScoreAdap) }),
    };
  }

  #totals({ places, fCurves, detections }: Column): Totals {
    return {
      places,
      groups: this.#groups,
      fCurves: this.#masks ? fCurves : undefined,
      detections: this.#extended ? detections : undefined,
      successAt: this.protocol.successAt,
    };
  }

  /** The scores of the maps added so far. Throws EvaluationError when none of them has something that sounds. */
  result(): Evaluation {
    const { benchmark, protocol, model } = this;
    const sounding = this.#images.length;
    if (sounding === 0) throw new EvaluationError(`${benchmark.name}: no sample with a sounding object has a map`);
    const sounds = new Map<string, number>();
    for (const image of this.#images) sounds.set(image, (sounds.get(image) ?? 0) + 1);
    const totals = this.#totals(this.#columns.model);
    const { AP: _, maxF1: __, LocAcc: ___, ...ceiling } = scoresOf(this.#totals(this.#columns.ceiling));
    const curveOf = (name: 'ciou' | 'ciouAdap') => successCurve(totals.places.map((place) => place[name]));
    return {
      benchmark: benchmark.name,
      model,
      protocol,
      N: this.#samples.size,
      sounding,
      images: sounds.size,
      singleImages: [...sounds.values()].filter((n) => n === 1).length,
      tied: this.#tied,
      scores: scoresOf(totals),
      ceiling,
      centreBox: scoresOf(this.#totals(this.#columns.centreBox)),
      wholeImage: scoresOf(this.#totals(this.#columns.wholeImage)),
      intervals: intervalsOf(totals, { sounding: this.#images, curves: this.#curveImages, all: this.#allImages }),
      successCurve: curveOf('ciou'),
      successCurveAdap: curveOf('ciouAdap'),
      missing: [
        ...benchmark.problems,
        ...benchmark.samples.flatMap(({ id }, i) =>
          this.#samples.has(i) ? [] : [{ file: id, reason: this.#leftOut.get(i) ?? 'the sample was given no map' }],
        ),
      ],
      samples: [...this.#samples].sort(([a], [b]) => a - b).map(([, sample]) => sample),
    };
  }
}

/** What the published evaluators group by: `a/cat_dog_17_cat` is `cat_dog_17`. */
function upToLastUnderscore(name: string): string {
  const file = name.slice(name.lastIndexOf('/') + 1);
  return file.slice(0, Math.max(0, file.lastIndexOf('_')));
}
