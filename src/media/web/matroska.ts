/** What Matroska files leave out of the sound at its end. */
import { readVint } from '../completeness.js';
import type { ByteRanges } from '../wavHeader.js';

const ids = { segment: 0x18538067, cluster: 0x1f43b675, blockGroup: 0xa0, discardPadding: 0x75a2 } as const;

interface Element {
  readonly id: number;
  /** Where its content begins and ends, in bytes. */
  readonly from: number;
  readonly to: number;
}

/** The elements between two positions; ends early at one of unknown length, or that is cut off. */
async function* elements(file: ByteRanges, from: number, to: number): AsyncGenerator<Element> {
  for (let at = from; at < to; ) {
    const header = await file.read(at, Math.min(12, to - at));
    const idLength = Math.clz32(header[0]!) - 23;
    const size = readVint(new DataView(header.buffer, header.byteOffset, header.length), idLength);
    if (idLength > 4 || size?.value === undefined) return;
    const id = header.subarray(0, idLength).reduce((value, byte) => value * 256 + byte, 0);
    const begin = at + idLength + size.length;
    yield { id, from: begin, to: Math.min(begin + size.value, to) };
    at = begin + size.value;
  }
}

/** Seconds at the end of the last block of the last cluster that are padding of its codec; 0 where the file does not say. */
export async function readDiscardPadding(file: ByteRanges): Promise<number> {
  let last: Element | undefined;
  for await (const top of elements(file, 0, file.size))
    if (top.id === ids.segment)
      for await (const element of elements(file, top.from, top.to)) if (element.id === ids.cluster) last = element;
  let padding = 0;
  if (last)
    for await (const group of elements(file, last.from, last.to)) {
      if (group.id !== ids.blockGroup) continue;
      for await (const { id, from, to } of elements(file, group.from, group.to))
        if (id === ids.discardPadding) padding = signed(await file.read(from, to - from)) * 1e-9;
    }
  return Math.max(0, padding);
}

/** A signed number, highest byte first. */
const signed = (bytes: Uint8Array) => bytes.reduce((value, byte, i) => (i === 0 ? (byte << 24) >> 24 : value * 256 + byte), 0);
