/** WebDataset shards are tar archives: their bytes, and where the members lie in them (ustar, pax and GNU long names). */
import { type FileHandle, open } from 'node:fs/promises';
import { DatasetError } from './types.js';

const block = 512;
const utf8 = new TextEncoder();
const text = new TextDecoder();

/** Two zero blocks: what an archive ends with. */
export const tarEnd: Uint8Array = new Uint8Array(2 * block);

/**
 * The bytes of one member: header, content, zeros up to a multiple of 512. The same name and content always give the same bytes
 * (POSIX ustar, mode 0644, owner 0, time 0); a name that is not ASCII or does not fit ustar's 100 + 155 characters is written in a pax
 * record before. Throws RangeError for a name that `readTarIndex` would refuse.
 */
export function tarMember(name: string, content: Uint8Array): Uint8Array {
  const refused = refusedName(name);
  if (refused !== undefined) throw new RangeError(`tarMember: ${JSON.stringify(name)} ${refused}`);
  const split = ustarSplit(name);
  if (split !== undefined) return joined([header(...split, content.length, '0'), content]);
  const record = paxRecord('path', name);
  // The same stand-in for every such name: readers take the record's.
  return joined([
    header('././@PaxHeader', '', record.length, 'x'),
    record,
    header('long-name', '', content.length, '0'),
    content,
  ]);
}

/** Why a member may not be called that, or undefined. Names become ids and file names, so they must not lead out of a folder. */
function refusedName(name: string): string | undefined {
  if (name === '' || name.endsWith('/')) return 'names no file';
  if (name.includes('\0')) return 'holds a zero byte';
  if (name.startsWith('/') || name.split('/').includes('..')) return 'leads out of the folder (absolute, or with ..)';
  if (name.includes('\\') || /^[A-Za-z]:/.test(name)) return 'leads elsewhere on Windows (a backslash, or a drive letter)';
  if (name.length > 4096) return 'is longer than 4096 characters';
  return undefined;
}

/** [name, prefix] for the header's two fields, or undefined when they cannot hold the name. */
function ustarSplit(name: string): [string, string] | undefined {
  if (!/^[\x20-\x7e]+$/.test(name)) return undefined;
  if (name.length <= 100) return [name, ''];
  const slash = name.indexOf('/', name.length - 101);
  return slash > 0 && slash <= 155 ? [name.slice(slash + 1), name.slice(0, slash)] : undefined;
}

function header(name: string, prefix: string, size: number, type: string): Uint8Array {
  if (size >= 8 ** 11) throw new RangeError(`tarMember: ${size} bytes are more than a tar member can have (8 GiB)`);
  const octal = (value: number, digits: number) => value.toString(8).padStart(digits, '0');
  const bytes = new Uint8Array(block);
  const put = (field: string, at: number) => bytes.set(utf8.encode(field), at);
  put(name, 0);
  put(`0000644\0${'0000000\0'.repeat(2)}${octal(size, 11)}\0${octal(0, 11)}\0`, 100);
  put(type, 156);
  put('ustar\x0000', 257);
  put(prefix, 345);
  put(`${octal(checksum(bytes).unsigned, 6)}\0 `, 148);
  return bytes;
}

/** `length key=value\n`, where the length counts its own digits. */
function paxRecord(key: string, value: string): Uint8Array {
  const rest = utf8.encode(` ${key}=${value}\n`).length;
  let length = rest + 1;
  while (String(length).length + rest > length) length++;
  return utf8.encode(`${length} ${key}=${value}\n`);
}

function joined(parts: readonly Uint8Array[]): Uint8Array {
  const bytes = new Uint8Array(parts.reduce((sum, part) => sum + padded(part.length), 0));
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += padded(part.length);
  }
  return bytes;
}

const padded = (length: number) => Math.ceil(length / block) * block;

/** The sum of a header's bytes, its checksum field counted as spaces; old writers added them as signed numbers. */
function checksum(bytes: Uint8Array): { unsigned: number; signed: number } {
  let [unsigned, signed] = [8 * 32, 8 * 32];
  for (let i = 0; i < block; i++) {
    if (i >= 148 && i < 156) continue;
    unsigned += bytes[i]!;
    signed += (bytes[i]! << 24) >> 24;
  }
  return { unsigned, signed };
}

/** A member of an archive: `length` bytes at `offset`, both in bytes. */
export interface TarMember {
  readonly name: string;
  readonly offset: number;
  readonly length: number;
}

