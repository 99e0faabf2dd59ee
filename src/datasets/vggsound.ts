/**
 * Names of VGGSound clips. A clip is ten seconds of a YouTube video, and its files are called in one of two ways: by the start in seconds,
 * `ytid_SSSSSS`, or by both ends in milliseconds, `ytid_startms_endms`. The video's id is the first eleven characters, which may
 * themselves hold `_` and `-`: names are taken apart by position, never at `_`.
 */

export interface VggSoundClip {
  /** The YouTube id: 11 characters. */
  video: string;
  /** Milliseconds. */
  start: number;
  /** Milliseconds. */
  end: number;
}

const clipMilliseconds = 10_000;
const idLength = 11;

/**
 * When the frame that VGG-SS annotates is shown, in seconds: the 125th at 25 frames a second, frames counted from 1, so index 124.
 */
export const annotatedFrameSeconds = 124 / 25;

/** The clip that a file name without its extension says, in either form; undefined when it is no VGGSound name. */
export function parseVggSound(name: string): VggSoundClip | undefined {
  const video = name.slice(0, idLength);
  if (!/^[\w-]{11}$/.test(video)) return undefined;
  const [, seconds] = /^_(\d{6})$/.exec(name.slice(idLength)) ?? [];
  if (seconds !== undefined) return { video, start: 1000 * Number(seconds), end: 1000 * Number(seconds) + clipMilliseconds };
  const [, from, to] = /^_(\d{1,10})_(\d{1,10})$/.exec(name.slice(idLength)) ?? [];
  return from !== undefined && Number(from) < Number(to) ? { video, start: Number(from), end: Number(to) } : undefined;
}

/** The name of a clip in one of the two forms. Throws RangeError when whole seconds are asked for and the start has none. */
export function formatVggSound({ video, start, end }: VggSoundClip, form: 'seconds' | 'milliseconds'): string {
  if (form === 'milliseconds') return `${video}_${start}_${end}`;
  if (start % 1000 !== 0 || end - start !== clipMilliseconds)
    throw new RangeError(`formatVggSound: ${video} from ${start} to ${end} ms is not ten seconds from a whole second on`);
  return `${video}_${String(start / 1000).padStart(6, '0')}`;
}

/**
 * A name to compare clips by: equal for the two forms of one VGGSound clip, the name itself for everything else. Folders in front of the
 * name (`test/ytid_000030`) stay.
 */
export function clipKey(name: string): string {
  const slash = name.lastIndexOf('/') + 1;
  const clip = parseVggSound(name.slice(slash));
  return clip === undefined ? name : name.slice(0, slash) + formatVggSound(clip, 'milliseconds');
}

/** Whether two names are of the same clip, whichever form each has. */
export const sameVggSoundClip = (a: string, b: string): boolean => parseVggSound(a) !== undefined && clipKey(a) === clipKey(b);
