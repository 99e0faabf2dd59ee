/** How long a stream should be, where its container counts it and FFmpeg does not guess from size and bit rate. */
import { closeSync, openSync } from 'node:fs';
import type { Stream } from 'node-av/lib';
import { readAt } from './completeness.js';
import { type Input, tickOf } from './input.js';

/**
 * Containers whose header or index holds how long their streams are, and by how many seconds less may be there: edit lists and index
 * entries are rounded, an MP3 is counted in frames (of 24 ms or more), FLAC in samples.
 */
const counting: Readonly<Record<string, number>> = {
  mov: 0.05,
  matroska: 0.05,
  ogg: 0.05,
  avi: 0.05,
  mp3: 0.02,
  flac: 0.001,
  wav: 0.001,
  w64: 0.001,
  aiff: 0.001,
};

/** How far into its file the first frame of an MP3 is looked for, behind tags that may hold pictures. */
const searched = 2 ** 20;

/** Seconds from the input's zero where the container, or FFmpeg's guess, says that a stream ends. */
export function expectedEnd(input: Input, stream: Stream): number | undefined {
  const duration = input.seconds(stream.duration, tickOf(stream));
  if (duration !== undefined) return duration + (input.startOf(stream) ?? 0) - input.zero;
  const end = taggedEnd(stream);
  return end === undefined ? undefined : end - input.zero;
}

/** Matroska tells the length of the whole file only; its usual writers leave that of each track in a tag, as in 00:00:03.008000000. */
function taggedEnd(stream: Stream): number | undefined {
  const [, hours, minutes, seconds] = /^(\d+):(\d\d):(\d\d\.\d+)$/.exec(stream.metadata?.get('DURATION') ?? '') ?? [];
  return seconds === undefined ? undefined : Number(hours) * 3600 + Number(minutes) * 60 + Number(seconds);
}

/**
 * Throws MediaError 'corrupt' when a stream, decoded to its end at `end` seconds from the input's zero, is shorter than its container
 * counts, by more than that is known to and `allowance` seconds.
 */
export function checkWhole(input: Input, stream: Stream, end: number, allowance = 0): void {
  const container = input.format.iformat?.name?.split(',')[0] ?? '';
  const expected = expectedEnd(input, stream);
  const tolerance = counting[container];
  if (expected === undefined || tolerance === undefined || end >= expected - tolerance - allowance) return;
  if (container === 'mp3' && !hasFrameCount(input.path)) return;
  throw input.corrupt(`truncated or damaged: expected ${expected.toFixed(3)} s, it ends at ${end.toFixed(3)} s`);
}

/** Whether an MP3 file's encoder left its number of frames (the tag `Xing` or `Info`); without it FFmpeg guesses. */
function hasFrameCount(path: string): boolean {
  const file = openSync(path, 'r');
  try {
    const head = readAt(file, 0, searched);
    // The size of an ID3v2 tag has seven bits a byte.
    const tag = head.toString('latin1', 0, 3) === 'ID3' ? 10 + [6, 7, 8, 9].reduce((size, i) => size * 128 + head[i]!, 0) : 0;
    return ['Xing', 'Info'].some((mark) => head.subarray(tag, tag + 2048).includes(mark));
  } finally {
    closeSync(file);
  }
}
