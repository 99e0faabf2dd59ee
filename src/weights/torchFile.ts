/** Files of torch.save, whatever its version: the archive of today, and the two forms before it. */
import { open } from 'node:fs/promises';
import { isSequence, openSequence } from './formerSequence.js';
import { isTar, openTar } from './formerTar.js';
import { PickleError, type Storage } from './pickleValues.js';
import { openArchive } from './torchArchive.js';
import { type OpenForm, readPart, type TorchFile } from './torchForm.js';

/** A checkpoint that cannot be read or imported: the message names the file. */
export class CheckpointError extends Error {
  override name = 'CheckpointError';
}

export interface OpenTorchFile extends TorchFile {
  path: string;
  close: () => Promise<void>;
}

/** Bytes of the beginning by which a form is known. */
const headBytes = 512;

const isArchive = (head: Uint8Array): boolean => head[0] === 0x50 && head[1] === 0x4b;

function formOf(head: Uint8Array): OpenForm {
  if (isArchive(head)) return openArchive;
  if (isSequence(head)) return openSequence;
  if (isTar(head)) return openTar;
  throw new PickleError('it is no file of torch.save, neither of today nor of the forms before; is it a complete download?');
}

/**
 * Opens a file that torch.save wrote; nothing of it is run. Throws CheckpointError for another file, a damaged one, and one that holds more than
 * weights and plain data, or that cannot be read.
 */
export async function openTorchFile(path: string): Promise<OpenTorchFile> {
  const named = (error: unknown): unknown =>
    error instanceof PickleError ? new CheckpointError(`${path}: ${error.message}`, { cause: error }) : error;
  const file = await open(path, 'r').catch((error: NodeJS.ErrnoException) => {
    const reason = error.code === 'ENOENT' ? 'there is no such file' : `it cannot be opened (${error.code})`;
    throw new CheckpointError(`${path}: ${reason}`, { cause: error });
  });
  try {
    const stat = await file.stat();
    if (!stat.isFile()) throw new PickleError('expected a checkpoint, this is no file');
    if (stat.size === 0) throw new PickleError('the file is empty');
    const head = await readPart(file, 0, Math.min(headBytes, stat.size));
    const opened = await formOf(head)(path, file, stat.size);
    return {
      path,
      value: opened.value,
      read: (storage: Storage) =>
        opened.read(storage).catch((error: unknown) => {
          throw named(error);
        }),
      close: async () => {
        opened.close?.();
        await file.close();
      },
    };
  } catch (error) {
    await file.close();
    throw named(error);
  }
}
