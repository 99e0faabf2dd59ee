/** VGG-SS (Chen et al., Localizing Visual Sounds the Hard Way): vggss.json, 5158 clips of VGGSound. */
import { z } from 'zod';
import { readListText } from '../listText.js';
import { formatVggSound, parseVggSound } from '../vggsound.js';
import { boxProblem, boxSchema } from './boxes.js';
import { type Annotated, jsonEntries, type Wanted } from './entry.js';

const schema = z.object({
  file: z.string(),
  class: z.string().optional(),
  /** Shares of the picture's sides. */
  bbox: z.array(boxSchema).nonempty('expected a box at least'),
});

const frame = { width: 1, height: 1 };

/**
 * `[{file, class, bbox: [[x0, y0, x1, y1], ...]}]`; `file` is the clip's name in either form, and the sample's id as it is written. Twelve
 * of the published boxes end at -2.9e16: the evaluators clip to [0, 1], so these boxes are empty.
 */
export async function readVggSs(path: string): Promise<Annotated> {
  const entries = jsonEntries(path, await readListText(path), schema, ({ file, class: category, bbox }) => {
    const clip = parseVggSound(file);
    if (clip === undefined) return `not a name of a VGGSound clip: ${JSON.stringify(file)}`;
    const publishedName = formatVggSound(clip, 'milliseconds');
    const sample = { id: file, image: publishedName, publishedName, annotation: { kind: 'boxes', boxes: bbox, frame } } as const;
    return {
      sample: category === undefined ? sample : { ...sample, category },
      problem: boxProblem(bbox, frame, { clipped: true }),
      wanted: clipMedia(file),
    };
  });
  return { entries };
}

/** Where the picture and sound of a clip are looked for first. */
export const clipMedia = (picture: string, sound = picture): Wanted => ({
  picture: `frames/${picture}.jpg`,
  sound: `audio/${sound}.wav`,
});
