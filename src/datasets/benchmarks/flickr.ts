/** Flickr-SoundNet (Senocak et al., Learning to Localize Sound Source in Visual Scenes): a folder of XML files, one a clip. */
import { basename, extname, join } from 'node:path';
import type { Box } from '../../features/spec.js';
import { filesBelow } from '../files.js';
import { readListText } from '../listText.js';
import { DatasetError } from '../types.js';
import { boxProblem } from './boxes.js';
import type { Annotated, BadEntry, Entry } from './entry.js';
import { clipMedia } from './vggSs.js';
import { parseXml } from './xml.js';

const frame = { width: 256, height: 256 };
/** Characters; three annotators take less than one thousand. */
const longest = 2 ** 20;

/**
 * ID.xml has, below an element for each annotator, elements `bbox` of five: one that is passed over, then xmin, ymin, xmax and ymax, whole
 * pixels of a picture of 256 x 256. Other elements are not looked at. Throws DatasetError when the folder has no XML files.
 */
export async function readFlickr(folder: string): Promise<Annotated> {
  const { files } = await filesBelow(folder);
  const annotations = files.filter((file) => extname(file).toLowerCase() === '.xml');
  if (annotations.length === 0)
    throw new DatasetError(folder, 'expected a folder of XML files, one a clip; there are none in it');
  const entries: (Entry | BadEntry)[] = [];
  for (const file of annotations) entries.push(await readClip(join(folder, file)));
  return { entries };
}

async function readClip(file: string): Promise<Entry> {
  const id = basename(file, extname(file));
  const boxes = await boxesIn(file).catch((error: Error) => {
    if (error instanceof SyntaxError) return `not valid XML: ${error.message}`;
    if (error instanceof DatasetError) return error.message.slice(file.length + 2);
    throw error;
  });
  const problem = typeof boxes === 'string' ? boxes : boxProblem(boxes, frame);
  const annotation = { kind: 'boxes', boxes: typeof boxes === 'string' ? [] : boxes, frame } as const;
  return { file, sample: { id, image: id, publishedName: id, annotation }, problem, wanted: clipMedia(id) };
}

/** The boxes of all annotators, or what is wrong with them. */
async function boxesIn(file: string): Promise<Box[] | string> {
  const text = await readListText(file);
  if (text.length > longest) return `too long for the annotation of a clip: ${text.length} characters`;
  const elements = parseXml(text).children.flatMap(({ children }) => children.filter(({ tag }) => tag === 'bbox'));
  const boxes: Box[] = [];
  for (const { children } of elements) {
    const [x0, y0, x1, y1, ...others] = children
      .slice(1)
      .map((child) => (/^\s*[+-]?\d{1,9}\s*$/.test(child.text) ? Number(child.text) : Number.NaN));
    if (!(x0! + y0! + x1! + y1! < Number.POSITIVE_INFINITY) || others.length > 0)
      return `a bbox of another kind: expected five elements, the last four whole numbers, got ${JSON.stringify(children.map((child) => child.text.trim()))}`;
    boxes.push([x0!, y0!, x1!, y1!]);
  }
  return boxes.length > 0 ? boxes : 'no bbox in it: expected one at least';
}