/**
 * The files in an archive, in its order, found by reading headers only; folders and links are passed over, `./` before names is removed.
 * Throws DatasetError naming the byte: a checksum that does not match, a member beyond the end of the file, no end marker (both mean a
 * truncated archive), names that lead out of a folder, sparse members.
 */
export async function readTarIndex(path: string): Promise<TarMember[]> {
  const file = await open(path).catch((error: NodeJS.ErrnoException) => {
    throw new DatasetError(path, `expected a tar archive, cannot open it (${error.code ?? error.message})`, { cause: error });
  });
  try {
    const stat = await file.stat();
    if (!stat.isFile()) throw new DatasetError(path, 'expected a tar archive, this is no file');
    const archive = new Archive(path, file, stat.size);
    const members: TarMember[] = [];
    for (let at = 0; ; ) {
      const member = await archive.memberAt(at);
      if (member === undefined) return members;
      at = member.offset + padded(member.length);
      if (!member.isFile) continue;
      if (members.length === maxMembers) throw archive.error(at, `more than ${maxMembers} members`);
      members.push({ name: member.name, offset: member.offset, length: member.length });
    }
  } finally {
    await file.close();
  }
}

/**
 * The content of a member, with its header in one read: when the archive was rewritten since its index was read, that is a DatasetError
 * and not some other sample's bytes. `file` is the archive at `path`, open.
 */
export async function readTarMember(path: string, file: FileHandle, { name, offset, length }: TarMember): Promise<Uint8Array> {
  const bytes = new Uint8Array(block + length);
  const filled = await readFully(file, bytes, offset - block);
  const header = filled < bytes.length ? 'the file ends within it' : parseHeader(bytes);
  // Names that need a record of their own are not in the header.
  const plain = /^[\x20-\x7e]{1,98}$/.test(name);
  if (typeof header === 'string' || header.size !== length || (plain && withoutDot(header.name) !== name))
    throw new DatasetError(
      path,
      `byte ${offset}: expected ${JSON.stringify(name)} of ${length} bytes: the shard is not the one that was indexed`,
    );
  return bytes.subarray(block);
}

/** Reads until `into` is full or the file ends; gives the number of bytes read. */
async function readFully(file: FileHandle, into: Uint8Array, at: number): Promise<number> {
  let done = 0;
  while (done < into.length) {
    const { bytesRead } = await file.read(into, done, into.length - done, at + done);
    if (bytesRead === 0) break;
    done += bytesRead;
  }
  return done;
}

/** `tar cf x.tar ./folder` writes `./` before every name. */
const withoutDot = (name: string) => name.replace(/^(\.\/+)+/, '');

/** As many as a data set may have files. */
const maxMembers = 10_000_000;
/** Of pax records and GNU long names: more is no name. */
const maxRecordBytes = 2 ** 20;
/** Small members are passed over within one read; large ones cost no more than this. */
const windowBytes = 2 ** 14;

class Archive {
  readonly #window = new Uint8Array(windowBytes);
  #start = 0;
  #filled = 0;

  constructor(
    readonly path: string,
    readonly file: FileHandle,
    readonly size: number,
  ) {}

  error(at: number, message: string): DatasetError {
    return new DatasetError(this.path, `byte ${at}: ${message}`);
  }

