/** Finds the pictures, sounds and masks of a benchmark in a folder, whatever its own folders are called. */
import { join, posix, sep } from 'node:path';
import { kindOf, withoutExtension } from '../extensions.js';
import { filesBelow } from '../files.js';
import { clipKey } from '../vggsound.js';

export type Role = 'picture' | 'sound' | 'mask';

/** Masks are pictures of the same names in folders of their own: gt_masks, gray_masks, gt_segmentation. */
const maskFolder = /mask|seg/i;
/** Of a folder of frames the one that VGG-SS annotates, at ten frames a second. */
const annotatedFrame = 'image_050';

export class MediaBelow {
  readonly #folder: string;
  /** Files, and folders with the annotated frame, by their names without extension as `clipKey` has them. */
  readonly #files = new Map<string, string[]>();
  readonly #clipFolders = new Map<string, string[]>();
  /** What could not be looked at. */
  readonly #unread: string;

  private constructor(folder: string, files: readonly string[], unread: string) {
    this.#folder = folder;
    this.#unread = unread;
    for (const file of files) {
      const stem = withoutExtension(posix.basename(file));
      add(this.#files, clipKey(stem), file);
      if (stem === annotatedFrame) add(this.#clipFolders, clipKey(posix.basename(posix.dirname(file))), file);
    }
  }

  /** Lists the files below a folder. Throws DatasetError when it cannot be read. */
  static async list(folder: string): Promise<MediaBelow> {
    const { files, problems } = await filesBelow(folder);
    const [first] = problems;
    return new MediaBelow(folder, files, first === undefined ? '' : ` (nor could be read: ${first.file}, ${first.reason})`);
  }

  /**
   * The file that ends as `wanted` does: of those with its name without extension (the two forms of VGGSound's names are one) that whose
   * folders agree with it the furthest back; for a picture also `NAME/image_050.jpg`. A reason when there is none, or two are equally
   * near.
   */
  find(wanted: string, role: Role): string | { reason: string } {
    const key = clipKey(withoutExtension(posix.basename(wanted)));
    let near = (this.#files.get(key) ?? []).filter((file) => roleOf(file) === role);
    if (near.length === 0) near = (this.#clipFolders.get(key) ?? []).filter((file) => roleOf(file) === role);
    const agreement = near.map((file) => this.#agreement(file, wanted));
    const most = Math.max(...agreement);
    const [best, second] = near.filter((_, i) => agreement[i] === most);
    if (best === undefined) return { reason: `no ${role} of this name in ${this.#folder}${this.#unread}: ${wanted}` };
    if (second !== undefined) return { reason: `two files could be the ${role}: ${best} and ${second} in ${this.#folder}` };
    return join(this.#folder, best);
  }

  /** Folders that the ends of both paths have in common, and a half for the same extension. */
  #agreement(file: string, wanted: string): number {
    const folders = (path: string) => posix.dirname(path).split('/').reverse();
    const [here, there] = [folders(`${this.#folder.split(sep).join('/')}/${file}`), folders(wanted)];
    const common = here.findIndex((name, i) => name !== there[i]);
    return (common < 0 ? here.length : common) + (posix.extname(file) === posix.extname(wanted) ? 0.5 : 0);
  }
}

function add(map: Map<string, string[]>, key: string, file: string): void {
  const others = map.get(key);
  if (others === undefined) map.set(key, [file]);
  else others.push(file);
}

function roleOf(file: string): Role | undefined {
  const kind = kindOf(file);
  if (kind === 'picture')
    return posix
      .dirname(file)
      .split('/')
      .some((name) => maskFolder.test(name))
      ? 'mask'
      : 'picture';
  return kind === 'sound' ? 'sound' : undefined;
}
