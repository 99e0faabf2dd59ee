/** AVSBench (Zhou et al., Audio-Visual Segmentation), as it is downloaded: s4_meta_data.csv or ms3_meta_data.csv, frames and masks. */
import { dirname } from 'node:path';
import { csvRows } from '../csv.js';
import { readListText } from '../listText.js';
import { DatasetError } from '../types.js';
import type { Annotated, Entry, Wanted } from './entry.js';
import { pathListEntries } from './pathList.js';

type Subset = 's4' | 'ms3';

/** Frames of a video, one a second. */
const frames = 5;

/** The folders of the subsets: S4 has one for each category, and in MS3 the frames of all splits are together. */
const filesOf: { [K in Subset]: (video: string, category: string, frame: number) => Wanted & { mask: string } } = {
  s4: (video, category, frame) => ({
    picture: `visual_frames/test/${category}/${video}/${video}_${frame}.png`,
    sound: `audio_wav/test/${category}/${video}.wav`,
    mask: `gt_masks/test/${category}/${video}/${video}_${frame}.png`,
  }),
  ms3: (video, _category, frame) => ({
    picture: `visual_frames/${video}/${video}.mp4_${frame}.png`,
    sound: `audio_wav/test/${video}.wav`,
    mask: `gt_masks/test/${video}/${video}_${frame}.png`,
  }),
};

/**
 * The frames of the videos whose `split` is `test`, five each, with their masks: the video's name is in the first column, for S4 its
 * category in the third. The data folder is that of the CSV when none is given. A JSON list of the same frames is read as `readPathList` does.
 * Throws DatasetError for a CSV without such columns or test videos.
 */
export async function readAvsBench(subset: Subset, path: string): Promise<Annotated> {
  const text = await readListText(path);
  if (/^\s*[[{]/.test(text)) return { entries: pathListEntries(subset, path, text) };
  const entries: Entry[] = [];
  try {
    const [header, ...rows] = [...csvRows(text, ',')];
    const split = header?.fields.findIndex((name) => name.trim().toLowerCase() === 'split') ?? -1;
    if (split < 0)
      throw new DatasetError(path, `expected a CSV with a column "split", or JSON, got ${JSON.stringify(text.slice(0, 60))}`);
    for (const { line, fields } of rows) {
      if (fields[split]?.trim() !== 'test') continue;
      const [video, , third] = fields.map((field) => field.trim());
      for (let n = 1; n <= frames; n++) entries.push(frameOf(subset, `${path}, line ${line}`, video!, third ?? '', n));
    }
  } catch (error) {
    throw error instanceof SyntaxError ? new DatasetError(path, error.message) : error;
  }
  if (entries.length === 0) throw new DatasetError(path, 'no row of it has the split "test"');
  return { entries, data: dirname(path) };
}

function frameOf(subset: Subset, at: string, video: string, category: string, n: number): Entry {
  const wanted = filesOf[subset](video, category, n);
  const publishedName = subset === 's4' ? `${category}/${video}/${video}_${n}` : `${video}/${video}.mp4_${n}`;
  return {
    file: `${at}: ${publishedName}`,
    sample: {
      id: publishedName,
      image: publishedName,
      publishedName,
      ...(subset === 's4' && { category }),
      annotation: { kind: 'mask', path: wanted.mask },
    },
    wanted,
  };
}
