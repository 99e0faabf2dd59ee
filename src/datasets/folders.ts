/** A folder with `frames/` and `audio/`: pictures and sounds that belong together have the same name. */
import { basename, join } from 'node:path';
import { kindOf, withoutExtension } from './extensions.js';
import { filesBelow, inByteOrder } from './files.js';
import { uniqueIds } from './ids.js';
import type { Pair, PairSet, Problem } from './types.js';
import { clipKey } from './vggsound.js';

/**
 * Which picture of a folder of pictures stands for its clip: the one in the middle (of n, in the order of their numbers, the
 * floor((n + 1) / 2)-th: the 125th of 250), the one whose name ends with a number, or the one of that name without extension.
 */
export type FrameChoice = 'middle' | number | string;

/** What belongs together, as paths below `frames/` and `audio/`; `name` is the sound's without extension. */
interface Clip {
  name: string;
  pictures: string[];
  sound: string;
}

/**
 * Pairs `frames/NAME.jpg` with `audio/NAME.wav`, or a folder of pictures `frames/NAME/image_050.jpg` with that sound; NAME may have folders
 * of its own, extensions are those of extensions.ts, and the two forms of VGGSound's names match each other. Pairs are in the order of
 * their names' bytes. Pictures without sound, sounds without picture, second files of a name and files that are neither are problems.
 */
export async function readFolders(root: string, { frame = 'middle' }: { frame?: FrameChoice } = {}): Promise<PairSet> {
  const [frames, audio] = await Promise.all([filesBelow(join(root, 'frames')), filesBelow(join(root, 'audio'))]);
  const problems: Problem[] = [...frames.problems, ...audio.problems];
  const problem = (path: string, reason: string) => problems.push({ file: join(root, path), reason });

  const clips = new Map<string, Clip>();
  const soundFolders = new Set<string>();
  for (const path of audio.files) {
    const name = withoutExtension(path);
    const known = clips.get(clipKey(name));
    if (kindOf(path) !== 'sound') problem(`audio/${path}`, 'not a sound by its name');
    else if (known !== undefined) problem(`audio/${path}`, `a second sound of one name: the first is ${known.sound}`);
    else clips.set(clipKey(name), { name, pictures: [], sound: path });
    soundFolders.add(folderOf(path));
  }
  const silent = new Set<string>();
  for (const path of frames.files) {
    if (kindOf(path) !== 'picture') {
      problem(`frames/${path}`, 'not a picture by its name');
      continue;
    }
    const folder = folderOf(path);
    const clip = clips.get(clipKey(withoutExtension(path))) ?? (folder === '' ? undefined : clips.get(clipKey(folder)));
    if (clip !== undefined) clip.pictures.push(path);
    // A folder of pictures that no sound could be for, file by file, is one clip and one problem.
    else if (folder === '' || soundFolders.has(folder)) problem(`frames/${path}`, 'no sound of this name in audio/');
    else silent.add(folder);
  }
  for (const folder of silent) problem(`frames/${folder}`, 'no sound of the name of this folder of pictures in audio/');

  const found: { name: string; picture: string; sound: string }[] = [];
  for (const clip of inByteOrder([...clips.values()], ({ name }) => name)) {
    const [single, ...others] = clip.pictures.filter((picture) => isSingle(clip, picture));
    for (const other of others) problem(`frames/${other}`, `a second picture of one name: the first is ${single}`);
    const picture = single ?? choose(clip.pictures, frame);
    if (clip.pictures.length === 0) problem(`audio/${clip.sound}`, 'no picture of this name in frames/');
    else if (picture === undefined)
      problem(`frames/${folderOf(clip.pictures[0]!)}`, `no picture ${JSON.stringify(frame)} in this folder`);
    else found.push({ name: single === undefined ? folderOf(picture) : withoutExtension(single), picture, sound: clip.sound });
  }
  const ids = uniqueIds(found, [({ name }) => basename(name), ({ name }) => name]);
  const pairs = found.map(
    ({ picture, sound }, i): Pair => ({
      id: ids[i]!,
      picture: { path: join(root, 'frames', picture) },
      sound: { path: join(root, 'audio', sound) },
    }),
  );
  return { name: basename(root), pairs, problems };
}

const folderOf = (path: string) => path.slice(0, Math.max(0, path.lastIndexOf('/')));

/** Whether a picture has the clip's own name; the others lie in a folder of that name. */
const isSingle = (clip: Clip, picture: string) => clipKey(withoutExtension(picture)) === clipKey(clip.name);

/** The picture of a folder that stands for its clip. */
function choose(pictures: readonly string[], frame: FrameChoice): string | undefined {
  const numbered = inByteOrder(pictures, (path) => path).map((path) => ({
    path,
    name: basename(withoutExtension(path)),
    // Names without number come first, in the order of their bytes.
    number: Number(/\d+$/.exec(withoutExtension(path))?.[0] ?? -1),
  }));
  if (frame === 'middle') return numbered.sort((a, b) => a.number - b.number)[Math.floor((numbered.length - 1) / 2)]?.path;
  return numbered.find(({ name, number }) => (typeof frame === 'number' ? number === frame : name === frame))?.path;
}
