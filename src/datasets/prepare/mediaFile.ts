/** The files of a clip: what they are called, their checksum, and whether they are pictures. */
import { createHash } from 'node:crypto';
import { open } from 'node:fs/promises';
import { relative, sep } from 'node:path';
import { type Format, readBytes, type Source, sniff } from '../../media/source.js';
import { MediaError } from '../../media/types.js';
import { readTarMember } from '../tar.js';
import type { MediaRef } from '../types.js';

const pictures: readonly (Format | undefined)[] = ['jpeg', 'png', 'webp', 'avif', 'gif'];

export interface MediaFile {
  /** Bytes for a picture and for a member of a shard, the path of anything else. */
  source: Source;
  /** Relative to the input, with forward slashes; a member's name follows its shard's. */
  name: string;
  /** SHA-256 in hex. */
  sha256: string;
  format: Format | undefined;
  isPicture: boolean;
}

/** Looks at a file's content. Throws MediaError `missing`, and `tooLarge` or `corrupt` for pictures; DatasetError for a shard that was changed. */
export async function mediaFile({ path, member }: MediaRef, root: string): Promise<MediaFile> {
  const file = await open(path).catch((error: NodeJS.ErrnoException) => {
    throw new MediaError('missing', path, `cannot be opened (${error.code ?? error.message})`, { cause: error });
  });
  try {
    const name = relative(root, path).split(sep).join('/');
    const { bytesRead, buffer } = await file.read(Buffer.alloc(16), 0, 16, member?.offset ?? 0);
    const format = sniff(buffer.subarray(0, bytesRead));
    const isPicture = pictures.includes(format);
    if (member) {
      const bytes = await readTarMember(path, file, member);
      return { source: bytes, name: `${name}/${member.name}`, sha256: digest(bytes), format, isPicture };
    }
    if (isPicture) {
      const bytes = await readBytes(path);
      return { source: bytes, name, sha256: digest(bytes), format, isPicture };
    }
    const hash = createHash('sha256');
    for await (const bytes of file.createReadStream({ start: 0, autoClose: false })) hash.update(bytes);
    return { source: path, name, sha256: hash.digest('hex'), format, isPicture };
  } finally {
    await file.close();
  }
}

const digest = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');
