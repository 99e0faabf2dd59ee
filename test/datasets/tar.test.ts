import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readTarIndex, readTarMember, tarEnd, tarMember } from '../../src/datasets/tar.js';
import { DatasetError } from '../../src/datasets/types.js';
import golden from '../golden/tar.json' with { type: 'json' };

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'earshot-tar-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

const bytesOf = (text: string) => new TextEncoder().encode(text);

function archive(...parts: Uint8Array[]): string {
  const path = join(folder, 'a.tar');
  writeFileSync(path, Buffer.concat(parts));
  return path;
}

async function contents(path: string): Promise<[string, string][]> {
  const members = await readTarIndex(path);
  const file = await open(path);
  try {
    return await Promise.all(
      members.map(async (m): Promise<[string, string]> => [m.name, new TextDecoder().decode(await readTarMember(path, file, m))]),
    );
  } finally {
    await file.close();
  }
}

/** A header as it would be, with some bytes of it changed and its checksum made right again. */
function headerWith(change: (header: Buffer) => void): Uint8Array {
  const header = Buffer.from(tarMember('a.jpg', new Uint8Array()));
  change(header);
  header.fill(' ', 148, 156);
  const sum = header.reduce((total, byte) => total + byte, 0);
  header.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148);
  return header;
}

describe('writing', () => {
  it('gives the same names and bytes back, whatever the name', async () => {
    const segment = fc
      .string({ unit: 'grapheme', minLength: 1, maxLength: 60 })
      .filter((s) => !/[/\0\\]/.test(s) && s !== '.' && s !== '..');
    const name = fc
      .array(segment, { minLength: 1, maxLength: 5 })
      .map((parts) => parts.join('/'))
      .filter((s) => !/^[A-Za-z]:/.test(s));
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(name, fc.string({ maxLength: 1500, unit: 'binary-ascii' })), { maxLength: 6 }),
        async (files) => {
          const path = archive(...files.map(([n, text]) => tarMember(n, bytesOf(text))), tarEnd);
          expect(await contents(path)).toEqual(files);
        },
      ),
      { numRuns: 100 },
    );
  });

  it('uses the two fields of ustar up to 256 ASCII characters and a record beyond', async () => {
    const split = tarMember(`${'d'.repeat(155)}/${'e'.repeat(100)}`, bytesOf('x'));
    const long = tarMember('e'.repeat(101), bytesOf('x'));
    expect(split.length).toBe(1024);
    expect(long.length).toBe(2048);
    expect(await contents(archive(split, long, tarEnd))).toEqual([
      [`${'d'.repeat(155)}/${'e'.repeat(100)}`, 'x'],
      ['e'.repeat(101), 'x'],
    ]);
  });

  it("makes the bytes that Python's tarfile makes", () => {
    const { name, content, base64 } = golden.written;
    expect(Buffer.from(tarMember(name, bytesOf(content))).toString('base64')).toBe(base64);
  });

  it.each(['', 'a/', '/a', '../a', 'a/../b', 'a\0b', 'x'.repeat(5000), '..\\..\\x.jpg', 'a\\b', 'C:\\x.wav', 'c:x'])(
    'refuses the name %j',
    (name) => {
      expect(() => tarMember(name, new Uint8Array())).toThrow(RangeError);
    },
  );
});

describe('reading what others wrote', () => {
  it.each(Object.entries(golden.archives))('%s', async (_, { base64, members }) => {
    const path = archive(Buffer.from(base64, 'base64'));
    expect(await contents(path)).toEqual(members);
  });
});

