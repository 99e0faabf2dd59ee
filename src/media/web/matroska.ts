/** What Matroska files leave out of the sound at its end. */
import { ByteWalk, bytesOf } from '../byteWalk.js';
import { readVint } from '../completeness.js';
import { MediaError } from '../types.js';
import type { ByteRanges } from '../wavHeader.js';

const ids = { segment: 0x18538067, cluster: 0x1f43b675, blockGroup: 0xa0, discardPadding: 0x75a2 } as const;

/** Clusters and blocks of the last one; a cluster lasts seconds. */
const mostElements = 2 ** 20;

interface Element {
  readonly id: number;
  /** Where its content begins and ends, in bytes. */
  readonly from: number;
  readonly to: number;
}

/** The elements between two positions; ends early at one of unknown length, or that is cut off. */
async function* elements(walk: ByteWalk, from: number, to: number): AsyncGenerator<Element> {
  for (let at = from; at < to; ) {
    const header = await walk.at(at, Math.min(12, to - at));
    const idLength = Math.clz32(header.getUint8(0)) - 23;
    const size = readVint(header, idLength);
    if (idLength > 4 || size?.value === undefined) return;
    const id = bytesOf(header)
      .subarray(0, idLength)
      .reduce((value, byte) => value * 256 + byte, 0);
    const begin = at + idLength + size.length;
    yield { id, from: begin, to: Math.min(begin + size.value, to) };
    at = begin + size.value;
  }
}

/**
 * Seconds at the end of the last block of the last cluster that are padding of its codec; 0 where the file does not say. Throws
 * MediaError 'tooLarge' for more elements than any film has on the way there; the reason of `signal` when it is aborted.
 */
export async function readDiscardPadding(file: ByteRanges, signal?: AbortSignal): Promise<number> {
  const walk = new ByteWalk(file, signal);
  let count = 0;
  const within = async function* (from: number, to: number): AsyncGenerator<Element> {
    for await (const element of elements(walk, from, to)) {
      if (++count > mostElements) throw new MediaError('tooLarge', file.name, `it has more than ${mostElements} elements`);
      yield element;
    }
  };
  let last: Element | undefined;
  for await (const top of within(0, file.size))
    if (top.id === ids.segment)
      for await (const element of within(top.from, top.to)) if (element.id === ids.cluster) last = element;
  let padding = 0;
  if (last)
    for await (const group of within(last.from, last.to)) {
      if (group.id !== ids.blockGroup) continue;
      for await (const { id, from, to } of within(group.from, group.to))
        if (id === ids.discardPadding) padding = signed(bytesOf(await walk.at(from, Math.min(to - from, 8)))) * 1e-9;
    }
  return Math.max(0, padding);
}

/** A signed number, highest byte first. */
const signed = (bytes: Uint8Array) => bytes.reduce((value, byte, i) => (i === 0 ? (byte << 24) >> 24 : value * 256 + byte), 0);
