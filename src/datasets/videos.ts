/** A folder of videos: every one is a pair of one of its frames and its sound. */
import { basename, join } from 'node:path';
import { kindOf, withoutExtension } from './extensions.js';
import { filesBelow } from './files.js';
import { uniqueIds } from './ids.js';
import type { MediaRef, Pair, PairSet, Problem } from './types.js';
import { annotatedFrameSeconds, clipKey, parseVggSound } from './vggsound.js';

/**
 * The videos below a folder, in the order of their names' bytes; other files are passed over. The picture is the frame that VGG-SS
 * annotates when the name is one of VGGSound's, otherwise the one in the middle. Second videos of a name are problems.
 */
export async function readVideos(root: string): Promise<PairSet> {
  const { files, problems: found } = await filesBelow(root);
  const problems: Problem[] = [...found];
  const first = new Map<string, string>();
  for (const path of files) {
    if (kindOf(path) !== 'video') continue;
    const key = clipKey(withoutExtension(path));
    const known = first.get(key);
    if (known === undefined) first.set(key, path);
    else problems.push({ file: join(root, path), reason: `a second video of one name: the first is ${known}` });
  }
  const videos = [...first.values()];
  const ids = uniqueIds(videos, [(path) => basename(withoutExtension(path)), withoutExtension]);
  const pairs = videos.map(
    (path, i): Pair => ({ id: ids[i]!, picture: frameOf(join(root, path)), sound: { path: join(root, path) } }),
  );
  return { name: basename(root), pairs, problems };
}

/** The frame that stands for a whole video: `seconds` is not given for the one in the middle, which only the opened video knows. */
export function frameOf(path: string): MediaRef {
  const isVggSound = parseVggSound(withoutExtension(basename(path))) !== undefined;
  return isVggSound ? { path, seconds: annotatedFrameSeconds } : { path };
}
