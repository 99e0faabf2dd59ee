/**
 * The journal of a run: what has been asked for, and one line for each clip that is done, in the order of the input. A line begins
 * with the CRC-32 of the rest, so a line that was torn by a crash ends the journal; whatever was written after it never counted.
 */
import { closeSync, fsyncSync, openSync, readFileSync, renameSync, truncateSync, writeFileSync } from 'node:fs';
import { crc32 } from 'node:zlib';
import { type LeftOutBecause, PrepareError, type PrepareSettings } from './settings.js';

/** What the folder is being filled with: a run with another header cannot go on in it. */
export interface JournalHeader {
  format: 1;
  /** How many clips there are, and the SHA-256 (hex) of their ids and files in order. */
  clips: number;
  list: string;
  settings: PrepareSettings;
}

export interface SampleEntry {
  id: string;
  /** Number of the shard, and where in it the sample ends, in bytes. */
  shard: number;
  end: number;
  /** CRC-32 of the sample's bytes in the shard. */
  crc: number;
  /** `Sample.content`. */
  content: string;
}

export interface LeftOutEntry {
  id: string;
  file: string;
  problem: LeftOutBecause;
  reason: string;
}

/** The entry of clip i stands in line i + 1, after the header. */
export type JournalEntry = SampleEntry | LeftOutEntry;

export const isSample = (entry: JournalEntry): entry is SampleEntry => 'shard' in entry;

export interface JournalContent {
  header: JournalHeader;
  entries: JournalEntry[];
  /** Where each entry's line begins, in bytes, and where the last one ends. */
  offsets: number[];
}

const checksum = (text: string) => crc32(text).toString(16).padStart(8, '0');
const lineOf = (value: JournalHeader | JournalEntry) => {
  const text = JSON.stringify(value);
  return `${checksum(text)} ${text}\n`;
};

/** What a line says, or undefined when its checksum is not its own. */
function parseLine(line: string): JournalHeader | JournalEntry | undefined {
  const text = line.slice(9);
  return line.slice(0, 9) === `${checksum(text)} ` ? JSON.parse(text) : undefined;
}

/** Writes a journal without entries, all of it or nothing. */
export function createJournal(path: string, header: JournalHeader): void {
  writeFileSync(`${path}.partial`, lineOf(header), { flush: true });
  renameSync(`${path}.partial`, path);
}

/** Reads the complete lines of a journal. Throws PrepareError when its first line is not a header of this version. */
export function readJournal(path: string): JournalContent {
  const bytes = readFileSync(path);
  let header: JournalHeader | undefined;
  const entries: JournalEntry[] = [];
  const offsets: number[] = [];
  for (let start = 0, end = bytes.indexOf(10); end >= 0; start = end + 1, end = bytes.indexOf(10, start)) {
    const value = parseLine(bytes.toString('utf8', start, end));
    if (!value) break;
    if (header) entries.push(value as JournalEntry);
    else header = value as JournalHeader;
    offsets.push(end + 1);
  }
  if (header?.format !== 1)
    throw new PrepareError(
      `${path}: expected a journal of earshot prepare in its first line, found none; use --restart to begin anew`,
    );
  return { header, entries, offsets };
}

/** Opens a file, a new one too, for appending after its first `length` bytes, and drops the others. */
export function openAfter(path: string, length: number): number {
  writeFileSync(path, '', { flag: 'a' });
  // By its name, which opens it with 'r+': Windows does not let a file be cut through a descriptor opened with 'a' (EPERM).
  truncateSync(path, length);
  return openSync(path, 'a');
}

/** Adds lines to a journal. */
export class JournalWriter {
  readonly #file: number;

  /** Goes on after the first `length` bytes and drops the others. */
  constructor(path: string, length: number) {
    this.#file = openAfter(path, length);
  }

  append(entry: JournalEntry): void {
    writeFileSync(this.#file, lineOf(entry));
  }

  /** Returns when everything is on the disk. */
  sync(): void {
    fsyncSync(this.#file);
  }

  close(): void {
    closeSync(this.#file);
  }
}
