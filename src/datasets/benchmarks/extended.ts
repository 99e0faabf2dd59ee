/** What the extended sets (Mo and Morgado, A Closer Look at Weakly-Supervised Audio-Visual Source Localization) add to the normal ones. */
import { csvRows } from '../csv.js';
import { readListText } from '../listText.js';
import { DatasetError } from '../types.js';
import { formatVggSound, parseVggSound } from '../vggsound.js';
import type { BadEntry, Entry } from './entry.js';
import { clipMedia } from './vggSs.js';

const columns = ['video', 'audio', 'label'];

/**
 * The rows `video,audio,non-sounding` of a CSV with that header: the picture of one clip with the sound of another, or of one in which
 * nothing that sounds is to be seen. Their ids are VIDEO+AUDIO. Rows with the label `sounding` are passed over: those samples are
 * annotated; other labels are bad entries. Throws DatasetError for another table.
 */
export async function readNonSounding(path: string): Promise<(Entry | BadEntry)[]> {
  const text = await readListText(path);
  try {
    const [header, ...rows] = [...csvRows(text, ',')];
    if (header?.fields.map((name) => name.trim().toLowerCase()).join() !== columns.join())
      throw new DatasetError(path, `expected a CSV with the columns ${columns.join()}, got ${JSON.stringify(text.slice(0, 60))}`);
    return rows.flatMap(({ line, fields }): (Entry | BadEntry)[] => {
      const [video = '', audio = '', label = ''] = fields.map((field) => field.trim());
      const file = `${path}, line ${line}`;
      if (label === 'sounding') return [];
      if (label !== 'non-sounding' || video === '' || audio === '')
        return [{ file, problem: `expected video,audio,non-sounding: got ${JSON.stringify(fields.join())}` }];
      const id = `${video}+${audio}`;
      const clip = parseVggSound(video);
      const image = clip === undefined ? video : formatVggSound(clip, 'milliseconds');
      return [
        {
          file: `${file}: ${id}`,
          sample: { id, image, publishedName: image, annotation: { kind: 'nonSounding' } },
          wanted: clipMedia(video, audio),
        },
      ];
    });
  } catch (error) {
    throw error instanceof SyntaxError ? new DatasetError(path, error.message) : error;
  }
}
