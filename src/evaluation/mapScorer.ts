/** One map at a time against ground truth, under one protocol. */

import type { HeatMap } from '../localization/heatMap.js';
import { FMeasure } from '../metrics/fMeasure.js';
import { type Comparison, overlapOf } from '../metrics/overlap.js';
import { pointing } from '../metrics/pointing.js';
import { Ranks } from '../metrics/rank.js';
import { MapResizer } from '../metrics/resize.js';
import { type Extremes, extremesOf, mix, scaleLogits, scaleNegated, scaleRange } from '../metrics/scale.js';
import type { Truth } from '../metrics/truth.js';
import { type PlaceScores, placeScores } from './placeScores.js';
import { adaptiveRank, fixedRank, type Protocol, untiedCount } from './protocol.js';

/** What the map in the scorer gets on a ground truth. */
export interface PlaceResult {
  place: PlaceScores;
  /** Equal values make a threshold predict 1 % (and more than two) pixels more or fewer than its rank says. */
  tied: boolean;
}

/** Rounding makes a few pixels equal in many maps; what is meant are plateaus. */
const noticeable = 0.01;

/** Scores maps under a protocol: `load` one, then ask. Keeps its memory from map to map. */
export class MapScorer {
  readonly #resizers = new Map<string, MapResizer>();
  readonly #values: Float32Array;
  readonly #prior: Float32Array;
  readonly #ranks: Ranks;
  readonly #fMeasure = new FMeasure();
  #isMeasured = false;
  /** Of the values before their last scaling, and after it. */
  #before: Extremes = { min: 0, max: 0 };
  #after: Extremes = { min: 0, max: 0 };

  constructor(readonly protocol: Protocol) {
    const pixels = protocol.size ** 2;
    this.#values = new Float32Array(pixels);
    this.#prior = new Float32Array(protocol.objectPrior ? pixels : 0);
    this.#ranks = new Ranks(pixels);
  }

  /**
   * Takes a map, and the object prior's where the protocol has one. Throws RangeError for NaN and infinite values, and for a prior that is
   * missing.
   */
  load(map: HeatMap, prior?: HeatMap): void {
    const { objectPrior, values: scale, priorRange } = this.protocol;
    if (objectPrior && !prior)
      throw new RangeError('the protocol mixes maps with an object prior, and there is none for this one');
    const values = this.#values;
    this.#resize(map, values, 'the map');
    let before = extremesOf(values);
    this.#after = this.#scale(values, before, scale);
    if (objectPrior && prior) {
      this.#resize(prior, this.#prior, 'the object prior');
      const priorScale = scale.scale === 'range' && priorRange ? { scale: scale.scale, ...priorRange } : scale;
      this.#scale(this.#prior, extremesOf(this.#prior), priorScale);
      mix(values, this.#prior, objectPrior.alpha);
      before = extremesOf(values);
      // Published programs scale a mixture of maps that were scaled to their own ranges to its own range again.
      this.#after = this.#isRelative ? this.#scale(values, before, { scale: 'minMax' }) : before;
    }
    this.#before = before;
    this.#ranks.load(values, this.#after.min, this.#after.max);
    this.#isMeasured = false;
  }

  /**
   * Mean of the highest quarter of the values: what tells samples with a sounding object from others. On the protocol's scale where that is
   * absolute; on the map's own where each map is scaled to its own range, since after that all look alike.
   */
  confidence(): number {
    const pixels = this.#values.length;
    const top = this.#ranks.meanFrom(pixels - Math.ceil(pixels / 4));
    const { min, max } = this.#before;
    if (!this.#isRelative) return top;
    // A constant map is left as it is, or moved by 1, by the scaling.
    return max > min ? min + (max - min) * top : min;
  }

  /** The place that the map points at, against the one that is annotated. */
  against(truth: Truth): PlaceResult {
    const values = this.#values;
    const { binarize, comparison } = this.protocol;
    const fixed = fixedRank(this.protocol);
    const adaptive = adaptiveRank(this.protocol, truth.area);
    const threshold = binarize.by === 'rank' ? this.#ranks.at(fixed!) : binarize.threshold;
    const overlap = (at: number, side: Comparison) => overlapOf(values, at, side, truth, this.#ranks.count(at, side));
    const overlaps = {
      fixed: overlap(threshold, comparison),
      adaptive: overlap(this.#ranks.at(adaptive), comparison),
      half: overlap(0.5, '>'),
    };
    const { max } = this.#after;
    const isOff = (predicted: number, rank: number) => {
      const untied = untiedCount(this.protocol, rank);
      return Math.abs(predicted - untied) > Math.max(2, noticeable * untied);
    };
    return {
      place: placeScores(overlaps, pointing(values, max, truth, this.#ranks.count(max, '>=')), truth),
      tied: isOff(overlaps.adaptive.predicted, adaptive) || (fixed !== undefined && isOff(overlaps.fixed.predicted, fixed)),
    };
  }

  /** F at every threshold, against a mask that is not empty. */
  fCurve(truth: Truth): Float32Array {
    if (!this.#isMeasured) this.#fMeasure.load(this.#values);
    this.#isMeasured = true;
    return this.#fMeasure.against(truth);
  }

  /** Whether the protocol brings each map to its own range. */
  get #isRelative(): boolean {
    return this.protocol.values.scale === 'minMax' || this.protocol.values.scale === 'negatedMinMax';
  }

  #resize({ data, height, width }: HeatMap, out: Float32Array, what: string): void {
    const { size, resize, alignCorners } = this.protocol;
    const at = data.findIndex((v) => !Number.isFinite(v));
    if (at >= 0)
      throw new RangeError(
        `expected finite values, ${what} (${height} x ${width}) has ${data[at]} in row ${Math.floor(at / width)}, column ${at % width}`,
      );
    const { min, max } = extremesOf(data);
    // Resized, a constant map would have the rounding of the weights in it, and scaling would blow that up.
    if (min === max) {
      out.fill(min);
      return;
    }
    const key = `${height}x${width}`;
    const resizer = this.#resizers.get(key) ?? new MapResizer(height, width, size, size, resize, alignCorners);
    this.#resizers.set(key, resizer);
    resizer.resize(data, out);
  }

  /** Scales values in place; their new extremes. */
  #scale(values: Float32Array, { min, max }: Extremes, scale: Protocol['values']): Extremes {
    const ends = Float32Array.of(min, max);
    for (const array of [values, ends])
      if (scale.scale === 'minMax') scaleRange(array, min, max);
      else if (scale.scale === 'negatedMinMax') scaleNegated(array, min, max);
      else if (scale.scale === 'range') scaleRange(array, scale.low, scale.high);
      else scaleLogits(array);
    return { min: ends[0]!, max: ends[1]! };
  }
}
