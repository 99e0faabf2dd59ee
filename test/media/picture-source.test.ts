/** Where bytes come from, and what they are taken for. */
import { execFileSync } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readBytes, sniff } from '../../src/media/source.js';

describe('readBytes', () => {
  let folder: string;
  let path: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'source-'));
    path = join(folder, 'ten');
    await writeFile(path, 'ten bytes!');
  });
  afterAll(() => rm(folder, { recursive: true }));

  it('reads a file, and passes bytes on as they are', async () => {
    const bytes = await readBytes(path, { maxBytes: 10 });
    expect(Buffer.from(bytes).toString()).toBe('ten bytes!');
    expect(await readBytes(bytes)).toBe(bytes);
  });

  it('refuses what is larger than the limit, with both numbers', async () => {
    for (const source of [path, await readBytes(path)])
      await expect(readBytes(source, { maxBytes: 9 })).rejects.toMatchObject({
        problem: 'tooLarge',
        message: expect.stringMatching(/: 10 bytes are more than the limit of 9 \(maxBytes\)/),
      });
  });

  it('refuses what is missing, no file, or empty', async () => {
    await writeFile(join(folder, 'empty'), '');
    await expect(readBytes(join(folder, 'none'))).rejects.toMatchObject({
      problem: 'missing',
      message: expect.stringMatching(/none: cannot be opened \(ENOENT\)/),
    });
    await expect(readBytes(folder)).rejects.toMatchObject({ problem: 'missing' });
    await expect(readBytes('a\0b')).rejects.toMatchObject({ problem: 'missing' });
    await expect(readBytes(join(folder, 'empty'))).rejects.toMatchObject({ problem: 'corrupt', file: join(folder, 'empty') });
    await expect(readBytes(new Uint8Array(0))).rejects.toMatchObject({ problem: 'corrupt' });
  });

  it.skipIf(process.platform === 'win32')('does not wait for whoever would write to a named pipe', async () => {
    execFileSync('sh', ['-c', 'mkfifo "$0"', join(folder, 'pipe')]);
    await expect(readBytes(join(folder, 'pipe'))).rejects.toMatchObject({
      problem: 'missing',
      message: expect.stringMatching(/expected a file/),
    });
  });
});

describe('sniff', () => {
  it.each([
    ['\xff\xd8\xff\xe0', 'jpeg'],
    ['\x89PNG\r\n\x1a\n', 'png'],
    ['GIF87a', 'gif'],
    ['GIF89a', 'gif'],
    ['RIFF....WEBPVP8 ', 'webp'],
    ['RIFF....WAVEfmt ', 'wav'],
    ['RF64....WAVEds64', 'wav'],
    ['RIFF....AVI LIST', 'avi'],
    ['fLaC', 'flac'],
    ['OggS', 'ogg'],
    ['ID3\x04', 'mp3'],
    ['\xff\xfb\x90', 'mp3'],
    ['\x1a\x45\xdf\xa3', 'matroska'],
    ['\0\0\0\x1cftypavif\0\0\0\0avifmif1miaf', 'avif'],
    ['\0\0\0\x1cftypmif1\0\0\0\0avifmif1miaf', 'avif'],
    ['\0\0\0\x18ftypmif1\0\0\0\0mif1heicavif', 'mp4'],
    ['\0\0\0\x1cftypavis\0\0\0\0avifavismsf1', 'mp4'],
    ['\0\0\0\x18ftypheic\0\0\0\0mif1heic', 'mp4'],
    ['\0\0\0\x20ftypisom\0\0\x02\0isomiso2', 'mp4'],
    ['\0\0\0\x14ftypqt  \0\0\0\0qt  ', 'mp4'],
    ['RIFF....ACON', undefined],
    ['\xff\xd8', undefined],
    ['\xff', undefined],
    ['', undefined],
  ] as const)('takes %j for %s', (start, format) => {
    expect(sniff(Buffer.from(start, 'latin1'))).toBe(format);
  });
});
