/** Which file it was that something was made of. */
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';

/** Of a file: bytes `start` to `end`, both included; all when not given. */
interface Part {
  start?: number;
  end?: number;
  signal?: AbortSignal;
}

/** SHA-256 of a file's bytes, 64 hexadecimal digits. Throws the system's error when it cannot be read, and the signal's reason. */
export async function hashOfFile(path: string, { signal, ...range }: Part = {}): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(path, range)) {
    signal?.throwIfAborted();
    hash.update(chunk);
  }
  return hash.digest('hex');
}
