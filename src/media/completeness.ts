/** Whether a container is all there, by what its outermost structure says about its length. No Node modules: browsers run it too. */
import { sniff } from './format.js';
import { checkSampleCount, countSamples } from './mp4Tables.js';
import { checkPages } from './oggPages.js';
import { MediaError } from './types.js';
import type { ByteRanges } from './wavHeader.js';

const headLength = 4096;

/** What there is of `length` bytes from `position`. */
const readAt = async (file: ByteRanges, position: number, length: number): Promise<DataView> => {
  const from = Math.min(position, file.size);
  const bytes = await file.read(from, Math.min(length, file.size - from));
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
};

const bytesOf = (view: DataView) => new Uint8Array(view.buffer, view.byteOffset, view.byteLength);

/**
 * Returns the first bytes of a file (at most 4096). Throws MediaError 'corrupt' when the boxes of an MP4 or MOV, the chunk of an AVI
 * or the segment of a Matroska file reach beyond its end, or a page of an Ogg file is missing or damaged. What tells no length passes.
 */
export async function checkComplete(file: ByteRanges): Promise<Uint8Array> {
  const head = await readAt(file, 0, headLength);
  const format = sniff(bytesOf(head));
  const ends = {
    mp4: () => endOfBoxes(file),
    avi: () => (head.byteLength < 8 ? file.size + 1 : 8 + head.getUint32(4, true)),
    matroska: () => endOfSegment(head),
    ogg: () => checkPages(file).then(() => file.size),
  };
  const end = format && format in ends ? await ends[format as keyof typeof ends]() : undefined;
  if (end !== undefined && end > file.size)
    throw new MediaError('corrupt', file.name, `truncated: its ${format} structure goes on beyond its ${file.size} bytes`);
  return bytesOf(head);
}

/** Far more than the fragments of a day's recording have. */
const mostBoxes = 2 ** 17;
/** Boxes without tables. */
const bulk = ['mdat', 'free', 'skip', 'wide'];

/**
 * Where the last top-level box of an ISO base media file ends (ISO/IEC 14496-12, 4.2). Throws MediaError 'tooLarge' for more boxes, or
 * samples in their tables, than any film has.
 */
async function endOfBoxes(file: ByteRanges): Promise<number | undefined> {
  let position = 0;
  let samples = 0;
  for (let boxes = 0; position < file.size; boxes++) {
    if (boxes === mostBoxes) throw new MediaError('tooLarge', file.name, `it has more than ${mostBoxes} boxes`);
    const header = await readAt(file, position, 16);
    if (header.byteLength < 8) return file.size + 1;
    const short = header.getUint32(0);
    if (short === 1 && header.byteLength < 16) return file.size + 1;
    // 0: to the end of the file; 1: the size follows in 64 bits.
    const length = short === 1 ? Number(header.getBigUint64(8)) : short === 0 ? file.size - position : short;
    if (length < 8) return undefined;
    const end = position + length;
    if (end > file.size) return end;
    if (!bulk.includes(String.fromCharCode(...bytesOf(header).subarray(4, 8)))) {
      samples += await countSamples(file, position, end);
      checkSampleCount(samples, file.name);
    }
    position = end;
  }
  return position;
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
