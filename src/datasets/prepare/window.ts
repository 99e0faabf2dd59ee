/** Which frames and which seconds of sound of a video are kept. */
import type { LeftOut, PrepareSettings } from './settings.js';

/** Times in seconds from the beginning of the file. */
export interface Window {
  frameTimes: number[];
  /** Where the sound begins, and how long it is. */
  start: number;
  seconds: number;
}

/** What is known before anything is decoded, in seconds. */
export interface VideoTimes {
  duration: number;
  /** The frame, when the data set says which: the annotated one of VGGSound, say. */
  frame?: number;
  /** Where the clip begins in the video, and how long it is, when the data set says so. */
  clipStart?: number;
  clipSeconds?: number;
}

/**
 * The frame is the one `settings.at` seconds into the clip, else the data set's, else the one in the middle. The sound is the
 * `settings.seconds` around it, moved so that they lie within the clip. With `settings.frames` n the frames are at
 * start + (i + 1/2) / n * seconds instead. A clip without the frame or sound asked for is too short.
 */
export function windowOf(
  { duration, frame, clipStart = 0, clipSeconds }: VideoTimes,
  settings: PrepareSettings,
): Window | LeftOut {
  const end = Math.min(duration, clipStart + (clipSeconds ?? duration));
  const asked = settings.at === undefined ? frame : clipStart + settings.at;
  const length = end < duration ? `the clip ends at ${rounded(end)} s` : `the video lasts ${rounded(duration)} s`;
  const missing = clipStart >= duration ? `sound at ${clipStart}` : asked !== undefined && asked >= end && `frame at ${asked}`;
  if (missing) return { problem: 'tooShort', reason: `${length}: there is no ${missing} s` };
  const centre = asked ?? (clipStart + end) / 2;
  const start = Math.max(clipStart, Math.min(centre - settings.seconds / 2, end - settings.seconds));
  const seconds = Math.min(settings.seconds, end - start);
  const { frames } = settings;
  const frameTimes = frames ? Array.from({ length: frames }, (_, i) => start + ((i + 0.5) / frames) * seconds) : [centre];
  return { frameTimes: frameTimes.map(rounded), start: rounded(start), seconds: rounded(seconds) };
}

/** To microseconds: what containers can tell apart. */
export const rounded = (seconds: number) => Math.round(seconds * 1e6) / 1e6;
