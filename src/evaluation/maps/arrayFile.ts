/** Files and folders of arrays, by their names. */
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { extname, join } from 'node:path';
import { filesBelow } from '../../datasets/files.js';
import { listSafetensors } from '../../runtime/safetensors.js';
import { openNpy } from './npy.js';
import { openNpz } from './npz.js';
import { type ArrayFile, type ElementType, MapFileError } from './storedArray.js';

/** Types of safetensors by their names there. */
const elementTypes: Readonly<Record<string, ElementType>> = { F16: '<f2', F32: '<f4', F64: '<f8', I32: '<i4', U8: '|u1' };

async function openSafetensors(path: string): Promise<ArrayFile> {
  const tensors = new Map((await listSafetensors(path)).map((tensor) => [tensor.name, tensor]));
  return {
    path,
    names: [...tensors.keys()],
    array: async (name) => {
      const { stored, shape, begin, end } = tensors.get(name)!;
      const where = `${path}: ${name}`;
      const type = elementTypes[stored];
      if (!type)
        throw new MapFileError(
          `${where}: elements of type ${stored} cannot be read, only ${Object.keys(elementTypes).join(', ')}; save it as float32`,
        );
      // A stream of no bytes cannot be asked for.
      const bytes = () => (end > begin ? createReadStream(path, { start: begin, end: end - 1 }) : (async function* () {})());
      return { where, name, shape, type, bytes };
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
