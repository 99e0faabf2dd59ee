/** Whether an Ogg file's pages are all there and whole. FFmpeg leaves out damaged ones, silently. No Node modules: browsers run it too. */
import { ByteWalk, bytesOf } from './byteWalk.js';
import { MediaError } from './types.js';
import type { ByteRanges } from './wavHeader.js';

/** Bytes read at a time; a page has at most 65,307. */
const blockBytes = 2 ** 20;
const headerBytes = 27;
const last = 4;

/** CRC-32 with the polynomial 0x04c11db7, the first bit first, of every byte followed by three zeros. */
const table = Uint32Array.from({ length: 256 }, (_, byte) => {
  let crc = byte << 24;
  for (let bit = 0; bit < 8; bit++) crc = crc < 0 ? (crc << 1) ^ 0x04c11db7 : crc << 1;
  return crc;
});

/** The checksum of a page (RFC 3533, 6): of all its bytes, with zeros where the checksum itself stands. */
function checksum(page: Uint8Array): number {
  let crc = 0;
  for (let i = 0; i < page.length; i++) {
    const byte = i >= 22 && i < 26 ? 0 : page[i]!;
    crc = (crc << 8) ^ table[(crc >>> 24) ^ byte]!;
  }
  return crc >>> 0;
}

/**
 * Reads an Ogg file from its first page to its last (RFC 3533, 6). Throws MediaError 'corrupt' when a page has the wrong checksum, when
 * pages of a stream are missing or not in order, and when the last page of a stream is not there. What follows the last pages of
 * all streams and is no page, like a tag, does not count. Throws the reason of `signal` when it is aborted.
 */
export async function checkPages(file: ByteRanges, signal?: AbortSignal): Promise<void> {
  const corrupt = (message: string) => new MediaError('corrupt', file.name, message);
  const walk = new ByteWalk(file, signal, blockBytes);
  /** The number of the next page, by stream. */
  const open = new Map<number, number>();
  for (let at = 0; at < file.size; ) {
    const header = await walk.at(at, headerBytes);
    const isPage = header.byteLength >= 4 && header.getUint32(0) === 0x4f676753;
    if (!isPage && open.size === 0) return;
    if (!isPage) throw corrupt(`damaged: expected the next Ogg page at byte ${at}, there is none`);
    const segments = header.byteLength === headerBytes ? header.getUint8(26) : 0;
    const lengths = bytesOf(await walk.at(at + headerBytes, segments));
    const length = lengths.reduce((sum, one) => sum + one, headerBytes + segments);
    const page = bytesOf(await walk.at(at, length));
    if (page.length < length) throw corrupt(`truncated: its last Ogg page begins at byte ${at} and goes on beyond the end`);
    if (checksum(page) !== header.getUint32(22, true)) throw corrupt(`damaged: the Ogg page at byte ${at} has a wrong checksum`);
    const [flags, stream, number] = [header.getUint8(5), header.getUint32(14, true), header.getUint32(18, true)];
    const expected = open.get(stream) ?? number;
    if (number !== expected) throw corrupt(`damaged: expected page ${expected} of its Ogg stream at byte ${at}, got ${number}`);
    if (flags & last) open.delete(stream);
    else open.set(stream, (number + 1) >>> 0);
    at += page.length;
  }
  if (open.size > 0) throw corrupt('truncated: it ends before the last page of its Ogg stream');
}
