/** Where a model is. */
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { runFiles } from '../training/runFolder.js';

/** A model's file, or the best one of a run's folder. */
export async function modelFile(path: string): Promise<string> {
  const isFolder = await stat(path).then(
    (found) => found.isDirectory(),
    () => false,
  );
  return isFolder ? join(path, runFiles.best) : path;
}
