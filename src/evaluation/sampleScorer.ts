/** One sample under one protocol: what the map gets, and what it stands beside. */
import type { Benchmark, BenchmarkSample } from '../datasets/benchmarks/types.js';
import type { HeatMap } from '../localization/heatMap.js';
import { centreBoxMap } from './baselines.js';
import { MapScorer, type PlaceResult } from './mapScorer.js';
import { ceilingOf, type PlaceScores, wholeImageScores } from './placeScores.js';
import type { Protocol } from './protocol.js';
import { sampleTruth } from './sampleTruth.js';

/** A prediction's scores; with F at every threshold where masks are scored and this one is not empty. */
export interface Found extends PlaceResult {
  fCurve?: Float32Array;
}

/** Of a sample with something in the picture that sounds. */
export interface PlaceOf {
  model: Found;
  centreBox: Found;
  wholeImage: PlaceScores;
  ceiling: PlaceScores;
  /** Share of the picture that is the object. */
  area: number;
}

export interface SampleResult {
  confidence: number;
  /** Left out where nothing in the picture sounds. */
  place?: PlaceOf;
}

/** What all samples of an evaluation have in common. Plain: threads are given it. */
export interface Scoring {
  protocol: Protocol;
  annotators: Benchmark['annotators'];
  /** Whether ground truth is scored as masks too. */
  masks: boolean;
}

/** Keeps its memory from sample to sample; one at a time. */
export class SampleScorer {
  readonly #scoring: Scoring;
  readonly #scorer: MapScorer;
  /** Has the centre box in it. */
  readonly #centre: MapScorer;

  constructor(scoring: Scoring) {
    const { objectPrior: _, ...plain } = scoring.protocol;
    this.#scoring = scoring;
    this.#scorer = new MapScorer(scoring.protocol);
    this.#centre = new MapScorer(plain);
    this.#centre.load(centreBoxMap(plain));
  }

  /** Throws RangeError for a map or prior that cannot be scored, MediaError for a mask that cannot be read. */
  async score(sample: BenchmarkSample, map: HeatMap, prior?: HeatMap): Promise<SampleResult> {
    const { protocol, annotators, masks } = this.#scoring;
    const truth = await sampleTruth(sample, annotators, protocol);
    this.#scorer.load(map, prior);
    const confidence = this.#scorer.confidence();
    if (!truth) return { confidence };
    const found = (scorer: MapScorer): Found => {
      const result = scorer.against(truth);
      return masks && truth.area > 0 ? { ...result, fCurve: scorer.fCurve(truth) } : result;
    };
    return {
      confidence,
      place: {
        model: found(this.#scorer),
        centreBox: found(this.#centre),
        wholeImage: wholeImageScores(truth),
        ceiling: ceilingOf(truth, protocol),
        area: truth.area / truth.weight.length,
      },
    };
  }
}