  /** The member whose first header is at `at`, after the records that describe it; undefined at the end marker. */
  async memberAt(at: number): Promise<(TarMember & { isFile: boolean }) | undefined> {
    let longName: string | undefined;
    let longSize: number | undefined;
    for (;;) {
      const header = await this.#header(at);
      if (header === undefined) return undefined;
      const described = 'xgLK'.includes(header.type);
      const length = described ? header.size : (longSize ?? header.size);
      const offset = at + block;
      if (offset + length > this.size)
        throw this.error(at, `a member of ${length} bytes ends beyond the file's ${this.size} bytes: the archive is truncated`);
      if (!described) {
        const name = withoutDot(longName ?? header.name);
        const isFile = '0\x007'.includes(header.type) && !name.endsWith('/');
        if (header.type === 'S') throw this.error(at, `${JSON.stringify(name)} is a sparse file, expected plain ones`);
        const refused = isFile ? refusedName(name) : undefined;
        if (refused !== undefined) throw this.error(at, `the member name ${JSON.stringify(name)} ${refused}`);
        return { name, offset, length, isFile };
      }
      if (length > maxRecordBytes) throw this.error(at, `a name record of ${length} bytes, expected at most ${maxRecordBytes}`);
      if (header.type === 'L') longName = cString(await this.#bytes(offset, length));
      if (header.type === 'x') {
        const record = this.#pax(await this.#bytes(offset, length), offset);
        if ([...record.keys()].some((key) => key.startsWith('GNU.sparse')))
          throw this.error(at, 'a sparse file, expected plain ones');
        longName = record.get('path') ?? longName;
        const size = record.get('size');
        if (size !== undefined && !/^\d{1,15}$/.test(size)) throw this.error(offset, `a pax size of ${JSON.stringify(size)}`);
        longSize = size === undefined ? longSize : Number(size);
      }
      at = offset + padded(length);
    }
  }

  async #header(at: number): Promise<{ name: string; size: number; type: string } | undefined> {
    if (at + block > this.size)
      throw this.error(at, 'expected another member or the end marker, the file ends: the archive is truncated or not finished');
    const bytes = await this.#bytes(at, block);
    if (bytes.every((byte) => byte === 0)) return undefined;
    const header = parseHeader(bytes);
    if (typeof header === 'string')
      throw this.error(at, `${header}: damaged, or no tar archive (compressed ones are to be unpacked)`);
    return header;
  }

  #pax(bytes: Uint8Array, at: number): Map<string, string> {
    const records = new Map<string, string>();
    for (let from = 0; from < bytes.length; ) {
      const [digits = ''] = /^\d{1,7} /.exec(latin(bytes.subarray(from, from + 8))) ?? [];
      const end = from + Number(digits);
      const record = text.decode(bytes.subarray(from + digits.length, end - 1));
      const equals = record.indexOf('=');
      if (digits === '' || end > bytes.length || bytes[end - 1] !== 0x0a || equals < 1)
        throw this.error(at + from, 'a damaged pax record, expected "length key=value"');
      records.set(record.slice(0, equals), record.slice(equals + 1));
      from = end;
    }
    return records;
  }

  async #bytes(at: number, length: number): Promise<Uint8Array> {
    if (length > windowBytes) return this.#read(new Uint8Array(length), at);
    if (at < this.#start || at + length > this.#start + this.#filled) {
      this.#filled = Math.min(windowBytes, this.size - at);
      this.#start = at;
      await this.#read(this.#window.subarray(0, this.#filled), at);
    }
    return this.#window.subarray(at - this.#start, at - this.#start + length);
  }

  async #read(into: Uint8Array, at: number): Promise<Uint8Array> {
    const filled = await readFully(this.file, into, at);
    if (filled < into.length) throw this.error(at + filled, 'the file became shorter while it was read');
    return into;
  }
}

/** What a header block says, or what is wrong with it. */
function parseHeader(bytes: Uint8Array): { name: string; size: number; type: string } | string {
  const sums = checksum(bytes);
  const written = octalNumber(bytes.subarray(148, 156));
  if (written !== sums.unsigned && written !== sums.signed) return 'the checksum of a header does not match';
  const size = octalNumber(bytes.subarray(124, 136));
  if (!Number.isSafeInteger(size)) return 'the size of a member is no number';
  // The prefix exists in POSIX headers only: GNU's have times at its place.
  const prefix = latin(bytes.subarray(257, 263)) === 'ustar\0' ? cString(bytes.subarray(345, 500)) : '';
  const name = cString(bytes.subarray(0, 100));
  return { name: prefix === '' ? name : `${prefix}/${name}`, size, type: String.fromCharCode(bytes[156]!) };
}

const latin = (bytes: Uint8Array) => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('latin1');

/** Text up to the first zero byte. */
function cString(bytes: Uint8Array): string {
  const end = bytes.indexOf(0);
  return text.decode(end < 0 ? bytes : bytes.subarray(0, end));
}

/** Octal digits between spaces and zeros, or, when the first bit is set, a big-endian binary number (GNU); NaN for anything else. */
function octalNumber(field: Uint8Array): number {
  if (field[0] === 0x80) return field.subarray(1).reduce((sum, byte) => sum * 256 + byte, 0);
  const digits = latin(field)
    .replace(/[\0 ]+$/, '')
    .trimStart();
  return /^[0-7]+$/.test(digits) ? Number.parseInt(digits, 8) : Number.NaN;
}
