/** What is not written over. */
import { existsSync } from 'node:fs';

/** Before any work. Throws Error where results are there already, unless they are to be replaced. */
export function checkNew(paths: readonly string[], overwrite: boolean | undefined): void {
  const there = paths.filter((path) => existsSync(path));
  if (there.length > 0 && !overwrite)
    throw new Error(`${there.join(', ')} ${there.length > 1 ? 'are' : 'is'} there already: pass --overwrite, or another --out`);
}
