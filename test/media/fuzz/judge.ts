/** Whether what a reader made of a damaged file may be. */
import { isDeepStrictEqual } from 'node:util';
import { defaultLimits, type MediaProblem } from '../../../src/media/types.js';
import type { Answer, Death, Facts, Outcome, PictureFacts, SoundFacts, VideoFacts } from './watch.js';

/** Seconds of processor time that a file may take. */
export const mostSeconds = 5;
/** What a process may hold that has read damaged files, one after the other. */
export const mostMegabytes = 700;

/** What a reader may say about a file that is there, with FFmpeg installed. */
const problems: readonly MediaProblem[] = ['unsupported', 'corrupt', 'tooLarge', 'noPicture', 'noSound'];

/** `refused` with an error, the `same` as of the whole file, or `changed`; or what must not happen. */
export type Verdict = 'refused' | 'same' | 'changed' | { fault: string };

const isError = (outcome: Outcome<unknown>): outcome is { problem: MediaProblem; reason: string } => 'problem' in outcome;

function pictureFault({ width, height, bytes }: PictureFacts): string | undefined {
  if (bytes !== 3 * width * height || !(bytes > 0)) return `${width} x ${height} pixels in ${bytes} bytes`;
  return width * height > defaultLimits.maxPixels ? `${width} x ${height} pixels` : undefined;
}

function soundFault({ sampleRate, samples, finite }: SoundFacts): string | undefined {
  if (!Number.isInteger(sampleRate) || sampleRate < 1 || sampleRate > 1e6) return `a sample rate of ${sampleRate} Hz`;
  if (!(samples > 0 && samples <= defaultLimits.maxSeconds * sampleRate)) return `${samples} samples at ${sampleRate} Hz`;
  return finite ? undefined : 'samples that are not finite';
}

function videoFault(video: VideoFacts): string | undefined {
  const { width, height, duration, frameRate, middle, frames, sound, hasSound } = video;
  if (!(duration >= 0 && duration < Infinity)) return `a duration of ${duration} s`;
  if (!(frameRate > 0 && frameRate < Infinity)) return `${frameRate} frames a second`;
  const size = pictureFault({ width, height, bytes: 3 * width * height, hash: '' });
  if (size) return size;
  if (hasSound === (isError(sound) && sound.problem === 'noSound'))
    return `hasSound ${hasSound}, the sound: ${JSON.stringify(sound)}`;
  const { shown, end } = frames;
  for (const [i, frame] of shown.entries()) {
    if (!Number.isFinite(frame.time) || frame.time < (shown[i - 1]?.time ?? 0)) return `a frame at ${frame.time} s`;
    const fault = pictureFault(frame);
    if (fault) return fault;
  }
  const last = shown.at(-1);
  const ending = (last?.time ?? 0) + 1 / frameRate;
  if ('value' in end && end.value === 'all' && ending < duration - 0.2 - 2 / frameRate)
    return `a duration of ${duration} s, the end at ${ending} s`;
  return outcomeFault(middle, pictureFault) ?? outcomeFault(end, () => undefined) ?? outcomeFault(sound, soundFault);
}

function outcomeFault<T>(outcome: Outcome<T>, faultOf: (value: T) => string | undefined): string | undefined {
  if ('value' in outcome) return faultOf(outcome.value);
  if ('thrown' in outcome) return outcome.thrown;
  if (!problems.includes(outcome.problem)) return `the problem '${outcome.problem}': ${outcome.reason}`;
  return outcome.reason.includes('\n') ? `a message of several lines: ${outcome.reason}` : undefined;
}

const factsFault = (facts: Facts): string | undefined =>
  'frames' in facts ? videoFault(facts) : 'samples' in facts ? soundFault(facts) : pictureFault(facts);

/** What must never happen, whatever the file. */
export function faultOf(answer: Answer | Death): string | undefined {
  if ('death' in answer) return answer.death;
  if (answer.seconds > mostSeconds) return `${answer.seconds} s of processor time`;
  if (answer.megabytes > mostMegabytes) return `${answer.megabytes} MB of memory`;
  return outcomeFault(answer.outcome, factsFault);
}

/** Every part of a video that is given is the one of the whole file, and the frames end with an error where some are missing. */
function isSameOrRefused(found: Outcome<unknown>, whole: Outcome<unknown>): boolean {
  return isError(found) || isDeepStrictEqual(found, whole);
}

function compareVideos(found: VideoFacts, whole: VideoFacts): Verdict {
  if (isDeepStrictEqual(found, whole)) return 'same';
  const shown = found.frames.shown;
  const { middle, sound } = whole;
  const partly =
    isSameOrRefused(found.middle, middle) &&
    isSameOrRefused(found.sound, sound) &&
    isDeepStrictEqual(shown, whole.frames.shown.slice(0, shown.length)) &&
    (shown.length === whole.frames.shown.length || isError(found.frames.end));
  return partly ? 'refused' : 'changed';
}

/** How what was read relates to what the whole file holds. */
export function judge(answer: Answer | Death, whole: Facts): Verdict {
  const fault = faultOf(answer);
  if (fault) return { fault };
  const { outcome } = answer as Answer;
  if (isError(outcome)) return 'refused';
  const { value } = outcome as { value: Facts };
  if ('frames' in value && 'frames' in whole) return compareVideos(value, whole);
  return isDeepStrictEqual(value, whole) ? 'same' : 'changed';
}
