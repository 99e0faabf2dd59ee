/** How long a stream should be, where its container counts it and FFmpeg does not guess from size and bit rate. */
import { closeSync, openSync, readSync } from 'node:fs';
import type { Stream } from 'node-av/lib';
import { type Input, tickOf } from './input.js';

/**
 * Containers whose header or index holds how long their streams are, and by how many seconds less may be there: edit lists and index
 * entries are rounded, others are counted in samples.
 */
const counting: Readonly<Record<string, number>> = {
  mov: 0.05,
  matroska: 0.05,
  ogg: 0.05,
  avi: 0.05,
  mp3: 0.001,
  flac: 0.001,
  wav: 0.001,
  w64: 0.001,
  aiff: 0.001,
};

/** The first of FFmpeg's names for it. */
const containerOf = (input: Input): string => input.format.iformat?.name?.split(',')[0] ?? '';

/** Seconds from the input's zero where the container, or FFmpeg's guess, says that a stream ends. */
export function expectedEnd(input: Input, stream: Stream): number | undefined {
  const { duration: known, nbFrames: counted } = stream;
  // FFmpeg passes on the length that an AVI gives its sound only as a number of frames, which are ticks there.
  const ticks = known === input.ffmpeg.constants.AV_NOPTS_VALUE && containerOf(input) === 'avi' && counted > 0n ? counted : known;
  const duration = input.seconds(ticks, tickOf(stream));
  // Zero is what recorders write that cannot know it yet.
  if (duration !== undefined && duration > 0) return duration + (input.startOf(stream) ?? 0) - input.zero;
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
 * counts, by more than that is known to and `allowance` seconds; or longer, for FLAC, where that means that frames are there twice.
 */
export function checkWhole(input: Input, stream: Stream, end: number, allowance = 0): void {
  const container = containerOf(input);
  const expected = expectedEnd(input, stream);
  const tolerance = counting[container];
  if (expected === undefined || tolerance === undefined) return;
  const surplus = container === 'flac' ? tolerance : Infinity;
  if (end >= expected - tolerance - allowance && end <= expected + surplus) return;
  if (container === 'mp3' && !hasFrameCount(input.path)) return;
  throw input.corrupt(`truncated or damaged: expected ${expected.toFixed(3)} s, it ends at ${end.toFixed(3)} s`);
}

/** Whether an MP3 file's encoder left its number of frames (the tag `Xing` or `Info`); without it FFmpeg guesses. */
function hasFrameCount(path: string): boolean {
  const file = openSync(path, 'r');
  const read = (position: number, length: number) => {
    const bytes = Buffer.alloc(length);
    return bytes.subarray(0, readSync(file, bytes, 0, length, position));
  };
  try {
    const head = read(0, 10);
    // The size of an ID3v2 tag, which may hold pictures, has seven bits a byte.
    const tag =
      head.toString('latin1', 0, 3) === 'ID3' ? 10 + [6, 7, 8, 9].reduce((size, i) => size * 128 + (head[i] ?? 0), 0) : 0;
    const frame = read(tag, 2048);
    return ['Xing', 'Info'].some((mark) => frame.includes(mark));
  } finally {
    closeSync(file);
  }
}
