/** Files and folders of arrays, by their names. */
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { extname, join } from 'node:path';
import { filesBelow } from '../../datasets/files.js';
import { listSafetensors } from '../../runtime/safetensors.js';
import { openNpy } from './npy.js';
import { openNpz } from './npz.js';
import { type ArrayFile, MapFileError } from './storedArray.js';

async function openSafetensors(path: string): Promise<ArrayFile> {
  const tensors = new Map((await listSafetensors(path)).map((tensor) => [tensor.name, tensor]));
  return {
    path,
    names: [...tensors.keys()],
    array: async (name) => {
      const { stored, shape, begin, end } = tensors.get(name)!;
      const where = `${path}: ${name}`;
      if (stored !== 'F32') throw new MapFileError(`${where}: expected a tensor of type F32, it is ${stored}`);
      // A stream of no bytes cannot be asked for.
      const bytes = () => (end > begin ? createReadStream(path, { start: begin, end: end - 1 }) : (async function* () {})());
      return { where, name, shape, type: '<f4', bytes };
    },
    close: async () => {},
  };
}

/** `.npy` files below a folder, named by their paths in it without the extension. */
async function openFolder(path: string): Promise<ArrayFile> {
  const files = (await filesBelow(path)).files.filter((file) => file.endsWith('.npy'));
  if (files.length === 0) throw new MapFileError(`${path}: expected .npy files in the folder, there are none`);
  return {
    path,
    names: files.map((file) => file.slice(0, -'.npy'.length)),
    array: (name) => openNpy(join(path, `${name}.npy`), name),
    close: async () => {},
  };
}

/** Opens `.npy`, `.npz` and `.safetensors` files and folders of `.npy`. Throws MapFileError for everything else. */
export async function openArrays(path: string): Promise<ArrayFile> {
  const found = await stat(path).catch((error: NodeJS.ErrnoException) => {
    throw new MapFileError(`${path}: expected a file or folder of arrays, it cannot be read (${error.code})`, { cause: error });
  });
  if (found.isDirectory()) return openFolder(path);
  switch (extname(path).toLowerCase()) {
    case '.npy':
      return { path, names: [''], array: () => openNpy(path), close: async () => {} };
    case '.npz':
      return openNpz(path);
    case '.safetensors':
      return openSafetensors(path);
    default:
      throw new MapFileError(`${path}: expected a .npy, .npz or .safetensors file, or a folder of .npy files`);
  }
}
