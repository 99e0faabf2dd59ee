/** Pairs of a picture and a sound that belong together, where their bytes lie, and what is wrong with some of them. */

/** Where a picture or sound lies. */
export interface MediaRef {
  /** The file: a picture, a sound, a video, or a shard that holds one. */
  path: string;
  /** For a member of a shard: where it begins, how long it is, and its name, whose extension tells the format. */
  member?: { name: string; offset: number; length: number };
  /** For a video: the time of the frame, or where the sound begins, in seconds. */
  seconds?: number;
  /** For a sound that is a part of a longer one: its seconds; to the end when not given. */
  duration?: number;
}

export interface Pair {
  /** Unique in its set. */
  id: string;
  picture: MediaRef;
  sound: MediaRef;
}

/** A sample that cannot be used. It is left out, counted and reported, never replaced. */
export interface Problem {
  /** The file, or the list and line. */
  file: string;
  /** One line. */
  reason: string;
}

/** An ordered set of pairs. */
export interface PairSet {
  name: string;
  pairs: readonly Pair[];
  problems: readonly Problem[];
  /** For shards: how many of `pairs`, which are in shard order, come from each. */
  shardSizes?: readonly number[];
}

/** A data set that cannot be read at all. `message` is one line: where, what was expected, what came, what to do. */
export class DatasetError extends Error {
  override name = 'DatasetError';

  constructor(
    /** The list, folder or shard. */
    readonly file: string,
    message: string,
    options?: ErrorOptions,
  ) {
    super(`${file}: ${message}`, options);
  }
}
