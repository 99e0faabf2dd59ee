/**
 * The lists that the authors of IS3 evaluate with (kaistmm/SSLalignment): `[{image, audio, gt_box}]` for IS3, AVSBench and VPO, with paths
 * of their machine. A box is in units of 224 pixels a side; in the lists `*_seg.json` the path of a mask takes its place.
 */
import { stat } from 'node:fs/promises';
import { dirname, join, posix, resolve } from 'node:path';
import { z } from 'zod';
import { withoutExtension } from '../extensions.js';
import { readListText } from '../listText.js';
import { boxProblem, boxSchema } from './boxes.js';
import { type Annotated, type BadEntry, type Entry, jsonEntries } from './entry.js';
import type { Annotation } from './types.js';

export type PathListName = 'is3' | 's4' | 'ms3' | 'vpo-ss' | 'vpo-ms';

/** What names say about a sample; a text when they are not of the data set's form. */
type Names = { publishedName: string; image: string; category?: string } | string;

/** How each data set calls its pictures. The published name is that of the evaluator: the last parts of the path, without extension. */
const namesOf: { [K in PathListName]: (path: string) => Names } = {
  // Two categories and, for most, a number; then the one that sounds, which may be called by a wider word (`owl`, then `bird`).
  is3: (path) => {
    const publishedName = posix.basename(path);
    const [, image, category] = /^([^_]+_[^_]+(?:_[^_]+)*)_([^_]+)$/.exec(publishedName) ?? [];
    if (image === undefined || category === undefined) return expected('CATEGORY_CATEGORY_NUMBER_TARGET', publishedName);
    return { publishedName, image, category };
  },
  s4: (path) => {
    const [category, video, frame] = path.split('/').slice(-3);
    if (frame === undefined) return expected('CATEGORY/VIDEO/VIDEO_NUMBER', path);
    const publishedName = `${category}/${video}/${frame}`;
    return { publishedName, image: publishedName, category };
  },
  ms3: (path) => {
    const [video, frame] = path.split('/').slice(-2);
    if (frame === undefined) return expected('VIDEO/VIDEO.mp4_NUMBER', path);
    return { publishedName: `${video}/${frame}`, image: `${video}/${frame}` };
  },
  'vpo-ss': coco,
  'vpo-ms': coco,
};

/** The picture's number in COCO, and the object's. */
function coco(path: string): Names {
  const publishedName = posix.basename(path);
  const [, image] = /^(\d+)_\d+$/.exec(publishedName) ?? [];
  return image === undefined ? expected('PICTURE_OBJECT, two numbers', publishedName) : { publishedName, image };
}

const expected = (form: string, name: string) =>
  `a picture's name of another form: expected ${form}, got ${JSON.stringify(name)}`;

const truthSchema = z.union([boxSchema, z.string()], 'expected [x0, y0, x1, y1] or the path of a mask').optional();

const schema = z.object({
  image: z.string(),
  /** Named as the picture when not given. */
  audio: z.string().optional(),
  gt_box: truthSchema,
  bbox: truthSchema,
  category: z.string().optional(),
});

const frame = { width: 224, height: 224 };

/** Reads a list of one of the data sets. The sample's id is its published name. Masks are next to the list when no data folder is given. */
export async function readPathList(name: PathListName, path: string): Promise<Annotated> {
  return { entries: pathListEntries(name, path, await readListText(path)) };
}

export function pathListEntries(name: PathListName, path: string, text: string): (Entry | BadEntry)[] {
  return jsonEntries(path, text, schema, ({ image, audio = image, gt_box, bbox, category }) => {
    const names = namesOf[name](withoutExtension(image));
    if (typeof names === 'string') return names;
    const truth = gt_box ?? bbox;
    if (truth === undefined) return `neither a gt_box nor a bbox: ${names.publishedName}`;
    const annotation: Annotation =
      typeof truth === 'string'
        ? { kind: 'mask', path: resolve(dirname(path), truth) }
        : { kind: 'boxes', boxes: [truth], frame };
    return {
      sample: { id: names.publishedName, ...names, ...(category !== undefined && { category }), annotation },
      problem: annotation.kind === 'boxes' ? boxProblem(annotation.boxes, frame) : undefined,
      wanted: { picture: image, sound: audio, ...(typeof truth === 'string' && { mask: truth }) },
    };
  });
}

/** A list of IS3, or the folder of the download: IS3_annotation.json, with images/, audio_waw/ and gt_segmentation/ beside it. */
export async function readIs3(path: string): Promise<Annotated> {
  const isFolder = (await stat(path).catch(() => undefined))?.isDirectory() ?? false;
  if (!isFolder) return readPathList('is3', path);
  return { ...(await readPathList('is3', join(path, 'IS3_annotation.json'))), data: path };
}
