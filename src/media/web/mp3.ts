/** What MP3 files leave out of the sound at either end. */
import type { ByteRanges } from '../wavHeader.js';

/** Samples by which every MP3 decoder is late. */
const decoderDelay = 529;
/** How far behind the ID3 tag the first frame is looked for. */
const searched = 2048;

const textAt = (bytes: Uint8Array, at: number, length: number) => String.fromCharCode(...bytes.subarray(at, at + length));

/**
 * The silence that an encoder put in front, with the decoder's delay, and the samples in between that are the sound: of the tag that
 * LAME and FFmpeg leave in the first frame. Undefined where there is none; then nobody knows.
 */
export async function readMp3Gaps(
  file: ByteRanges,
  samplesPerFrame: number,
): Promise<{ skip: number; length: number } | undefined> {
  const read = (offset: number, length: number) => file.read(offset, Math.max(0, Math.min(length, file.size - offset)));
  const head = await read(0, 10);
  // The size of an ID3v2 tag has seven bits a byte.
  const tag = textAt(head, 0, 3) === 'ID3' ? 10 + [6, 7, 8, 9].reduce((size, i) => size * 128 + (head[i] ?? 0), 0) : 0;
  if (tag >= file.size) return undefined;
  const bytes = await read(tag, searched);
  const text = textAt(bytes, 0, bytes.length);
  const mark = text.search(/Xing|Info/);
  if (mark < 0 || mark + 8 > bytes.length) return undefined;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const flags = view.getUint32(mark + 4);
  if (!(flags & 1)) return undefined;
  // Numbers of frames and bytes, a table of contents and a quality, each only if its flag is set.
  const encoder = mark + 8 + 4 + (flags & 2 ? 4 : 0) + (flags & 4 ? 100 : 0) + (flags & 8 ? 4 : 0);
  if (encoder + 24 > bytes.length || !/^L(AME|av[cf])/.test(textAt(bytes, encoder, 4))) return undefined;
  // Twelve bits each.
  const gaps = view.getUint32(encoder + 20) & 0xffffff;
  const [front, back] = [gaps >>> 12, gaps & 0xfff];
  return { skip: front + decoderDelay, length: Math.max(0, view.getUint32(mark + 8) * samplesPerFrame - front - back) };
}
