/** Ids of pairs: as short as they can be, and unique in their set. */

/**
 * Names every item by the first of `forms` that gives no two of them the same name: all names of a set have one form. The last form must
 * tell all items apart (Error otherwise).
 */
export function uniqueIds<T>(items: readonly T[], forms: readonly ((item: T) => string)[]): string[] {
  for (const form of forms) {
    const ids = items.map(form);
    if (new Set(ids).size === ids.length) return ids;
  }
  throw new Error('uniqueIds: the last form of names does not tell all items apart');
}

/** The folder that all paths (forward slashes) have in common, with its slash; '' when there is none. */
export function commonFolder(paths: readonly string[]): string {
  let common = paths[0]?.slice(0, paths[0].lastIndexOf('/') + 1) ?? '';
  for (const path of paths)
    while (!path.startsWith(common)) common = common.slice(0, common.lastIndexOf('/', common.length - 2) + 1);
  return common;
}
