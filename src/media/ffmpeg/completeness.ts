/** Whether a container is all there, by what its outermost structure says about its length. FFmpeg reads what it finds and is silent. */
import { readSync } from 'node:fs';
import { sniff } from '../source.js';
import { MediaError } from '../types.js';

const headLength = 4096;

/** What there is of `length` bytes from `position` of an open file. */
export function readAt(file: number, position: number, length: number): Buffer {
  const buffer = Buffer.alloc(length);
  return buffer.subarray(0, readSync(file, buffer, 0, length, position));
}

/**
 * Returns the first bytes of a file (at most 4096). Throws MediaError 'corrupt' when the boxes of an MP4 or MOV, the chunk of an AVI
 * or the segment of a Matroska file reach beyond its `size` bytes, or an Ogg file lacks its last page. What tells no length passes.
 */
export function checkComplete(file: number, size: number, name: string): Uint8Array {
  const head = readAt(file, 0, headLength);
  const format = sniff(head);
  const ends = {
    mp4: () => endOfBoxes(file, size),
    avi: () => (head.length < 8 ? size + 1 : 8 + head.readUInt32LE(4)),
    matroska: () => endOfSegment(head),
    ogg: () => endOfPages(file, size),
  };
  const end = format && format in ends ? ends[format as keyof typeof ends]() : undefined;
  if (end !== undefined && end > size)
    throw new MediaError('corrupt', name, `truncated: its ${format} structure goes on beyond its ${size} bytes`);
  return head;
}

/** Where the last top-level box of an ISO base media file ends (ISO/IEC 14496-12, 4.2). */
function endOfBoxes(file: number, size: number): number | undefined {
  let position = 0;
  // More boxes than this are fragments of a recording; those behind are left to the decoder.
  for (let boxes = 0; position < size && boxes < 10_000; boxes++) {
    const header = readAt(file, position, 16);
    if (header.length < 8) return size + 1;
    const short = header.readUInt32BE(0);
    // 0: to the end of the file; 1: the size follows in 64 bits.
    if (short === 0) return undefined;
    if (short === 1 && header.length < 16) return size + 1;
    const length = short === 1 ? Number(header.readBigUInt64BE(8)) : short;
    if (length < 8) return undefined;
    position += length;
  }
  return position;
}

/** A Matroska number (RFC 8794, 4): its value and its length in bytes; undefined when all its bits are ones, which means unknown. */
function readVint(bytes: Buffer, at: number): { value: number | undefined; length: number } | undefined {
  const first = bytes[at];
  if (!first) return undefined;
  const length = Math.clz32(first) - 23;
  if (at + length > bytes.length) return undefined;
  let value = first & (0xff >> length);
  let ones = value === 0xff >> length;
  for (let i = 1; i < length; i++) {
    value = value * 256 + bytes[at + i]!;
    ones &&= bytes[at + i] === 0xff;
  }
  return { value: ones ? undefined : value, length };
}

/** Where the segment of a Matroska file ends; undefined for one of unknown size, as live recordings have. */
function endOfSegment(head: Buffer): number | undefined {
  const header = readVint(head, 4);
  if (header?.value === undefined) return undefined;
  const segment = 4 + header.length + header.value;
  if (segment + 4 > head.length || head.readUInt32BE(segment) !== 0x18538067) return undefined;
  const length = readVint(head, segment + 4);
  return length?.value === undefined ? undefined : segment + 4 + length.length + length.value;
}

/** The end of the last page of an Ogg file, beyond its end when that page is not marked as the last one (RFC 3533, 6). */
function endOfPages(file: number, size: number): number {
  // A page has at most 65307 bytes.
  const from = Math.max(0, size - 65_536);
  const tail = readAt(file, from, size - from);
  const page = tail.lastIndexOf('OggS');
  const segments = page < 0 ? undefined : tail[page + 26];
  if (segments === undefined || !(tail[page + 5]! & 4)) return size + 1;
  const table = tail.subarray(page + 27, page + 27 + segments);
  return table.length < segments ? size + 1 : from + page + 27 + segments + table.reduce((sum, length) => sum + length, 0);
}