describe('damaged and hostile archives', () => {
  const two = [tarMember('a.jpg', bytesOf('a'.repeat(700))), tarMember('a.wav', bytesOf('b'.repeat(700)))] as const;

  it('names the byte where a truncated archive ends, wherever that is', async () => {
    const whole = Buffer.concat([...two, tarEnd]);
    for (let length = 0; length < whole.length - 1024; length += 100) {
      const error = await readTarIndex(archive(whole.subarray(0, length))).catch((e: unknown) => e);
      expect(error).toBeInstanceOf(DatasetError);
      expect((error as Error).message).toMatch(/byte \d+: .*truncated/);
    }
  });

  it('takes one zero block for the end, and not none', async () => {
    expect(await readTarIndex(archive(...two, tarEnd.subarray(0, 512)))).toHaveLength(2);
    await expect(readTarIndex(archive(...two))).rejects.toThrow('byte 3072: expected another member or the end marker');
  });

  it('says where a checksum does not match', async () => {
    const damaged = Buffer.concat([...two, tarEnd]);
    damaged[1536 + 3]! ^= 1;
    await expect(readTarIndex(archive(damaged))).rejects.toThrow('byte 1536: the checksum of a header does not match');
  });

  it.each([
    ['a size beyond the file', (h: Buffer) => h.write('77777777777\0', 124), 'byte 0: a member of 8589934591 bytes ends beyond'],
    [
      'a binary size beyond 2^53',
      (h: Buffer) => h.fill(0xff, 125, 136).writeUInt8(0x80, 124),
      'byte 0: the size of a member is no number',
    ],
    ['a negative size', (h: Buffer) => h.fill(0xff, 124, 136), 'byte 0: the size of a member is no number'],
    ['a size that is no number', (h: Buffer) => h.write('0000000009x\0', 124), 'byte 0: the size of a member is no number'],
    ['a name that leads out', (h: Buffer) => h.write('../../etc/passwd', 0), 'leads out of the folder'],
    ['an absolute name', (h: Buffer) => h.write('/etc/passwd', 0), 'leads out of the folder'],
    ['a name that leads out on Windows', (h: Buffer) => h.write('..\\..\\x.jpg', 0), 'leads elsewhere on Windows'],
    ['a name with a drive', (h: Buffer) => h.write('C:/x.wav', 0), 'leads elsewhere on Windows'],
    ['a prefix that leads out', (h: Buffer) => h.write('a/..', 345), 'leads out of the folder'],
    ['a sparse file', (h: Buffer) => h.write('S', 156), 'sparse'],
  ])('refuses %s', async (_, change, message) => {
    await expect(readTarIndex(archive(headerWith(change), tarEnd))).rejects.toThrow(message);
  });

  it.each([
    ['a record without its length', 'path=a.jpg\n'],
    ['a record longer than its member', '99 path=a.jpg\n'],
    ['a length of nothing', '0 path=a.jpg\n'],
    ['a path that leads out', '13 path=../a\n'],
    ['a size that is no number', '13 size=-512\n'],
  ])('refuses pax: %s', async (_, record) => {
    const pax = headerWith((h) => h.write('x', 156) && h.write(`${record.length.toString(8).padStart(11, '0')}\0`, 124));
    const body = Buffer.alloc(512);
    body.write(record);
    await expect(readTarIndex(archive(pax, body, tarMember('b.jpg', new Uint8Array()), tarEnd))).rejects.toThrow(DatasetError);
  });

  it('refuses a name record of gigabytes before it reads it', async () => {
    const path = archive(
      headerWith((h) => h.write('L', 156) && h.write('00040000000\0', 124)),
      Buffer.alloc(2 ** 23),
      tarEnd,
    );
    await expect(readTarIndex(path)).rejects.toThrow('a name record of 8388608 bytes');
  });

  it('passes over folders and links', async () => {
    const link = headerWith((h) => h.write('2', 156));
    const directory = headerWith((h) => h.write('sub/\0', 0) && h.write('5', 156));
    expect((await readTarIndex(archive(link, directory, ...two, tarEnd))).map(({ name }) => name)).toEqual(['a.jpg', 'a.wav']);
  });

  it('reads arbitrary bytes as an error and nothing else', async () => {
    const whole = Buffer.concat([...two, tarMember('ö.json', bytesOf('{}')), tarEnd]);
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(fc.nat(whole.length - 1), fc.nat(255)), { minLength: 1, maxLength: 8 }),
        async (changes) => {
          const mutated = Buffer.from(whole);
          for (const [at, byte] of changes) mutated[at] = byte;
          await readTarIndex(archive(mutated)).catch((error: unknown) => expect(error).toBeInstanceOf(DatasetError));
        },
      ),
      { numRuns: 200 },
    );
  });

  it('says that there is none', async () => {
    await expect(readTarIndex(join(folder, 'none.tar'))).rejects.toThrow(DatasetError);
    await expect(readTarIndex(folder)).rejects.toThrow(DatasetError);
  });
});

describe('reading a member', () => {
  it('finds out that the archive was rewritten', async () => {
    const path = archive(tarMember('a.jpg', bytesOf('one')), tarEnd);
    const [member] = await readTarIndex(path);
    for (const other of [
      [tarMember('b.jpg', bytesOf('two')), tarEnd],
      [tarMember('a.jpg', bytesOf('three')), tarEnd],
      [tarMember('a.jpg', bytesOf('')).subarray(0, 512)],
      [new Uint8Array(4096).fill(7)],
    ]) {
      archive(...other);
      const file = await open(path);
      await expect(readTarMember(path, file, member!)).rejects.toThrow('not the one that was indexed');
      await file.close();
    }
  });
});
