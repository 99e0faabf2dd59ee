/** Where a model is. */
import { existsSync } from 'node:fs';
import { stat } from 'node:fs/promises';
import { basename, extname, join } from 'node:path';
import { InvalidArgumentError } from 'commander';
import { runFiles } from '../training/runFolder.js';

/** Of a model to be written. */
export function modelName(text: string): string {
  if (extname(text) !== '.safetensors' || basename(text) === '.safetensors')
    throw new InvalidArgumentError('Expected a name that ends in .safetensors.');
  return text;
}

/** A model's file, or the best one of a run's folder. Throws Error where there is neither, and for an ONNX file. */
export async function modelFile(path: string): Promise<string> {
  const found = await stat(path).catch((error: NodeJS.ErrnoException) => {
    const reason = error.code === 'ENOENT' ? 'there is no such file' : 'it cannot be read';
    throw new Error(`${path}: ${reason} (${error.code})`, { cause: error });
  });
  if (!found.isDirectory()) {
    if (!/\.onnx$/i.test(path)) return path;
    throw new Error(`${path} is an ONNX file; expected a model of "earshot train" or "earshot import" (.safetensors)`);
  }
  const best = join(path, runFiles.best);
  if (!existsSync(best)) throw new Error(`${path}: no model in it; expected what "earshot train" made (${runFiles.best})`);
  return best;
}
