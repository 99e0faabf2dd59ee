/** Whether a container is all there, by what its outermost structure says about its length. No Node modules: browsers run it too. */
import { ByteWalk, bytesOf } from './byteWalk.js';
import { type Format, sniff } from './format.js';
import { endOfBoxes } from './mp4Tables.js';
import { checkPages } from './oggPages.js';
import { MediaError } from './types.js';
import type { ByteRanges } from './wavHeader.js';

const headLength = 4096;

/**
 * Returns the first bytes of a file (at most 4096). Throws MediaError 'corrupt' when the boxes of an MP4 or MOV, the chunk of an AVI
 * or the segment of a Matroska file reach beyond its end, or a page of an Ogg file is missing or damaged; what `endOfBoxes` throws;
 * the reason of `signal` when it is aborted. What tells no length passes.
 */
export async function checkComplete(file: ByteRanges, signal?: AbortSignal): Promise<Uint8Array> {
  const head = await new ByteWalk(file, signal).at(0, headLength);
  const format = sniff(bytesOf(head));
  const end = await endOf(format, file, head, signal);
  if (end !== undefined && end > file.size)
    throw new MediaError('corrupt', file.name, `truncated: its ${format} structure goes on beyond its ${file.size} bytes`);
  return bytesOf(head);
}

/** Where the structure of a file ends, in bytes; undefined where it does not tell. */
async function endOf(
  format: Format | undefined,
  file: ByteRanges,
  head: DataView,
  signal: AbortSignal | undefined,
): Promise<number | undefined> {
  if (format === 'avi') return head.byteLength < 8 ? file.size + 1 : 8 + head.getUint32(4, true);
  if (format === 'matroska') return endOfSegment(head);
  if (format === 'ogg') await checkPages(file, signal);
  if (format === 'mp4') return endOfBoxes(new ByteWalk(file, signal), file.name);
  // FFmpeg opens boxes whatever the first one is called.
  if (format === undefined) await endOfBoxes(new ByteWalk(file, signal), file.name);
  return undefined;
}

/** A Matroska number (RFC 8794, 4): its value and its length in bytes; the value is undefined when all its bits are ones: unknown. */
export function readVint(view: DataView, at: number): { value: number | undefined; length: number } | undefined {
  const first = at < view.byteLength ? view.getUint8(at) : 0;
  if (first === 0) return undefined;
  const length = Math.clz32(first) - 23;
  if (at + length > view.byteLength) return undefined;
  let value = first & (0xff >> length);
  let ones = value === 0xff >> length;
  for (let i = 1; i < length; i++) {
    const byte = view.getUint8(at + i);
    value = value * 256 + byte;
    ones &&= byte === 0xff;
  }
  return { value: ones ? undefined : value, length };
}

/** Where the segment of a Matroska file ends; undefined for one of unknown size, as live recordings have. */
function endOfSegment(head: DataView): number | undefined {
  const header = readVint(head, 4);
  if (header?.value === undefined) return undefined;
  const segment = 4 + header.length + header.value;
  if (segment + 4 > head.byteLength || head.getUint32(segment) !== 0x18538067) return undefined;
  const length = readVint(head, segment + 4);
  return length?.value === undefined ? undefined : segment + 4 + length.length + length.value;
}
