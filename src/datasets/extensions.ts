/** What file names promise: the content decides later, but only these are looked for in folders and shards. */
import { posix } from 'node:path';

export const pictureExtensions = ['jpg', 'jpeg', 'png', 'webp', 'avif', 'gif'] as const;
export const soundExtensions = ['wav', 'flac', 'mp3', 'ogg', 'opus', 'm4a'] as const;
export const videoExtensions = ['mp4', 'm4v', 'mov', 'webm', 'mkv', 'avi', 'mpg', 'mpeg', 'flv', 'wmv', '3gp', 'ogv'] as const;

const kinds = new Map<string, 'picture' | 'sound' | 'video'>([
  ...pictureExtensions.map((extension) => [extension, 'picture'] as const),
  ...soundExtensions.map((extension) => [extension, 'sound'] as const),
  ...videoExtensions.map((extension) => [extension, 'video'] as const),
]);

/** What a file is by its name (upper or lower case); undefined for everything else. */
export const kindOf = (path: string): 'picture' | 'sound' | 'video' | undefined =>
  kinds.get(posix.extname(path).slice(1).toLowerCase());

/** A path without its extension, with forward slashes: `a/b.c.jpg` -> `a/b.c`. */
export const withoutExtension = (path: string): string => path.slice(0, path.length - posix.extname(path).length);
