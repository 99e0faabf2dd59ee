/** What the loader and its decoding threads say to each other. */
import type { MediaLimits } from '../../media/types.js';
import type { Pair } from '../types.js';
import type { Views } from './views.js';

/** Positions in the flags that a thread shares with the pool. */
export const Flag = {
  /** Set by the pool: no further item is begun. */
  abandoned: 0,
  /** How many tasks the thread is at. */
  busy: 1,
} as const;

export interface WorkerData {
  flags: Int32Array;
  views: Views;
  seed: number;
  /** Bytes of decoded features this thread may keep. */
  cacheBytes: number;
  limits: MediaLimits;
  /** Batch buffers, in turns: for each view, in the order of `views`, the values of a whole batch. */
  buffers: readonly (readonly Float32Array[])[];
}

/** Decode `pair` into slot `slot` of a batch buffer. */
export interface Item {
  slot: number;
  /** Position in the set of pairs: with the seed and the epoch it names the random numbers. */
  index: number;
  pair: Pair;
  /** Whose picture and whose sound views of partners show. */
  partners?: { picture: Pair; sound: Pair };
}

export interface Task {
  id: number;
  buffer: number;
  epoch: number;
  items: readonly Item[];
}

export interface TaskResult {
  id: number;
  failed: readonly FailedSlot[];
}

/** A slot without a sample: the file that cannot be used, and why. */
export interface FailedSlot {
  slot: number;
  file: string;
  reason: string;
}
