/** WebDataset shards are tar archives: their bytes, and where the members lie in them (ustar, pax and GNU long names). */
const block = 512;
const utf8 = new TextEncoder();

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
  if (utf8.encode(name).length > 4096) return 'is longer than 4096 bytes';
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
  const put = (text: string, at: number) => bytes.set(utf8.encode(text), at);
  put(name, 0);
  put('0000644\0' + '0000000\0'.repeat(2) + `${octal(size, 11)}\0` + `${octal(0, 11)}\0`, 100);
  put(type, 156);
  put('ustar\x0000', 257);
  put('0000000\0'.repeat(2), 329);
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
