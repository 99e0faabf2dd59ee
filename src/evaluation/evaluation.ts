/** What an evaluation found: one model (or its maps) on one benchmark under one protocol. Plain JSON. */
import type { RetrievalScores } from '../metrics/retrieval.js';
import type { Protocol } from './protocol.js';

/** Shares of 1. Which of them there are depends on the benchmark: masks bring mIoU and F, samples without a source bring AP. */
export interface Scores {
  cIoU: number;
  cIoUAdap: number;
  AUC: number;
  AUCAdap: number;
  IIoU: number;
  IIoUAdap: number;
  IAUC: number;
  IAUCAdap: number;
  pointing: number;
  NSA: number;
  mIoU?: number;
  mIoUAdap?: number;
  FScore?: number;
  FScoreAdap?: number;
  AP?: number;
  maxF1?: number;
  LocAcc?: number;
}

export type ScoreName = keyof Scores;

/** What a map got on one sample. */
export interface SampleScores {
  id: string;
  image: string;
  category?: string;
  /** False when nothing in the picture makes the sound: then there is only `confidence`. */
  sounding: boolean;
  /** Share of the picture that is the object, in [0, 1]. */
  area: number;
  /** ciou of the sample, not a success; `null` is 0/0, which no threshold accepts. */
  ciou: number | null;
  ciouAdap: number | null;
  /** Share of the map's highest pixels that lie on the object: 0 or 1 unless several are equally high. */
  pointing: number | null;
  /** `null` when the object fills the picture. */
  NSA: number | null;
  confidence: number;
  iou?: number;
  iouAdap?: number;
  fScoreAdap?: number | null;
}

export interface Evaluation {
  benchmark: string;
  /** The model, or the file of its maps. */
  model: string;
  protocol: Protocol;
  /** Samples scored. */
  N: number;
  /** Of them with something in the picture that sounds; all scores but AP and maxF1 are over these. */
  sounding: number;
  /** Pictures, and how many of them have only one sound: for those IIoU says no more than cIoU. */
  images: number;
  singleImages: number;
  /** Samples with maps that are equal at a threshold: there a score can lie above the ceiling. */
  tied: number;
  scores: Scores;
  /** The highest score a map without ties can get on this ground truth. */
  ceiling: Partial<Scores>;
  /** What the centred box of the size that the threshold asks for gets (half the picture's sides for a threshold by value), and the whole picture. */
  centreBox: Scores;
  wholeImage: Scores;
  /** Bootstrap intervals of 95 % over pictures. */
  intervals: Partial<Record<ScoreName, [low: number, high: number]>>;
  /** Shares of samples at or above each threshold of `AUC` and `AUCAdap`, 0 to 1 in steps of 0.05. */
  successCurve: number[];
  successCurveAdap: number[];
  retrieval?: RetrievalScores;
  /** Annotated samples that could not be used. */
  missing: { file: string; reason: string }[];
  samples: SampleScores[];
}
