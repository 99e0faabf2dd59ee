/** Whether a container counts its sound, rather than FFmpeg guessing its length from its size and bit rate. */
import { closeSync, openSync } from 'node:fs';
import { readAt } from './completeness.js';
import type { Input } from './input.js';

/** Containers whose header or index holds the sound's length. */
const counting = ['mov', 'flac', 'avi', 'wav', 'w64', 'aiff', 'caf'];

/** How far into its file the first frame of an MP3 is looked for, behind tags that may hold pictures. */
const searched = 2 ** 20;

/** True for containers that count, and for an MP3 file whose encoder left its count of frames (the tag `Xing` or `Info`). */
export function announcesLength(input: Input): boolean {
  const container = input.format.iformat?.name?.split(',')[0] ?? '';
  if (container !== 'mp3') return counting.includes(container);
  const file = openSync(input.path, 'r');
  try {
    const head = readAt(file, 0, searched);
    // The size of an ID3v2 tag has seven bits a byte.
    const tag = head.toString('latin1', 0, 3) === 'ID3' ? 10 + [6, 7, 8, 9].reduce((size, i) => size * 128 + head[i]!, 0) : 0;
    return ['Xing', 'Info'].some((mark) => head.subarray(tag, tag + 2048).includes(mark));
  } finally {
    closeSync(file);
  }
}
