/** What `prepare` is told to make, what it says about a clip it leaves out, and why it may refuse to work. */

/** Everything that decides the bytes of the shards; the rest (how many processes, say) may change between a run and its continuation. */
export interface PrepareSettings {
  /** Samples in a shard; the last one may hold fewer. */
  shardSize: number;
  /** Pixels of a picture's short side; larger pictures are shrunk to it, smaller ones kept. */
  size: number;
  /** Seconds of sound kept at most: the part around the frame. */
  seconds: number;
  /** Clips with less sound than this many seconds are left out. */
  minSeconds: number;
  /** So many frames, at the middles of as many equal parts of the kept sound. */
  frames?: number;
  /** One frame, this many seconds into the clip. */
  at?: number;
}

export const defaultSettings: PrepareSettings = { shardSize: 1000, size: 256, seconds: 10, minSeconds: 1 };

/** Hz of the sound in a shard. */
export const shardSampleRate = 16_000;

/** Why a clip is not in the shards:
 * - `unusable`: the entry of the list or folder is no pair (a file is missing, an id comes twice);
 * - `undecodable`: a file is truncated, damaged, too large or of an unknown format;
 * - `noSound`, `noPicture`: the file lacks that stream;
 * - `tooShort`: less sound than `minSeconds`, or no frame at `at`;
 * - `silent`: the root mean square of the kept sound is below `silenceLevel`;
 * - `still`: a video whose frames hardly change (`stillness`);
 * - `duplicate`: the same frames and the same sound as an earlier clip;
 * - `crashed`: the process that decoded it broke down, twice;
 * - `tookTooLong`: decoding it did not end.
 */
export type LeftOutBecause =
  | 'unusable'
  | 'undecodable'
  | 'noSound'
  | 'noPicture'
  | 'tooShort'
  | 'silent'
  | 'still'
  | 'duplicate'
  | 'crashed'
  | 'tookTooLong';

/** How summaries name the reasons. */
export const inWords: Readonly<Record<LeftOutBecause, string>> = {
  unusable: 'no usable entry',
  undecodable: 'undecodable',
  noSound: 'without sound',
  noPicture: 'without picture',
  tooShort: 'too short',
  silent: 'silent',
  still: 'still picture',
  duplicate: 'duplicate',
  crashed: 'the decoder crashed',
  tookTooLong: 'took too long',
};

/** A clip that is left out. */
export interface LeftOut {
  problem: LeftOutBecause;
  /** One line: what was found, and what was expected. */
  reason: string;
}

/** What one clip becomes: the members of the tar archive, in their order, without the sample's key. */
export interface Sample {
  /** `extension` follows the key and a dot: `jpg`, `0.jpg`, `wav`, `json`. */
  members: readonly { extension: string; content: Uint8Array }[];
  /** SHA-256 (hex) of the decoded frames and sound: equal for duplicates, whatever files they came in. */
  content: string;
}

/** `prepare` cannot begin or go on. `message` is one line that says what to do. */
export class PrepareError extends Error {
  override name = 'PrepareError';
}
